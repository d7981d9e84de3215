package framing

import "bytes"

// MaxHead is the longest head of a request that passes, in bytes: request line, headers and the
// empty line.
const MaxHead = 32 << 10

// length says how the body after a head is delimited. The zero length is no body.
type length struct {
	fixed   int64 // bytes, unless chunked
	chunked bool
}

// readHead checks a whole head, line ends included, and says what follows it. It makes no garbage:
// it is done for every request.
func readHead(head []byte) (length, Fault) {
	line, rest := cutLine(head)
	http10, fault := readRequestLine(line)
	if fault != 0 {
		return length{}, fault
	}
	var f fields
	for {
		line, rest = cutLine(rest)
		if len(rest) == 0 { // the empty line
			return f.length(http10)
		}
		if fault := f.add(line); fault != 0 {
			return length{}, fault
		}
	}
}

// cutLine cuts after a line, which is there and ends in CR LF.
func cutLine(b []byte) (line, rest []byte) {
	end := bytes.IndexByte(b, '\n')
	return b[:end-1], b[end+1:]
}

func readRequestLine(line []byte) (http10 bool, fault Fault) {
	one, other := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	if one <= 0 || one == other || bytes.IndexByte(line[one+1:other], ' ') >= 0 {
		return false, RequestLine
	}
	method, target, version := line[:one], line[one+1:other], line[other+1:]
	for _, c := range method {
		if c < 'A' || c > 'Z' {
			return false, RequestLine
		}
	}
	for _, c := range target {
		if c <= ' ' || c > '~' {
			return false, RequestLine
		}
	}
	switch {
	case string(version) != "HTTP/1.1" && string(version) != "HTTP/1.0":
		return false, Version
	case string(target) != "*" && (len(target) == 0 || target[0] != '/'):
		return false, Form
	case hasBrokenEscape(target):
		return false, Escape
	}
	return string(version) == "HTTP/1.0", 0
}

// hasBrokenEscape looks at the path alone: the server would refuse it in words of its own.
func hasBrokenEscape(target []byte) bool {
	path, _, _ := bytes.Cut(target, []byte{'?'})
	for {
		escape := bytes.IndexByte(path, '%')
		switch {
		case escape < 0:
			return false
		case len(path) < escape+3 || !isHex(path[escape+1]) || !isHex(path[escape+2]):
			return true
		}
		path = path[escape+3:]
	}
}
