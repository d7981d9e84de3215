package bodyless

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/edge/gateway"
	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
)

// Nothing of one request is seen by another, on its connection or beside it, and what was kept of one
// stays what it was.
func TestNothingIsShared(t *testing.T) {
	type seen struct{ target, value string }
	var mu sync.Mutex
	var kept []seen
	r := run(t, func(q *Request, a *Answer) {
		id := strings.TrimPrefix(q.Target, "/")
		values := q.Header["X-"+strings.ToUpper(id[:1])]
		if len(q.Header) != 2 || !slices.Equal(values, []string{id, id}) || len(q.Header["Accept"]) != 1 {
			return
		}
		mu.Lock()
		kept = append(kept, seen{q.Target, values[0]})
		mu.Unlock()
		a.Status = http.StatusOK
		a.Set("X-Id", id)
	})
	var all sync.WaitGroup
	for i := range 20 {
		p := r.dial(t)
		all.Go(func() {
			for j := range 50 {
				id := fmt.Sprintf("%c%d-%d", 'a'+(i+j)%7, i, j)
				fmt.Fprintf(p, "GET /%s HTTP/1.1\r\nHost: a\r\nx-%c: %s\r\nX-%c: %s\r\nAccept: %s\r\n\r\n", id, id[0], id, id[0], id, strings.Repeat("x", j))
				answer, err := http.ReadResponse(p.in, nil)
				if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("X-Id") != id {
					t.Errorf("%s: %v %v", id, answer, err)
					return
				}
			}
		})
	}
	all.Wait()
	if len(kept) != 20*50 {
		t.Fatalf("%d requests were kept", len(kept))
	}
	for _, k := range kept {
		if k.target != "/"+k.value {
			t.Errorf("%q became %q", k.target, k.value)
		}
	}
}

// Whatever the pieces in which requests come, each is answered once, in order.
func TestPiecesDoNotMatter(t *testing.T) {
	r := run(t, func(q *Request, a *Answer) {
		a.Status = http.StatusOK
		a.Set("X-Target", q.Target)
	})
	rapid.Check(t, func(rt *rapid.T) {
		var raw string
		lengths := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 100, 3000, firstBuffer, 3 * firstBuffer}), 1, 6).Draw(rt, "lengths")
		for i, n := range lengths {
			raw += fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n", i, strings.Repeat("x", n))
		}
		pieces := rapid.SliceOfN(rapid.IntRange(1, 5000), 1, 20).Draw(rt, "pieces")
		p := r.dial(t)
		defer p.Close()
		go func() {
			for i := 0; raw != ""; i++ {
				n := min(pieces[i%len(pieces)], len(raw))
				if _, err := io.WriteString(p, raw[:n]); err != nil {
					return
				}
				raw = raw[n:]
			}
		}()
		for i := range lengths {
			if answer, _ := p.read("GET"); answer.StatusCode != http.StatusOK || answer.Header.Get("X-Target") != fmt.Sprintf("/%d", i) {
				rt.Fatalf("request %d is answered %d %v", i, answer.StatusCode, answer.Header)
			}
		}
	})
}

// Law 5: a hostile request is refused as before net/http with its filter, or read as there. Bodies
// alone are refused here.
func TestLaw5HostileRequests(t *testing.T) {
	w := edgetest.NewWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	old := gateway.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		fmt.Fprintf(w, "%s %s %q", r.Method, r.RequestURI, r.Header)
	}), slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- old.Serve(gateway.Listen(l)) }()
	defer func() { _ = old.Close(); <-ended }()
	before, now := &running{addr: l.Addr().String()}, run(t, tells)
	w.Hostile(t, func(t *testing.T, raw string) {
		was, is := before.exchange(t, raw), now.exchange(t, raw)
		if len(is) > 0 && strings.Contains(is[len(is)-1], "A question has no body") {
			if was = was[:min(len(was), len(is)-1)]; !strings.Contains(raw, "Content-Length") && !strings.Contains(strings.ToLower(raw), "chunked") {
				t.Error("refused for a body that is not there")
			}
			is = is[:len(is)-1]
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%q: net/http behind the filter (-) answers otherwise:\n%s", raw, diff)
		}
	})
}

// exchange gives all answers.
func (r *running) exchange(t *testing.T, raw string) (answers []string) {
	t.Helper()
	p := r.dial(t)
	_, _ = io.WriteString(p, raw)
	for {
		answer, err := http.ReadResponse(p.in, nil)
		if err != nil {
			return answers
		}
		body, _ := io.ReadAll(answer.Body)
		answers = append(answers, fmt.Sprintf("%d %s", answer.StatusCode, body))
	}
}

// What is read here is what net/http reads.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		simple,
		"GET /auth/nginx?a=%20b HTTP/1.1\r\nHost: leastkey\r\nx-original-uri: /a\r\nX-Original-URI: /b\r\nAuthorization:\tBearer x \r\n\r\n",
		"POST / HTTP/1.0\r\nHost: a:80\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nConnection: close, te\r\nTE: trailers\r\nX_A.b!: c\r\nPragma: no-cache\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nÄ: b\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	var r Request // as on a connection, each behind the one before
	f.Fuzz(func(t *testing.T, raw []byte) {
		end, fault := framing.HeadEnd(raw, 0)
		if end == 0 || fault != 0 {
			return
		}
		r.reset()
		if r.read(string(raw[:end])) != 0 {
			return
		}
		want, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(raw[:end]))))
		if err != nil {
			t.Fatalf("%q is taken; net/http does not: %v", raw, err)
		}
		if body, err := io.ReadAll(want.Body); err != nil || len(body) > 0 || len(want.Trailer) > 0 {
			t.Fatalf("%q has a body for net/http: %q, %v", raw, body, err)
		}
		if slices.Equal(want.Header["Pragma"], []string{"no-cache"}) && len(r.Header["Cache-Control"]) == 0 {
			delete(want.Header, "Cache-Control") // net/http adds it
		}
		last := want.Close || !want.ProtoAtLeast(1, 1)
		if want.Method != r.Method || want.RequestURI != r.Target || last != r.last || (r.Method == http.MethodHead) != r.head || !cmp.Equal(want.Header, r.Header) {
			t.Fatalf("%q: read as %+v; net/http reads %+v", raw, r, want)
		}
	})
}
