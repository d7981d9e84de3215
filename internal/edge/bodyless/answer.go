package bodyless

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
)

// Answer is what is sent back. The zero Answer is an internal error.
type Answer struct {
	Status int
	Last   bool // the connection ends behind it
	fields []framing.Field
	body   []byte

	out []byte
}

// Set adds a field.
func (a *Answer) Set(name, value string) {
	a.fields = append(a.fields, framing.Field{Name: name, Value: value})
}

// Take takes the answer that is written to a http.ResponseWriter, and the fields that were set before.
func (a *Answer) Take(write func(http.ResponseWriter)) {
	w := written{header: http.Header{}}
	for _, f := range a.fields {
		w.header.Add(f.Name, f.Value)
	}
	write(&w)
	a.Status, a.body, a.fields = w.status, w.body.Bytes(), a.fields[:0]
	for _, name := range slices.Sorted(maps.Keys(w.header)) {
		for _, value := range w.header[name] {
			a.Set(name, value)
		}
	}
}

// written keeps what is written.
type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header            { return w.header }
func (w *written) WriteHeader(status int)         { w.status = status }
func (w *written) Write(body []byte) (int, error) { return w.body.Write(body) }

// Faults of requests that are in order elsewhere.
const (
	hasBody    framing.Fault = 255
	manyFields framing.Fault = 254
)

// refuse answers what is no request.
func (a *Answer) refuse(f framing.Fault) {
	status, words := f.Status(), "Malformed request: "+f.Words()
	switch f {
	case hasBody:
		status, words = http.StatusBadRequest, "A question has no body: have the proxy send none, nor its Content-Length"
	case manyFields:
		status, words = http.StatusRequestHeaderFieldsTooLarge, "The request's head has more than "+strconv.Itoa(maxFields)+" fields"
	}
	a.Take(func(w http.ResponseWriter) {
		api.WriteErrors(w, status, api.Error{Code: api.CodeAmbiguous, Message: words})
	})
}

func (a *Answer) reset() { a.Status, a.Last, a.fields, a.body = 0, false, a.fields[:0], nil }

// bytes are the answer as it is sent.
func (a *Answer) bytes(date string, head, last bool) []byte {
	if a.Status < http.StatusOK || a.Status > 599 {
		a.Status, a.fields, a.body = http.StatusInternalServerError, nil, nil
	}
	out := a.out[:0]
	out = append(out, "HTTP/1.1 "...)
	out = strconv.AppendInt(out, int64(a.Status), 10)
	out = append(append(out, ' '), http.StatusText(a.Status)...)
	out = field(out, "Date", date)
	for _, f := range a.fields {
		out = field(out, f.Name, f.Value)
	}
	if a.Status != http.StatusNoContent {
		out = append(out, "\r\nContent-Length: "...)
		out = strconv.AppendInt(out, int64(len(a.body)), 10)
	}
	if last {
		out = append(out, "\r\nConnection: close"...)
	}
	out = append(out, "\r\n\r\n"...)
	if a.Status != http.StatusNoContent && !head {
		out = append(out, a.body...)
	}
	a.out = out
	return out
}

// field begins a line. No value ends one.
func field(out []byte, name, value string) []byte {
	out = append(append(out, "\r\n"...), name...)
	out = append(out, ": "...)
	if strings.ContainsAny(value, "\r\n\x00") {
		value = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(value)
	}
	return append(out, value...)
}
