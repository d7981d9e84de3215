package gateway

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/leastkey/leastkey/guard"
)

// stream says how an answer goes through: it is bounded by how long nothing comes, not by how long it
// is; and it ends when its request would no longer be allowed. How long nothing comes is for the
// transport to see.
type stream struct {
	idle  time.Duration // that the client has for each piece
	began time.Time     // the request
	again func() guard.Verdict
}

// newStream is for the answer to a request that goes out now.
func newStream(idle time.Duration, again func() guard.Verdict) stream {
	return stream{idle: idle, began: time.Now(), again: again}
}

// Sizes and times of what goes through.
const (
	pieceMost = 64 << 10
	soon      = time.Second // an answer that begins by then has most of the server's own time left
)

// pass gives the client an answer that was looked at. Trailers are dropped, since nobody has looked
// at them. When the answer breaks off, the connection to the client does too, so that it sees that.
func (g *Gateway) pass(w http.ResponseWriter, answer *http.Response, s stream) {
	h := w.Header()
	for name, values := range answer.Header {
		if ours, both := h[name]; both {
			values = append(ours, values...)
		}
		h[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	if answer.Body == http.NoBody {
		return
	}
	piece, _ := g.pieces.Get().(*[pieceMost]byte)
	defer g.pieces.Put(piece)
	if err := s.copy(w, answer, piece[:]); err != nil {
		g.Log.Debug("an answer was broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// copy passes the body on as it comes. What comes first belongs to the moment of the decision, and a
// short answer is nothing more; all that comes later must be allowed when it comes.
func (s stream) copy(w http.ResponseWriter, answer *http.Response, piece []byte) error {
	to := http.NewResponseController(w)
	flush := flushes(w, answer)
	for begun := false; ; begun = true {
		n, err := answer.Body.Read(piece)
		if n > 0 {
			if begun && !s.again().Allowed() {
				return errNoLonger
			}
			if now := time.Now(); begun || now.Sub(s.began) > soon {
				// The server's own bound is for whole answers. Where there is none to set, there is none to move.
				_ = to.SetWriteDeadline(now.Add(s.idle))
			}
			if _, err := w.Write(piece[:n]); err != nil {
				return err
			}
			if flush {
				_ = to.Flush() // when the client is gone, the next piece shows it
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// flushes reports whether each piece is to go on at once: where nobody knows how long an answer is, and
// the transport does not tell when it has to wait for more of it, which is when it is done otherwise.
func flushes(w http.ResponseWriter, answer *http.Response) bool {
	const events = "text/event-stream"
	media := answer.Header.Get("Content-Type")
	if answer.ContentLength >= 0 && (len(media) < len(events) || !strings.EqualFold(media[:len(events)], events)) {
		return false
	}
	waits, tells := answer.Body.(interface{ BeforeWait(f func()) })
	if tells {
		waits.BeforeWait(func() { _ = http.NewResponseController(w).Flush() }) // as above
	}
	return !tells
}
