//go:build !unix

package hop

import "net"

// socket is a connection that can say only afterwards whether it had to wait.
type socket struct {
	net.Conn
	attend func() // before a Read; nil for nothing
}

// reusable says that connections are used once: it cannot be seen whether one is still good.
const reusable = false

func newSocket(c net.Conn) (*socket, error) { return &socket{Conn: c}, nil }

// Read implements net.Conn.
func (s *socket) Read(p []byte) (int, error) {
	if s.attend != nil {
		s.attend()
	}
	return s.Conn.Read(p)
}

func (s *socket) quiet() bool { return false }
