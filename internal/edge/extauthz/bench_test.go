//go:build unix

package extauthz

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

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

// nothing answers yes, whatever it is asked.
type nothing struct {
	auth.UnimplementedAuthorizationServer
}

func (nothing) Check(context.Context, *auth.CheckRequest) (*auth.CheckResponse, error) {
	return &auth.CheckResponse{Status: &status.Status{}}, nil
}

// serveBench says where it listens, and which question is allowed, and then, for each line that it
// reads, how much CPU it has used.
func serveBench(kind string) error {
	w := edgetest.NewWorld(benchWorld{})
	s, err := NewServer(Config{Guard: w.Guard, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: slog.Default()})
	if err != nil {
		return err
	}
	if kind == "empty" {
		s = &Server{newGRPC()}
		auth.RegisterAuthorizationServer(s.grpc, nothing{})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	q := sound(w, [][2]string{{"user-agent", "curl/7.88.1"}, {"x-forwarded-proto", "https"}, {"x-request-id", "0c5bd5a2-1d8c-4a2b-9ef1-2a0a3ef0f2f7"}, {"content-type", "application/json"}}...)
	q.Attributes.Source = &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "198.51.100.7"}}}}
	wire, err := proto.Marshal(q)
	if err != nil {
		return err
	}
	fmt.Printf("%s %x\n", l.Addr(), wire)
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

// asked is a server in a process of its own, with a connection on which it is asked.
type asked struct {
	auth.AuthorizationClient
	in       io.Writer
	out      *bufio.Reader
	question *auth.CheckRequest
	costs    []float64
}

// startAsked starts the test program as a server.
func startAsked(b *testing.B, kind string) *asked {
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
	s := &asked{in: in, out: bufio.NewReader(out), question: &auth.CheckRequest{}}
	var addr string
	var wire []byte
	if _, err := fmt.Fscanf(s.out, "%s %x\n", &addr, &wire); err != nil {
		b.Fatal(err)
	}
	if err := proto.Unmarshal(wire, s.question); err != nil {
		b.Fatal(err)
	}
	connection, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	s.AuthorizationClient = auth.NewAuthorizationClient(connection)
	b.Cleanup(func() {
		_ = connection.Close()
		_ = in.Close()
		_ = command.Wait()
	})
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

// ask asks n times from each of sixteen sides, on one connection as Envoy does.
func (s *asked) ask(b *testing.B, n int) {
	const sides = 16
	before := s.cpu(b)
	var all sync.WaitGroup
	for range sides {
		all.Go(func() {
			for range n {
				if answer, err := s.Check(b.Context(), s.question); err != nil || answer.GetStatus().GetCode() != 0 {
					b.Errorf("%v %v", answer, err)
					return
				}
			}
		})
	}
	all.Wait()
	s.costs = append(s.costs, float64(s.cpu(b)-before)/float64(n*sides)/1000)
}

// BenchmarkQuestion says what CPU a question costs the server, in microseconds and as a multiple of
// what a server costs in the same run that says yes to everything.
func BenchmarkQuestion(b *testing.B) {
	servers := map[string]*asked{"leastkey": startAsked(b, "leastkey"), "empty": startAsked(b, "empty")}
	for b.Loop() {
		for _, s := range servers {
			s.ask(b, 300)
		}
	}
	middle := func(of string) float64 {
		costs := slices.Sorted(slices.Values(servers[of].costs))
		return costs[len(costs)/2]
	}
	b.ReportMetric(middle("leastkey"), "us-leastkey")
	b.ReportMetric(middle("empty"), "us-empty")
	b.ReportMetric(middle("leastkey")/middle("empty"), "x-empty")
}

// BenchmarkAdapter says what a question costs beside gRPC and the guard: to read it, and to answer.
func BenchmarkAdapter(b *testing.B) {
	w := edgetest.NewWorld(b)
	a := &authorization{Config: Config{Guard: w.Guard}, names: knownNames()}
	q := sound(w, [][2]string{{"user-agent", "curl/7.88.1"}, {"x-forwarded-proto", "https"}, {"x-request-id", "0c5bd5a2-1d8c-4a2b-9ef1-2a0a3ef0f2f7"}, {"content-type", "application/json"}}...)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.read(q); err != nil {
				b.Fatal(err)
			}
		}
	})
	r, err := a.read(q)
	if err != nil {
		b.Fatal(err)
	}
	v := w.Guard.Check(b.Context(), r.Request)
	b.Run("guard", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.Guard.Check(b.Context(), r.Request)
		}
	})
	b.Run("allow", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			allow(r, v)
		}
	})
	b.Run("plainly", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plainly(r, v)
		}
	})
}
