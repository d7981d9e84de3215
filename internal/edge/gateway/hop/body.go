package hop

import (
	"errors"
	"io"
)

// kind is how the body of an answer is delimited.
type kind uint8

const (
	fixed       kind = iota + 1 // by its length
	chunked                     // by its chunks
	untilClosed                 // by the end of the connection
)

// body reads the body of an answer.
type body struct {
	c      *conn
	kind   kind
	left   int64 // fixed: how much comes
	chunks chunks
	last   bool // nothing may follow on the connection
}

// read reads what is there, or waits for it. The end comes with the last bytes where that can be.
func (b *body) read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	switch b.kind {
	case chunked:
		return b.readChunks(p)
	case fixed:
		n, err := b.some(p[:min(int64(len(p)), b.left)])
		if b.left -= int64(n); b.left == 0 {
			return n, io.EOF
		}
		return n, short(err)
	default:
		return b.some(p)
	}
}

// short is for an answer that ends before its end.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// some reads into p: what is there, or else what comes. What is long goes into p at once.
func (b *body) some(p []byte) (int, error) {
	c := b.c
	if c.from == c.to {
		if len(p) >= len(c.in) {
			return b.next(p)
		}
		if err := b.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in[c.from:c.to])
	c.from += n
	return n, nil
}

// next reads what comes.
func (b *body) next(p []byte) (int, error) {
	b.c.within(b.c.t.config.Idle, b.c.SetReadDeadline)
	return b.c.Conn.Read(p)
}

// more reads more behind what is there.
func (b *body) more() error {
	b.c.within(b.c.t.config.Idle, b.c.SetReadDeadline)
	return b.c.fill()
}

// readChunks reads of as many chunks as are there, and fit.
func (b *body) readChunks(p []byte) (int, error) {
	c := b.c
	for {
		src, direct := c.in[c.from:c.to], false
		if len(src) == 0 && len(p) > len(c.in) {
			n, err := b.next(p)
			if n == 0 && err != nil {
				return 0, short(err)
			}
			src, direct = p[:n], true
		}
		wrote, read, err := b.chunks.decode(p, src)
		if direct {
			c.keep(src[read:])
		} else {
			c.from += read
		}
		switch {
		case err != nil:
			return wrote, err
		case b.chunks.at == atEnd:
			return wrote, io.EOF
		case wrote > 0:
			return wrote, nil
		}
		if err := b.more(); err != nil {
			return 0, short(err)
		}
	}
}

// keep puts what was read too far in the place of what was read, where there is nothing.
func (c *conn) keep(rest []byte) {
	if len(rest) > len(c.in) {
		rest = rest[:len(c.in)] // what follows the end of an answer shows by being there
	}
	c.from, c.to = 0, copy(c.in, rest)
}
