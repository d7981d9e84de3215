package framing

// framer follows a stream of requests byte by byte, so that it always knows where one ends and
// the next begins. Its zero value stands before the first request.
type framer struct {
	at        place
	looked    int   // atHead: bytes of the head that were looked at
	remaining int64 // atFixed, atChunk: bytes left
	digits    int   // atSize: hex digits read
}

type place uint8

const (
	atHead    place = iota
	atFixed         // in a body of known length
	atSize          // in a line that gives the size of a chunk
	atSizeLF        // before the LF of that line
	atChunk         // in the data of a chunk
	atChunkCR       // after the data of a chunk
	atChunkLF       // before the LF after it
	atLastCR        // after the last chunk, where trailers would stand
	atLastLF        // before the LF that ends the body
)

// maxSizeDigits bounds the size of one chunk to less than 4 GiB.
const maxSizeDigits = 8

// pass looks at b, which begins with the first byte that did not pass yet, and says how many
// bytes of it may pass. Part of a head never passes: it passes whole, or not at all. What
// follows a fault is not to be read.
func (f *framer) pass(b []byte) (n int, fault Fault) {
	for n < len(b) {
		moved, fault := f.step(b[n:])
		n += moved
		if fault != 0 || moved == 0 {
			return n, fault
		}
	}
	return n, 0
}

// step passes as much of b as belongs together; b is not empty.
func (f *framer) step(b []byte) (int, Fault) {
	switch f.at {
	case atHead:
		return f.head(b)
	case atFixed:
		return f.data(b, atHead)
	case atChunk:
		return f.data(b, atChunkCR)
	case atSize:
		return f.size(b[0])
	case atSizeLF:
		next := atChunk
		if f.remaining == 0 {
			next = atLastCR
		}
		return f.expect(b[0], '\n', next, ChunkLine)
	case atChunkCR:
		return f.expect(b[0], '\r', atChunkLF, ChunkLine)
	case atChunkLF:
		f.digits = 0
		return f.expect(b[0], '\n', atSize, ChunkLine)
	case atLastCR:
		return f.expect(b[0], '\r', atLastLF, Trailers)
	default:
		return f.expect(b[0], '\n', atHead, ChunkLine)
	}
}

// data passes what b has of the remaining bytes; when they are through, next comes.
func (f *framer) data(b []byte, next place) (int, Fault) {
	n := min(int64(len(b)), f.remaining)
	if f.remaining -= n; f.remaining == 0 {
		f.at = next
	}
	return int(n), 0
}

func (f *framer) expect(got, want byte, next place, otherwise Fault) (int, Fault) {
	if got != want {
		return 0, otherwise
	}
	f.at = next
	return 1, 0
}

func (f *framer) head(b []byte) (int, Fault) {
	end, fault := HeadEnd(b, f.looked)
	if fault != 0 || end == 0 {
		f.looked = len(b)
		return 0, fault
	}
	body, fault := readHead(b[:end])
	if fault != 0 {
		return 0, fault
	}
	f.looked, f.digits, f.remaining = 0, 0, body.fixed
	switch {
	case body.chunked:
		f.at = atSize
	case body.fixed > 0:
		f.at = atFixed
	}
	return end, 0
}

// size reads one byte of the line that gives a chunk's size. Extensions are refused: they mean
// nothing here, and programs disagree on where they end.
func (f *framer) size(c byte) (int, Fault) {
	if c == '\r' && f.digits > 0 {
		f.at = atSizeLF
		return 1, 0
	}
	digit := int64(-1)
	switch {
	case '0' <= c && c <= '9':
		digit = int64(c - '0')
	case 'a' <= c && c <= 'f':
		digit = int64(c-'a') + 10
	case 'A' <= c && c <= 'F':
		digit = int64(c-'A') + 10
	}
	if digit < 0 || f.digits == maxSizeDigits {
		return 0, ChunkLine
	}
	if f.digits == 0 {
		f.remaining = 0
	}
	f.digits++
	f.remaining = f.remaining<<4 | digit
	return 1, 0
}
