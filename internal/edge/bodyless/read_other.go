//go:build !unix

package bodyless

func (c *connection) readAll() bool { return c.readPlainly() }
