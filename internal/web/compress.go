package web

import (
	"compress/gzip"
	"net/http"
)

// compressed is an answer whose body is compressed on its way.
type compressed struct {
	http.ResponseWriter
	body *gzip.Writer
}

// pack compresses what is written, where the client takes that, until end is called. The page
// of a secret is never compressed: how far it shrinks could tell of what is in it.
func pack(w http.ResponseWriter, r *http.Request, page string) (to http.ResponseWriter, end func() error) {
	if page == secretPage || !acceptsGzip(r) {
		return w, func() error { return nil }
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Add("Vary", "Accept-Encoding")
	body, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is one of its own
	return compressed{w, body}, body.Close
}

// secretPage is the template of the page that shows a secret.
const secretPage = "secret"

// Write implements io.Writer.
func (c compressed) Write(p []byte) (int, error) { return c.body.Write(p) }
