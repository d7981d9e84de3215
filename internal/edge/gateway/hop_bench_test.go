//go:build unix

package gateway

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// clientEnv makes the test binary a client of itself: what a client costs is not to be counted.
const clientEnv = "LEASTKEY_BENCHMARK_CLIENT"

func TestMain(m *testing.M) {
	if os.Getenv(clientEnv) != "" {
		if err := serveOrders(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// order is what a client is told: so many requests, divided over so many connections.
type order struct {
	addr, target, token   string
	requests, connections int
}

func (o order) request() string {
	return "GET " + o.target + " HTTP/1.1\r\nHost: api.example\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nAuthorization: Bearer " + o.token + "\r\n\r\n"
}

func serveOrders(in io.Reader, out io.Writer) error {
	for {
		var o order
		if _, err := fmt.Fscanln(in, &o.addr, &o.target, &o.token, &o.requests, &o.connections); err != nil {
			return nil //nolint:nilerr // there are no more
		}
		said := "done"
		if err := o.run(); err != nil {
			said = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		if _, err := fmt.Fprintln(out, said); err != nil {
			return err
		}
	}
}

// run makes the requests, each connection one after another.
func (o order) run() error {
	var all sync.WaitGroup
	errs := make(chan error, o.connections)
	for range o.connections {
		all.Go(func() { errs <- o.runOne(o.requests / o.connections) })
	}
	all.Wait()
	for range o.connections {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func (o order) runOne(requests int) error {
	c, err := net.Dial("tcp", o.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReaderSize(c, 64<<10)
	for range requests {
		if _, err := io.WriteString(c, o.request()); err != nil {
			return err
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK || n == 0 {
			return fmt.Errorf("answered %d with %d bytes: %w", answer.StatusCode, n, err)
		}
	}
	return nil
}

// client is a process that makes requests.
type client struct {
	orders io.Writer
	said   *bufio.Reader
}

func startClient(b *testing.B) *client {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), clientEnv+"=1")
	cmd.Stderr = os.Stderr
	orders, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		orders.Close()
		_ = cmd.Wait()
	})
	return &client{orders, bufio.NewReader(said)}
}

// cost is the CPU time that this process takes for the requests, kernel and all.
func (c *client) cost(b *testing.B, o order) time.Duration {
	b.Helper()
	before := cpuTime(b)
	fmt.Fprintln(c.orders, o.addr, o.target, o.token, o.requests, o.connections)
	said, err := c.said.ReadString('\n')
	if err != nil || said != "done\n" {
		b.Fatal(said, err)
	}
	return cpuTime(b) - before
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// upstreamAPI answers as an API does, in a few hundred bytes or in a long stream.
func upstreamAPI() http.Handler {
	small := []byte(`{"result":[{"id":"372e67954025e0ba6aaa6d586b9e0b59","type":"A","name":"example.com","content":"198.51.100.4","proxied":false,"ttl":3600}],"success":true,"errors":[],"messages":[]}`)
	piece := make([]byte, 32<<10)
	for i := range piece {
		piece[i] = byte('a' + i%26)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/export"):
			for range (1 << 20) / len(piece) {
				_, _ = w.Write(piece)
			}
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(small)
		}
	})
}

// BenchmarkHop compares the gateway with httputil.ReverseProxy and with no hop at all, in turns, so
// that whatever else the machine does touches all three. The upstream, which is net/http, is in
// each figure; the client is in none.
func BenchmarkHop(b *testing.B) {
	upstream := httptest.NewServer(upstreamAPI())
	b.Cleanup(upstream.Close)
	at, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	w := edgetest.NewWorld(b)
	plain := httputil.ReverseProxy{
		Transport: newPlainTransport(Timeouts{}.orDefault()),
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(at); p.SetXForwarded() },
	}
	proxy := httptest.NewServer(&plain)
	b.Cleanup(proxy.Close)
	g, err := New(Config{Guard: w.Guard, Upstreams: to(at), Control: answers{}, Registry: &registry{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	gatewayAddr := serve(b, g)
	c := startClient(b)
	for _, kind := range []struct {
		name, target string
		round        int
	}{
		{"json", "/client/v4/zones/{zone}/dns_records", 2000},
		{"stream", "/client/v4/zones/{zone}/dns_records/export", 60},
	} {
		b.Run(kind.name, func(b *testing.B) {
			addrs := []string{at.Host, proxy.Listener.Addr().String(), gatewayAddr}
			took := make([]time.Duration, len(addrs))
			requests := 0
			for b.Loop() {
				for i, addr := range addrs {
					took[i] += c.cost(b, order{addr, w.Fill(kind.target), w.Token.Reveal(), kind.round, 16})
				}
				requests += kind.round
			}
			us := func(i int) float64 { return float64(took[i].Microseconds()) / float64(requests) }
			b.ReportMetric(us(0), "us-upstream")
			b.ReportMetric(us(1), "us-ReverseProxy")
			b.ReportMetric(us(2), "us-gateway")
			b.ReportMetric(us(2)/us(1), "of-ReverseProxy")
		})
	}
}

// newPlainTransport is net/http's own, as one would set it for the same work.
func newPlainTransport(t Timeouts) *http.Transport {
	return &http.Transport{ResponseHeaderTimeout: t.Answer, MaxIdleConnsPerHost: 64, DisableCompression: true}
}
