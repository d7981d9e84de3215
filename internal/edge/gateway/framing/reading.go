package framing

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// Field is one field of a head: the name as it came, and the value without the blanks around it.
type Field struct{ Name, Value string }

// Reading is the one reading of a head that passes. Its parts are pieces of the string that was read.
type Reading struct {
	Method, Target string
	HTTP10         bool    // else HTTP/1.1
	Fields         []Field // in their order
	Length         int64   // of the body, unless that is chunked
	Chunked        bool
}

// HeadEnd looks for the end of the head in b, of which the first from bytes were looked at before
// without finding it. It gives the length of the head, empty line included, and 0 while more is needed.
//
// It goes eight bytes at a time: most bytes of a head are neither line ends nor faults.
func HeadEnd(b []byte, from int) (int, Fault) {
	most := min(len(b), MaxHead)
	for i := max(0, from-1); i < most; i++ { // the last byte that was looked at may be the CR of a CR LF
		if i = nextMark(b[:most], i); i == most {
			break
		}
		switch c := b[i]; {
		case c == '\t':
		case c == '\r':
			if i+1 < most && b[i+1] != '\n' {
				return 0, LineEnds
			}
		case c == '\n':
			if i == 0 || b[i-1] != '\r' {
				return 0, LineEnds
			}
			if i >= 3 && b[i-2] == '\n' {
				return i + 1, 0
			}
		default:
			return 0, ControlByte
		}
	}
	if len(b) > MaxHead {
		return 0, TooLong
	}
	return 0, 0
}

// nextMark is where the first control character stands in b from i on, and len(b) when none does.
func nextMark(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		eight := binary.LittleEndian.Uint64(b[i:])
		deleted := eight ^ 0x7f*ones
		// A byte's high bit is set when it is less than what is taken away from it. The borrow of one
		// that is may set others, but only behind it.
		if marks := ((eight - ' '*ones) &^ eight & highs) | ((deleted - ones) &^ deleted & highs); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] < ' ' || b[i] == 0x7f {
			return i
		}
	}
	return i
}

// ReadHead reads a head of which [HeadEnd] found the end. The fields are appended to room, which may
// have been used before.
func ReadHead(head string, room []Field) (Reading, Fault) {
	line, rest, _ := strings.Cut(head, "\r\n")
	r, fault := requestLine(line)
	if fault != 0 {
		return Reading{}, fault
	}
	r.Fields = room
	var found fields
	for rest != "\r\n" {
		if rest[0] == ' ' || rest[0] == '\t' {
			return Reading{}, Folded
		}
		end := strings.IndexByte(rest, '\r')
		f, ok := readField(rest[:end])
		if !ok {
			return Reading{}, HeaderLine
		}
		found.note(f)
		r.Fields = append(r.Fields, f)
		rest = rest[end+len("\r\n"):]
	}
	body, fault := found.length(r.HTTP10)
	r.Length, r.Chunked = body.fixed, body.chunked
	return r, fault
}

func requestLine(line string) (Reading, Fault) {
	method, rest, _ := strings.Cut(line, " ")
	target, version, found := strings.Cut(rest, " ")
	if method == "" || !found || strings.IndexByte(version, ' ') >= 0 {
		return Reading{}, RequestLine
	}
	for i := range len(method) {
		if method[i] < 'A' || method[i] > 'Z' {
			return Reading{}, RequestLine
		}
	}
	for i := range len(target) {
		if target[i] <= ' ' || target[i] > '~' {
			return Reading{}, RequestLine
		}
	}
	switch {
	case version != "HTTP/1.1" && version != "HTTP/1.0":
		return Reading{}, Version
	case target != "*" && !strings.HasPrefix(target, "/"):
		return Reading{}, Form
	case strings.IndexByte(target, '%') >= 0 && hasBrokenEscape([]byte(target)):
		return Reading{}, Escape
	}
	return Reading{Method: method, Target: target, HTTP10: version == "HTTP/1.0"}, 0
}

// readField reads a line.
func readField(line string) (Field, bool) {
	colon := strings.IndexByte(line, ':')
	if colon < 0 || !isName(line[:colon]) {
		return Field{}, false
	}
	value := line[colon+1:]
	for len(value) > 0 && (value[0] == ' ' || value[0] == '\t') {
		value = value[1:]
	}
	for len(value) > 0 && (value[len(value)-1] == ' ' || value[len(value)-1] == '\t') {
		value = value[:len(value)-1]
	}
	return Field{line[:colon], value}, true
}

// isName is isToken, at the pace of names that are letters and hyphens.
func isName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-':
		default:
			if !isToken([]byte(s[i : i+1])) {
				return false
			}
		}
	}
	return s != ""
}

// note keeps what decides where the request ends and whom it is for.
func (f *fields) note(of Field) {
	switch len(of.Name) { // few names have one of these lengths
	case len("host"), len("expect"), len("trailer"), len("content-length"), len("transfer-encoding"):
		if kept := f.of([]byte(of.Name)); kept != nil {
			kept.times++
			kept.value = []byte(of.Value)
		}
	}
}
