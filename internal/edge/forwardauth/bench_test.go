//go:build unix

package forwardauth

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/edge/bodyless"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// benchServer says in the environment which server the test program is to be, instead of testing.
const benchServer = "LEASTKEY_BENCH_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(benchServer); kind != "" {
		if err := serveBench(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveBench says where it listens and what proves a client, and then, for each line that it reads, how
// much CPU it has used.
func serveBench(kind string) error {
	w := edgetest.NewWorld(benchWorld{})
	answers := map[string]func(*bodyless.Request, *bodyless.Answer){
		"leastkey": (&authority{Config: Config{Guard: w.Guard, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, conventions: conventions()}).answer,
		"empty":    func(_ *bodyless.Request, w *bodyless.Answer) { w.Status = http.StatusOK },
	}
	var server interface{ Serve(net.Listener) error }
	server, err := bodyless.New(bodyless.Config{Answer: answers[kind], Start: time.Now(), Tick: time.Tick(time.Second), Log: slog.Default()})
	if kind == "net/http" {
		server, err = &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}, nil //nolint:gosec // it is asked by us alone
	}
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	fmt.Println(l.Addr(), w.Fill("{zone} {token}"))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			return err
		}
		fmt.Println(syscall.TimevalToNsec(used.Utime) + syscall.TimevalToNsec(used.Stime))
	}
	return nil
}

// benchWorld stands in for a test, of which nothing may fail.
type benchWorld struct{ testing.TB }

func (benchWorld) Helper()                   {}
func (benchWorld) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (benchWorld) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// asked is a server in a process of its own, with connections on which it is asked.
type asked struct {
	in          io.Writer
	out         *bufio.Reader
	question    []byte
	connections []net.Conn
	wants       string
	costs       []float64
}

// startAsked starts the test program as a server.
func startAsked(b *testing.B, kind, wants string) *asked {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), benchServer+"="+kind)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	s := &asked{in: in, out: bufio.NewReader(out), wants: wants}
	b.Cleanup(func() {
		for _, c := range s.connections {
			_ = c.Close()
		}
		_ = in.Close()
		_ = command.Wait()
	})
	var addr, zone, token string
	if _, err := fmt.Fscanln(s.out, &addr, &zone, &token); err != nil {
		b.Fatal(err)
	}
	s.question = []byte(strings.NewReplacer("{zone}", zone, "{token}", token).Replace(
		"GET /auth/nginx HTTP/1.1\r\nX-Forwarded-For: 203.0.113.7\r\nX-Original-Method: GET\r\nX-Original-URI: /client/v4/zones/{zone}/dns_records/0123456789abcdef0123456789abcdef\r\n" +
			"X-Original-Host: api.example\r\nHost: leastkey\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\r\n"))
	for range 16 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		s.connections = append(s.connections, c)
	}
	return s
}

// cpu is the time that the server has used, in nanoseconds.
func (s *asked) cpu(b *testing.B) (used int64) {
	b.Helper()
	fmt.Fprintln(s.in)
	if _, err := fmt.Fscanln(s.out, &used); err != nil {
		b.Fatal(err)
	}
	return used
}

// ask asks n times on every connection.
func (s *asked) ask(b *testing.B, n int) {
	before := s.cpu(b)
	var all sync.WaitGroup
	for _, c := range s.connections {
		all.Go(func() {
			answer := make([]byte, 4096)
			for range n {
				if _, err := c.Write(s.question); err != nil {
					b.Error(err)
					return
				}
				got, err := c.Read(answer)
				if err != nil || !bytes.HasPrefix(answer[:got], []byte("HTTP/1.1 "+s.wants)) {
					b.Errorf("%q %v", answer[:got], err)
					return
				}
			}
		})
	}
	all.Wait()
	s.costs = append(s.costs, float64(s.cpu(b)-before)/float64(n*len(s.connections))/1000)
}

// BenchmarkQuestion says what CPU a question costs the server, in microseconds and as a multiple of
// what an empty answer of the same server costs in the same run.
func BenchmarkQuestion(b *testing.B) {
	servers := map[string]*asked{"leastkey": startAsked(b, "leastkey", "204"), "empty": startAsked(b, "empty", "200"), "net/http": startAsked(b, "net/http", "200")}
	for b.Loop() {
		for _, s := range servers {
			s.ask(b, 500)
		}
	}
	middle := func(of string) float64 {
		costs := slices.Sorted(slices.Values(servers[of].costs))
		return costs[len(costs)/2]
	}
	b.ReportMetric(middle("leastkey"), "us-leastkey")
	b.ReportMetric(middle("empty"), "us-empty")
	b.ReportMetric(middle("net/http"), "us-net/http-empty")
	b.ReportMetric(middle("leastkey")/middle("empty"), "x-empty")
}
