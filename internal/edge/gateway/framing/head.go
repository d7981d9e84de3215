package framing

import (
	"bytes"
	"strconv"
	"strings"
)

// MaxHead is the longest head of a request that passes, in bytes: request line, headers and the
// empty line.
const MaxHead = 32 << 10

// length says how the body after a head is delimited. The zero length is no body.
type length struct {
	fixed   int64 // bytes, unless chunked
	chunked bool
}

// headEnd looks for the end of the head in b, of which the first from bytes were looked at before
// without finding it. It gives the length of the head, 0 while more is needed.
func headEnd(b []byte, from int) (int, Fault) {
	for i := from; i < len(b); i++ {
		switch c := b[i]; {
		case i >= MaxHead:
			return 0, TooLong
		case c == '\n':
			if i == 0 || b[i-1] != '\r' {
				return 0, LineEnds
			}
			if i >= 3 && b[i-2] == '\n' {
				return i + 1, 0
			}
		case i > 0 && b[i-1] == '\r':
			return 0, LineEnds
		case (c < ' ' && c != '\t' && c != '\r') || c == 0x7f:
			return 0, ControlByte
		}
	}
	return 0, 0
}

// readHead checks a whole head, line ends included, and says what follows it.
func readHead(head []byte) (length, Fault) {
	lines := bytes.Split(bytes.TrimSuffix(head, []byte("\r\n\r\n")), []byte("\r\n"))
	http10, fault := readRequestLine(string(lines[0]))
	if fault != 0 {
		return length{}, fault
	}
	var f fields
	for _, line := range lines[1:] {
		if fault := f.add(line); fault != 0 {
			return length{}, fault
		}
	}
	return f.length(http10)
}

func readRequestLine(line string) (http10 bool, fault Fault) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || parts[0] == "" || strings.Trim(parts[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return false, RequestLine
	}
	target, version := parts[1], parts[2]
	for i := range len(target) {
		if target[i] <= ' ' || target[i] > '~' {
			return false, RequestLine
		}
	}
	switch {
	case version != "HTTP/1.1" && version != "HTTP/1.0":
		return false, Version
	case target != "*" && !strings.HasPrefix(target, "/"):
		return false, Form
	case hasBrokenEscape(target):
		return false, Escape
	}
	return version == "HTTP/1.0", 0
}

// hasBrokenEscape looks at the path alone: the server would refuse it in words of its own.
func hasBrokenEscape(target string) bool {
	path, _, _ := strings.Cut(target, "?")
	for {
		_, rest, found := strings.Cut(path, "%")
		if !found {
			return false
		}
		if len(rest) < 2 {
			return true
		}
		if _, err := strconv.ParseUint(rest[:2], 16, 8); err != nil {
			return true
		}
		path = rest[2:]
	}
}

// fields collects what decides where a request ends and whom it is for.
type fields struct {
	host, lengths, encodings, expectations, trailers []string
}

func (f *fields) add(line []byte) Fault {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return Folded
	}
	name, value, found := strings.Cut(string(line), ":")
	if !found || !isToken(name) {
		return HeaderLine
	}
	value = strings.Trim(value, " \t")
	switch strings.ToLower(name) {
	case "host":
		f.host = append(f.host, value)
	case "content-length":
		f.lengths = append(f.lengths, value)
	case "transfer-encoding":
		f.encodings = append(f.encodings, value)
	case "expect":
		f.expectations = append(f.expectations, value)
	case "trailer":
		f.trailers = append(f.trailers, value)
	}
	return 0
}

func (f *fields) length(http10 bool) (length, Fault) {
	switch {
	case len(f.host) != 1 || !isHost(f.host[0]):
		return length{}, HostField
	case len(f.lengths) > 0 && len(f.encodings) > 0:
		return length{}, BothLengths
	case len(f.expectations) > 1 || len(f.expectations) == 1 && !strings.EqualFold(f.expectations[0], "100-continue"):
		return length{}, Expectation
	case len(f.trailers) > 0:
		return length{}, Trailers
	case len(f.encodings) > 0:
		if http10 || len(f.encodings) > 1 || !strings.EqualFold(f.encodings[0], "chunked") {
			return length{}, TransferEncoding
		}
		return length{chunked: true}, 0
	case len(f.lengths) == 0:
		return length{}, 0
	case len(f.lengths) > 1 || !isPlainNumber(f.lengths[0]):
		return length{}, ContentLength
	}
	n, err := strconv.ParseInt(f.lengths[0], 10, 64)
	if err != nil {
		return length{}, ContentLength
	}
	return length{fixed: n}, 0
}

// isPlainNumber wants digits only, without zeros in front: no sign, list, space or octal.
func isPlainNumber(s string) bool {
	return s == "0" || s != "" && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// isToken tells a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	}) < 0
}

// isHost tells a name or address with an optional port. The underscore is for names of
// containers.
func isHost(s string) bool {
	if strings.HasPrefix(s, "[") {
		address, port, found := strings.Cut(s[1:], "]")
		return found && address != "" && strings.Trim(address, "0123456789abcdefABCDEF:.") == "" && (port == "" || isPort(port))
	}
	name, port, found := strings.Cut(s, ":")
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == "" &&
		(!found || isPort(":"+port))
}

func isPort(s string) bool {
	return len(s) >= 2 && len(s) <= 6 && s[0] == ':' && strings.Trim(s[1:], "0123456789") == ""
}
