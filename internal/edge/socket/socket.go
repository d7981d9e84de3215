// Package socket reads and writes connections with less ado than package net, and can see whether
// something came on one.
//
// On Linux it does not tell the scheduler of Go of a system call. Go has another thread go on when a
// call takes some twenty microseconds, and one on a socket that does not block takes that long only
// when the machine is busy: then to hand over costs more than to wait for the call to end.
package socket

import (
	"errors"
	"net"
)

// CloseWrite says to the other side that no more comes.
func (c *Conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// Listen has the connections of a listener be a [Conn] each, where they have a socket.
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if c, err := New(accepted); err == nil {
		return c, nil
	}
	return accepted, nil
}
