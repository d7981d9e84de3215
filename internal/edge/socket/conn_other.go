//go:build !unix

package socket

import "net"

// Conn is a connection that can say only afterwards whether it had to wait.
type Conn struct {
	net.Conn
	Attend func() // before a Read; nil for nothing
}

// Reusable says that connections are used once: it cannot be seen whether one is still good.
const Reusable = false

// New makes a Conn.
func New(c net.Conn) (*Conn, error) { return &Conn{Conn: c}, nil }

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if c.Attend != nil {
		c.Attend()
	}
	return c.Conn.Read(p)
}

// Quiet reports false: it cannot be seen.
func (c *Conn) Quiet() bool { return false }

// Ended reports false: it cannot be seen.
func (c *Conn) Ended() bool { return false }
