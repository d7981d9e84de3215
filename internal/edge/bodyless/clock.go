package bodyless

import (
	"net/http"
	"time"
)

// How long a connection may take, in seconds.
const (
	forHead    = 10 // from the first byte of a head to its last; and to the first head of a connection
	forAnswer  = 10 // to take an answer
	forNext    = 90 // between two requests
	forGoodbye = 1  // after the last answer, for the peer to have read it
)

// keepTime follows the ticks as long as there are connections.
func (s *Server) keepTime() {
	for {
		select {
		case now := <-s.Tick:
			s.at(now)
			s.sweep()
			select {
			case s.beat <- struct{}{}:
			default:
			}
		case <-s.gone:
			return
		}
	}
}

// at sets the time.
func (s *Server) at(now time.Time) {
	date := now.UTC().Format(http.TimeFormat)
	s.date.Store(&date)
	s.seconds.Store(now.Unix())
}

// sweep ends what takes too long.
func (s *Server) sweep() {
	now := s.seconds.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		c.sweep(now)
	}
}
