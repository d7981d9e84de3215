package oidc

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	patience      = 10 * time.Second // for one answer of the provider, whole
	largestAnswer = 1 << 20          // bytes
)

// newClient asks a provider: not for long, for not too much, and only where it was told to ask.
func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &http.Client{
		Transport: bounded{transport}, Timeout: patience,
		// A code, a secret and a token are for the address that was looked up, and for no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it redirects") },
	}
}

// bounded cuts answers off that are too large.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &cut{answer.Body, largestAnswer}
	return answer, nil
}

// cut fails where it would go on beyond what is left.
type cut struct {
	io.ReadCloser
	left int
}

func (c *cut) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.left -= n; c.left < 0 {
		return 0, errors.New("the answer is too large")
	}
	return n, err
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// printable is what a log may hold of words from outside.
func printable(s string) string {
	const longest = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, s)
	return s[:min(len(s), longest)]
}
