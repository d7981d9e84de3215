package edgetest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Report is what a program with an HTTP library of its own made of one request. Every reporting
// upstream (this one, and those in Node and Python in e2e/hostile) answers 200 with the report as
// JSON, and keeps it until it is taken.
type Report struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"`  // as it came
	Path    string      `json:"path"`    // decoded whole, as applications there do it
	Query   string      `json:"query"`   // without the question mark, not decoded
	Headers [][2]string `json:"headers"` // and trailers: some take one for the other
	Body    string      `json:"body"`

	// Broken says why it is no whole request, empty when it is one. Malformed: the library refused
	// it, and the other fields say nothing. Otherwise the body broke off.
	Broken    string `json:"broken,omitempty"`
	Malformed bool   `json:"malformed,omitempty"`
}

// Reporter is the reporting upstream in Go.
type Reporter struct {
	mu      sync.Mutex
	reports []Report
}

// Take gives what came since the last time.
func (r *Reporter) Take() ([]Report, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reports := r.reports
	r.reports = nil
	return reports, nil
}

func (r *Reporter) note(report Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, report)
}

// ServeHTTP implements http.Handler.
func (r *Reporter) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	report := Report{Method: request.Method, Target: request.RequestURI, Path: request.URL.Path, Query: request.URL.RawQuery}
	report.add(request.Header)
	body, err := io.ReadAll(request.Body)
	report.add(request.Trailer)
	if report.Body = string(body); err != nil {
		report.Broken = err.Error()
	}
	r.note(report)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(report)
}

func (r *Report) add(h http.Header) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			r.Headers = append(r.Headers, [2]string{name, value})
		}
	}
}

// Start serves on loopback, as a plain net/http server does, until the test ends.
func (r *Reporter) Start(t testing.TB) (addr string) {
	t.Helper()
	return startServer(t, r, func(l net.Listener) net.Listener { return refusals{l, r} })
}

// startServer runs a handler in a plain net/http server until the test ends.
func startServer(t testing.TB, h http.Handler, wrap func(net.Listener) net.Listener) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(wrap(l)) })
	t.Cleanup(func() {
		_ = server.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// refusals sees what net/http answers before any handler is asked.
type refusals struct {
	net.Listener
	to *Reporter
}

func (l refusals) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return refusal{c, l.to}, err
}

type refusal struct {
	net.Conn
	to *Reporter
}

// Write implements net.Conn. The handler answers 200 alone, so anything else is the library's.
func (c refusal) Write(b []byte) (int, error) {
	if line, _, _ := bytes.Cut(b, []byte("\r\n")); bytes.HasPrefix(line, []byte("HTTP/1.1 4")) || bytes.HasPrefix(line, []byte("HTTP/1.1 5")) {
		c.to.note(Report{Malformed: true, Broken: string(line)})
	}
	return c.Conn.Write(b)
}
