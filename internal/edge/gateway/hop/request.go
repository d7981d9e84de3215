package hop

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"golang.org/x/net/http/httpguts"
)

// checkRequest refuses what would be read as another request than was meant.
func checkRequest(r *http.Request) error {
	switch {
	case r.URL == nil || r.Header == nil:
		return errors.New("hop: a request needs a URL and a header")
	case !httpguts.ValidHeaderFieldName(r.Method): // which is a token
		return fmt.Errorf("hop: the method %q", r.Method)
	case !isTarget(target(r)) || !isTarget(r.URL.RawQuery) && r.URL.RawQuery != "":
		return errors.New("hop: the target has a space or a byte that no target has")
	case !isTarget(r.Host):
		return fmt.Errorf("hop: the host %q", r.Host)
	case r.ContentLength > 0 && r.Body == nil:
		return errors.New("hop: a length without a body")
	}
	for name, values := range r.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("hop: the header name %q", name)
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				return fmt.Errorf("hop: the value of the header %s", name) // it may be a secret
			}
		}
	}
	return nil
}

// target is the path that is asked for, as it goes out.
func target(r *http.Request) string {
	if r.URL.Opaque != "" {
		return r.URL.Opaque
	}
	if path := r.URL.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

func isTarget(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// length is how the body of the request is delimited: in bytes, or -1 for chunks.
func length(r *http.Request) int64 {
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		return 0
	case r.ContentLength > 0:
		return r.ContentLength
	default:
		return -1
	}
}

// appendHead writes the head of a request. What the header says of its length is not asked.
func appendHead(out []byte, r *http.Request, length int64) []byte {
	out = append(out, r.Method...)
	out = append(out, ' ')
	out = append(out, target(r)...)
	if r.URL.RawQuery != "" {
		out = append(out, '?')
		out = append(out, r.URL.RawQuery...)
	}
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, r.Host...)
	out = append(out, "\r\n"...)
	for name, values := range r.Header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
			continue
		case "User-Agent": // empty is none, as net/http has it
			if len(values) > 0 && values[0] == "" {
				continue
			}
		}
		for _, value := range values {
			out = append(out, name...)
			out = append(out, ": "...)
			out = append(out, value...)
			out = append(out, "\r\n"...)
		}
	}
	switch {
	case length < 0:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	case length > 0 || r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch:
		out = append(out, "Content-Length: "...)
		out = strconv.AppendInt(out, length, 10)
		out = append(out, "\r\n"...)
	}
	return append(out, "\r\n"...)
}

// repeatable reports whether a request may be sent again when nobody knows what became of it.
func repeatable(r *http.Request) bool {
	if length(r) != 0 {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	default:
		return false
	}
}
