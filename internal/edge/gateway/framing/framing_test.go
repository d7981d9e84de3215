package framing

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

const simple = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// memory is a connection that gives what a reader gives.
type memory struct {
	net.Conn
	io.Reader
}

func (m memory) Read(p []byte) (int, error) { return m.Reader.Read(p) }

func filter(from io.Reader) ([]byte, error) { return io.ReadAll(&Conn{Conn: memory{Reader: from}}) }

func TestPass(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":       "",
		"one":           simple,
		"pipelined":     simple + simple + simple,
		"known length":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n" + simple,
		"no length":     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + simple,
		"chunks":        "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n00000001\r\n\n\r\n0\r\n\r\n" + simple,
		"version 1.0":   "GET / HTTP/1.0\r\nHost: a:80\r\n\r\n",
		"address":       "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
		"odd values":    "GET / HTTP/1.1\r\nHost:\ta\t\r\nX:\r\nY: \xff\x80 \t z\r\n\r\n",
		"expectation":   "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
		"longest head":  "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", MaxHead-len(simple)-len("X: \r\n")) + "\r\n\r\n",
		"body too soon": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := filter(strings.NewReader(raw)); err != nil || string(got) != raw {
				t.Errorf("passed %q, %v; want all of it", got, err)
			}
		})
	}
}

func TestRefuse(t *testing.T) {
	post := func(rest string, headers ...string) string {
		return "POST / HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(headers, "\r\n"), "\r\n") + rest
	}
	for _, c := range []struct {
		raw   string
		fault Fault
	}{
		{"GET / HTTP/1.1\n", LineEnds},
		{"GET / HTTP/1.1\rHost", LineEnds},
		{"\n", LineEnds},
		{"GET / HTTP/1.1\r\nHost: a\r\n\n", LineEnds},
		{"GET / HTTP/1.1\r\nX: \x00", ControlByte},
		{"\x16\x03\x01\x02\x00\x01", ControlByte}, // TLS, spoken to a port without
		{"\r\n\r\n", RequestLine},
		{"\r\n" + simple, RequestLine},
		{"GET /\r\n\r\n", RequestLine},
		{"get / HTTP/1.1\r\n\r\n", RequestLine},
		{"refused- /1 HTTP/1.1\r\n\r\n", RequestLine},
		{"GET /\xff HTTP/1.1\r\n\r\n", RequestLine},
		{"GET / HTTP/2.0\r\n\r\n", Version},
		{"GET a HTTP/1.1\r\n\r\n", Form},
		{"GET /%a HTTP/1.1\r\n\r\n", Escape},
		{"GET /%+1 HTTP/1.1\r\n\r\n", Escape},
		{"GET / HTTP/1.1\r\nHost a\r\n\r\n", HeaderLine},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", HeaderLine},
		{"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", Folded},
		{"GET / HTTP/1.1\r\n\r\n", HostField},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HostField},
		{"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", HostField},
		{"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", HostField},
		{"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", HostField},
		{"GET / HTTP/1.1\r\nHost: [x]\r\n\r\n", HostField},
		{post("", "Content-Length: 0", "Transfer-Encoding: chunked"), BothLengths},
		{post("", "Content-Length: 0", "Content-Length: 0"), ContentLength},
		{post("", "Content-Length: 00"), ContentLength},
		{post("", "Content-Length: 9223372036854775808"), ContentLength},
		{post("", "Transfer-Encoding: gzip"), TransferEncoding},
		{strings.Replace(post("", "Transfer-Encoding: chunked"), "1.1", "1.0", 1), TransferEncoding},
		{post("", "Expect: x"), Expectation},
		{post("", "Trailer: X"), Trailers},
		{"GET / HTTP/1.1\r\nX: " + strings.Repeat("a", MaxHead), TooLong},
	} {
		got, err := filter(strings.NewReader(simple + c.raw + simple))
		if want := simple + string(c.fault.substitute()); err != nil || string(got) != want {
			t.Errorf("%.60q: passed %q, %v; want %q", c.raw, got, err, want)
		}
	}
}

func TestRefuseWithinBody(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range []struct{ good, rest string }{
		{"", "\r\n"}, {"", "x"}, {"", ";"}, {"", "-1"}, {"1", ";a"}, {"1", " "}, {"1", "\n"}, {"1\r", "x"},
		{"12345678", "9"}, {"1\r\na", "b"}, {"1\r\na\r", "x"}, {"0\r\n", "X: 1\r\n\r\n"}, {"0\r\n\r", "x"}, {"0\r\n", "\n"},
	} {
		got, err := filter(strings.NewReader(head + c.good + c.rest + simple))
		if want := head + c.good + poison; err != nil || string(got) != want {
			t.Errorf("%q %q: passed %q, %v; want %q", c.good, c.rest, got, err, want)
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(got)))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r.Body); err == nil {
			t.Errorf("%q %q: net/http reads the whole body %q", c.good, c.rest, body)
		}
	}
}

// Whatever the pieces in which bytes come, the same passes.
func TestPiecesDoNotMatter(t *testing.T) {
	part := rapid.SampledFrom([]string{
		simple, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"3\r\nabc\r\n", "0\r\n\r\n", "\r\n", "\n", "x", "\x00", "GET / HTTP/1.1\r\n", "Host: a\r\n",
	})
	rapid.Check(t, func(t *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), "")
		whole, err := filter(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []io.Reader{
			iotest.OneByteReader(strings.NewReader(raw)),
			iotest.HalfReader(strings.NewReader(raw)),
			iotest.DataErrReader(strings.NewReader(raw)),
			&pieces{strings.NewReader(raw), rapid.SliceOfN(rapid.IntRange(1, 40), 1, 10).Draw(t, "sizes"), 0},
		} {
			if got, err := filter(from); err != nil || !bytes.Equal(got, whole) {
				t.Fatalf("passed %q, %v; in one piece %q", got, err, whole)
			}
		}
	})
}

// pieces reads in pieces of the given sizes, over and over.
type pieces struct {
	from  io.Reader
	sizes []int
	n     int
}

func (r *pieces) Read(p []byte) (int, error) {
	size := r.sizes[r.n%len(r.sizes)]
	r.n++
	return r.from.Read(p[:min(len(p), size)])
}

func TestTimeOutLosesNothing(t *testing.T) {
	c := &Conn{Conn: memory{Reader: iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(simple)))}}
	got, err := io.ReadAll(c)
	if !errors.Is(err, iotest.ErrTimeout) || len(got) != 0 {
		t.Fatalf("read %q, %v; want a time-out", got, err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != simple {
		t.Fatalf("read %q, %v after the time-out; want the request", got, err)
	}
}

// Law 5: the server reads requests that end where the filter says that they end.
func FuzzFilter(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw []byte) {
		passed, err := filter(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		kept := passed
		for f := range TooLong + 1 {
			kept = bytes.TrimSuffix(kept, f.substitute())
		}
		kept = bytes.TrimSuffix(kept, []byte(poison))
		if !bytes.HasPrefix(raw, kept) {
			t.Fatalf("passed %q of %q", passed, raw)
		}
		wanted, got := split(kept), readAll(passed)
		if len(got) > len(wanted) {
			t.Fatalf("the server reads %q; the filter passed %q", got, wanted)
		}
		for i, g := range got {
			if g != wanted[i] {
				t.Fatalf("the server reads %q; the filter passed %q", g, wanted[i])
			}
		}
	})
}

type request struct{ line, body string }

// split gives the whole requests of a stream, as the framer sees them.
func split(raw []byte) []request {
	var f framer
	var all []request
	var now request
	for len(raw) > 0 {
		was := f.at
		n, fault := f.step(raw)
		if n == 0 || fault != 0 {
			break
		}
		switch was {
		case atHead:
			line, _, _ := strings.Cut(string(raw[:n]), "\r\n")
			now = request{line: line}
		case atFixed, atChunk:
			now.body += string(raw[:n])
		}
		if raw = raw[n:]; f.at == atHead {
			all = append(all, now)
		}
	}
	return all
}

// readAll gives the whole requests of a stream, as net/http sees them.
func readAll(raw []byte) []request {
	in := bufio.NewReader(bytes.NewReader(raw))
	var all []request
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return all
		}
		if _, refused := Refused(r); refused {
			return all
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || len(r.Trailer) > 0 {
			return all
		}
		all = append(all, request{r.Method + " " + r.RequestURI + " " + r.Proto, string(body)})
	}
}

// The refusal keeps its place: what came before is answered first, what comes behind never.
func TestRefusalInAServer(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fault, refused := Refused(r); refused {
				w.WriteHeader(fault.Status())
				return
			}
			w.Header().Set("X-Target", r.RequestURI)
		}))
		raw := server.Listener
		dial := func() (net.Conn, error) { return net.Dial("tcp", raw.Addr().String()) }
		if encrypted {
			certified := httptest.NewTLSServer(nil)
			config := certified.TLS.Clone()
			certified.Close()
			config.NextProtos = nil
			server.Listener = Listen(tls.NewListener(raw, config))
			dial = func() (net.Conn, error) {
				return tls.Dial("tcp", raw.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's own server
			}
		} else {
			server.Listener = Listen(raw)
		}
		server.Start()
		defer server.Close()

		c, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		stream := strings.Replace(simple, "/", "/1", 1) + strings.Replace(simple, "/", "/2", 1) + "GET /3 HTTP/1.1\nHost: a\n\n" + simple
		if _, err := io.WriteString(c, stream+strings.Repeat("x", 100<<10)); err != nil {
			t.Fatal(err)
		}
		var statuses []int
		in := bufio.NewReader(c)
		for {
			answer, err := http.ReadResponse(in, nil)
			if err != nil {
				break
			}
			statuses = append(statuses, answer.StatusCode)
		}
		if want := []int{200, 200, 400}; !slices.Equal(statuses, want) {
			t.Errorf("encrypted %v: answers %v; want %v", encrypted, statuses, want)
		}
	}
}

func TestEveryFaultSaysWhy(t *testing.T) {
	unknown := Fault(0).Words()
	for f := LineEnds; f <= TooLong; f++ {
		if f.Words() == unknown || f.Status() < 400 {
			t.Errorf("fault %d: %d %q", f, f.Status(), f.Words())
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(f.substitute())))
		if err != nil {
			t.Fatal(err)
		}
		if got, refused := Refused(r); got != f || !refused {
			t.Errorf("fault %d reads back as %d, %v", f, got, refused)
		}
	}
}
