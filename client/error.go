package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey/api"
)

// Error is a request that the server refused or could not answer.
type Error struct {
	Method     string
	Path       string
	Status     int           // of HTTP
	Errors     []api.Error   // what the server said; empty when it did not speak the contract
	RequestID  string        // for whoever runs the server; empty when it gave none
	RetryAfter time.Duration // how long the server asks to wait; 0 when it does not

	waitable bool   // the server asked for a wait, be it of no length
	text     string // in place of Errors
}

// Error gives what the server said, or the status where it said nothing.
func (e *Error) Error() string {
	var out strings.Builder
	for i, said := range e.Errors {
		if i > 0 {
			out.WriteString("; ")
		}
		describe(&out, said, 0)
	}
	if len(e.Errors) == 0 {
		fmt.Fprintf(&out, "%s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
		if e.text != "" {
			out.WriteString(": " + e.text)
		}
	}
	return out.String()
}

// describe writes an error and its causes. A cause with the code of what it caused does not
// repeat it.
func describe(out *strings.Builder, said api.Error, above int) {
	out.WriteString(printable(said.Message))
	if said.Code != above {
		fmt.Fprintf(out, " (code %d)", said.Code)
	}
	for _, cause := range said.ErrorChain {
		out.WriteString(": ")
		describe(out, cause, said.Code)
	}
}

// printable keeps control characters of a server out of terminals and logs.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// Has reports whether one of the errors has the code.
func (e *Error) Has(code int) bool {
	for _, said := range e.Errors {
		if said.Code == code {
			return true
		}
	}
	return false
}

// refusal reads an answer that is no success; nil if it is one.
func refusal(method, path string, status int, header http.Header, body []byte) *Error {
	if status >= 200 && status < 300 {
		return nil
	}
	e := &Error{Method: method, Path: path, Status: status, RequestID: header.Get("X-Request-Id")}
	var envelope api.Envelope[json.RawMessage]
	if err := json.Unmarshal(body, &envelope); err == nil {
		e.Errors = envelope.Errors
	}
	if location := header.Get("Location"); status >= 300 && status < 400 && location != "" {
		e.text = "the server redirects to " + strconv.Quote(location) + ", which is not followed"
	}
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 && seconds <= int(time.Hour/time.Second)*24 {
		e.RetryAfter, e.waitable = time.Duration(seconds)*time.Second, true
	}
	return e
}

// again reports whether the same request may be made once more after a short wait. Behind a 429
// nothing was done. Behind a 503 of some proxy something may have been, so only reads go again.
func (e *Error) again(method string) bool {
	if !e.waitable || e.RetryAfter > maxWait {
		return false
	}
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable && method == http.MethodGet
}
