package hop

import (
	"bytes"

	"golang.org/x/net/http/httpguts"
)

// Bounds of what stands between chunks.
const (
	maxSizeDigits = 15
	maxLine       = 1 << 10
	maxTrailer    = maxHead
)

// chunks follows a body in chunks. Its zero value stands before the first.
type chunks struct {
	at      place
	left    int64 // of a chunk's data
	trailer int   // bytes of trailers so far
}

type place uint8

const (
	atSize    place = iota // before the line that gives the size of a chunk
	atData                 // in its data
	atDataEnd              // before the line end behind that
	atTrailer              // before a line of the trailers, or the one that ends the body
	atEnd
)

// decode takes what it can of src, and puts the data in it into dst, which has room for it. It stops
// at the end of the body, and before a line of which the end is not there. dst may begin where src
// does. Extensions and trailers are dropped.
func (c *chunks) decode(dst, src []byte) (wrote, read int, err error) {
	for c.at != atEnd {
		if c.at == atData {
			n := copy(dst[wrote:], src[read:min(int64(len(src)), int64(read)+c.left)])
			wrote, read = wrote+n, read+n
			if c.left -= int64(n); c.left > 0 {
				return wrote, read, nil
			}
			c.at = atDataEnd
		}
		end := bytes.IndexByte(src[read:], '\n')
		if end < 0 {
			if len(src)-read > maxLine {
				return wrote, read, malformed("a line between chunks is too long")
			}
			return wrote, read, nil
		}
		line := src[read : read+end]
		if end == 0 || end > maxLine || bytes.IndexByte(line, '\r') != end-1 {
			return wrote, read, malformed("a line between chunks does not end in CR LF, or is too long")
		}
		read += end + 1
		if err := c.line(line[:end-1]); err != nil {
			return wrote, read, err
		}
	}
	return wrote, read, nil
}

// line reads a line between chunks.
func (c *chunks) line(line []byte) error {
	switch c.at {
	case atSize:
		size, ok := chunkSize(line)
		if !ok {
			return malformed("the size of a chunk")
		}
		if c.left, c.at = size, atData; size == 0 {
			c.at = atTrailer
		}
	case atDataEnd:
		if len(line) > 0 {
			return malformed("a chunk does not end where it says")
		}
		c.at = atSize
	default:
		if len(line) == 0 {
			c.at = atEnd
			return nil
		}
		if c.trailer += len(line); c.trailer > maxTrailer {
			return malformed("its trailers are longer than 64 KiB")
		}
		// It is dropped, and must be a field all the same: to somebody else it could be a chunk.
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found || !httpguts.ValidHeaderFieldName(string(name)) || !httpguts.ValidHeaderFieldValue(string(value)) {
			return malformed("a trailer that is no field")
		}
	}
	return nil
}

// chunkSize reads the size in front of a chunk. What an extension says is not looked at.
func chunkSize(line []byte) (int64, bool) {
	digits, _, extended := bytes.Cut(line, []byte{';'})
	if extended {
		digits = bytes.TrimRight(digits, " \t")
	}
	if len(digits) == 0 || len(digits) > maxSizeDigits {
		return 0, false
	}
	n := int64(0)
	for _, d := range digits {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | int64(d)
	}
	return n, true
}
