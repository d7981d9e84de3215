package chain

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/bench/workload"
)

// site is the name of the API.
const site = "api.example.com"

type header struct{ name, value string }

func (h header) lower() string { return strings.ToLower(h.name) }

// headersOf are what a client sends with a request.
func headersOf(c workload.Case) []header {
	return []header{
		{"User-Agent", "example-sdk/1.2.3 (linux; amd64)"}, {"Accept", "application/json"}, {"Accept-Encoding", "gzip"}, {"Cache-Control", "no-cache"},
		{"X-Request-Id", "01976f3e-9c1c-7d4e-b6a8-0d6f1b7f6a11"}, {"Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		{"Authorization", "Bearer " + c.Secret},
	}
}

// raw is a request as a client sends it.
func raw(c workload.Case, query string) []byte {
	target := c.Target
	if query != "" {
		target += "?" + query
	}
	return text(c.Method, target, append([]header{{"Host", site}}, headersOf(c)...))
}

// asked is a request as nginx asks about it.
func asked(c workload.Case) []byte {
	return text("GET", "/auth/nginx", append([]header{{"X-Original-Method", c.Method}, {"X-Original-URI", c.Target}, {"X-Original-Host", site},
		{"X-Forwarded-For", "127.0.0.1"}, {"Host", "leastkey"}}, headersOf(c)...))
}

func text(method, target string, headers []header) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	for _, h := range headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.name, h.value)
	}
	return []byte(b.String() + "\r\n")
}

// allowed are requests that are allowed from anywhere, at any time, and have no body.
func allowed(w *workload.Workload, n int) ([]workload.Case, error) {
	var all []workload.Case
	for _, c := range w.Cases(40*n + 4000) {
		token := w.Token(c.Token).Credential
		if c.Allowed && c.Method == http.MethodGet && token.Condition.IsZero() && token.Validity.ExpiresOn.IsZero() {
			all = append(all, c)
		}
		if len(all) == n {
			return all, nil
		}
	}
	return nil, errors.New("the workload has too few such requests")
}
