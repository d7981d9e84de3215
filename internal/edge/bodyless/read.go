package bodyless

// readPlainly reads until the connection is over, and says whether it ended with an answer.
func (c *connection) readPlainly() bool {
	for {
		n, err := c.Read(c.room())
		if n == 0 && err != nil {
			return false
		}
		if now := c.came(n); now != goesOn {
			return now == isOver
		}
	}
}
