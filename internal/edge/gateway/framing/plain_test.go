package framing

// headEnd is HeadEnd byte by byte, as one would write it down.
func headEnd(b []byte, from int) (int, Fault) {
	for i := from; i < min(len(b), MaxHead); i++ {
		switch c := b[i]; {
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
	if len(b) > MaxHead {
		return 0, TooLong
	}
	return 0, 0
}
