package hop

import "errors"

// switched is the connection after the protocol was changed. It is read and written as one likes, and
// may be closed by another goroutine.
type switched struct {
	c *conn
	x *exchange
}

// Read implements io.Reader: first what came behind the head.
func (s *switched) Read(p []byte) (int, error) {
	if s.c.from < s.c.to {
		n := copy(p, s.c.in[s.c.from:s.c.to])
		s.c.from += n
		return n, nil
	}
	return s.c.Conn.Read(p)
}

// Write implements io.Writer.
func (s *switched) Write(p []byte) (int, error) { return s.c.Conn.Write(p) }

// Close implements io.Closer. A body that is still sent ends with it.
func (s *switched) Close() error {
	s.x.unbind()
	err := s.c.socket.Close()
	s.x.sending.interrupt()
	return err
}

// CloseWrite says to the server that no more comes.
func (s *switched) CloseWrite() error {
	half, ok := s.c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
