package hop

import (
	"errors"
	"io"
	"strconv"
	"sync"
	"time"
)

// sending is a request whose body goes out while its answer may come.
type sending struct {
	c    *conn
	body io.ReadCloser
	done chan struct{} // closed when the body is not read any more

	mu      sync.Mutex
	waits   bool  // for the head of the answer
	stopped bool  // nobody waits for any of it any more
	err     error // why the body did not go out, when that was its own fault
	whole   bool  // it did
}

// run sends the head that stands in the connection, and the body.
func (s *sending) run(n int64) {
	defer close(s.done)
	err := s.copy(n)
	closed := s.body.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	var own ownError
	switch {
	case s.stopped:
	case errors.As(err, &own):
		s.err = own.error
		s.c.discard() // the server must not take what it got for the whole
	case err != nil: // the server may have answered before it closed
	case closed != nil:
		s.err = closed
	default:
		s.whole = true
	}
	if s.waits && s.err == nil {
		s.c.within(s.c.t.config.Answer, s.c.SetReadDeadline)
	}
}

// answered takes note that the answer has begun. A nil sending is one that is over.
func (s *sending) answered() {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waits = false
	}
}

// failed is why the body could not be read.
func (s *sending) failed() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// endTime is how long the end of a request may come after the end of its answer.
const endTime = 50 * time.Millisecond

// finish reports whether all of the request went out. When the answer is whole it waits a moment
// for that: who has answered has read it all.
func (s *sending) finish(whole bool) bool {
	if s == nil {
		return true
	}
	if !whole {
		return false
	}
	late := time.NewTimer(endTime)
	defer late.Stop()
	select {
	case <-s.done:
	case <-late.C:
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whole
}

// interrupt ends what still goes out, and waits for its end. The connection is closed.
func (s *sending) interrupt() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	select {
	case <-s.done:
	default:
		_ = s.body.Close() // whoever reads it hears of that
		<-s.done
	}
}

// ownError is why a body could not be read.
type ownError struct{ error }

// copy sends the pieces of the body.
func (s *sending) copy(n int64) error {
	c := s.c
	piece := make([]byte, pieceSize)
	for left := n; ; {
		room := piece[sizeRoom : len(piece)-len("\r\n")]
		if n >= 0 {
			room = room[:min(int64(len(room)), left)]
		}
		read, err := s.body.Read(room)
		if err != nil && !errors.Is(err, io.EOF) {
			return ownError{err}
		}
		out := room[:read]
		if n < 0 && read > 0 {
			out = frameChunk(piece, read)
		}
		if len(c.out) > 0 {
			out = append(c.out, out...)
			c.out = c.out[:0]
		}
		left -= int64(read)
		last := err != nil || n >= 0 && left == 0
		if n < 0 && last {
			out = append(out, "0\r\n\r\n"...)
		}
		if len(out) > 0 {
			c.within(c.t.config.Answer, c.SetWriteDeadline)
			if _, err := c.Write(out); err != nil {
				return err
			}
		}
		if last {
			if n >= 0 && left > 0 {
				return ownError{io.ErrUnexpectedEOF}
			}
			return nil
		}
	}
}

// sizeRoom is for the line in front of a chunk.
const sizeRoom = len("ffffffff\r\n")

// frameChunk makes a chunk of the n bytes that stand in piece behind sizeRoom.
func frameChunk(piece []byte, n int) []byte {
	var size [sizeRoom]byte
	line := append(strconv.AppendInt(size[:0], int64(n), 16), "\r\n"...)
	from := sizeRoom - len(line)
	copy(piece[from:], line)
	return append(piece[from:sizeRoom+n], "\r\n"...)
}
