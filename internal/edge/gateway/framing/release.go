package framing

import "sync"

// Release ends the filter, for whoever took the connection over from the server to speak another
// protocol on it: what comes from now on is handed out as it is. Nobody else may read meanwhile.
//
// It reports false when something came already behind the last request that was handed out. Nobody
// may speak the other protocol before it was agreed on, so that is another request, or an attempt
// to pass one off as something else: the connection is good for one answer then, and to be closed.
func (c *Conn) Release() bool {
	if len(c.buf) > 0 || c.fault != 0 || c.refused.Load() || c.framer.at != atHead {
		c.refused.Store(true)
		return false
	}
	c.buf, c.room, c.released = nil, nil, true
	return true
}

// Stopping is closed when the listener of the connection is: a server that shuts down does not
// know of connections that were taken over.
func (c *Conn) Stopping() <-chan struct{} { return c.stopping }

// stop tells connections that their listener was closed.
type stop struct {
	once sync.Once
	said chan struct{}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.stop.once.Do(func() { close(l.stop.said) })
	return l.Listener.Close()
}
