package vectors

import (
	"flag"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// Run makes every case, each as a test of its own, in the world of its set, and with the clock
// where the case has it. start is given each world once, and gives what makes a case in it. A case
// that is passed over, for whatever reason, fails the test.
func Run(t *testing.T, start func(t *testing.T, w *World) func(t *testing.T, c Case)) {
	t.Helper()
	sets, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var due, done atomic.Int32
	for _, set := range sets {
		due.Add(int32(len(set.Cases)))
		t.Run(set.Name, func(t *testing.T) {
			w := set.Build(t)
			try := start(t, w)
			for _, c := range set.Cases {
				t.Run(c.Name, func(t *testing.T) {
					if w.SetNow(w.Rows.Now); !c.Request.At.IsZero() {
						w.SetNow(c.Request.At)
					}
					try(t, c)
					if !t.Skipped() {
						done.Add(1)
					}
				})
			}
		})
	}
	const least = 150
	if due.Load() < least {
		t.Errorf("the files have %d cases; want at least %d", due.Load(), least)
	}
	chosen := flag.Lookup("test.run") // go test -run Test/set/case asks for a few of them
	if all := done.Load(); all != due.Load() && !t.Failed() && !strings.Contains(chosen.Value.String(), "/") {
		t.Errorf("%d cases were made, of %d in the files", all, due.Load())
	}
}

// Sent is the request of a case in a world, with nothing left to fill in.
type Sent struct {
	Method, Host, Target string
	Header               [][2]string // the credential among them
	Body                 *string     // nil for none
	Addr                 netip.Addr  // the client's; invalid for unknown
}

// Sent fills a case in.
func (w *World) Sent(t testing.TB, c Case) Sent {
	t.Helper()
	r := c.Request
	s := Sent{Method: or(r.Method, http.MethodGet), Host: or(r.Host, "api.example"), Target: w.Fill(r.Target), Addr: netip.MustParseAddr("192.0.2.1")}
	if r.Addr != nil {
		s.Addr = netip.Addr{}
		if *r.Addr != "" {
			s.Addr = netip.MustParseAddr(*r.Addr)
		}
	}
	if c.As != "" {
		s.Header = w.present(t, c.As)
	}
	typed := false
	for _, h := range r.Header {
		s.Header = append(s.Header, [2]string{h[0], w.Fill(h[1])})
		typed = typed || h[0] == "Content-Type"
	}
	if r.Body != nil {
		body := strings.Repeat(" ", r.Pad) + w.Fill(*r.Body)
		s.Body = &body
		if !typed {
			s.Header = append(s.Header, [2]string{"Content-Type", "application/json"})
		}
	}
	return s
}

// present gives the header fields with which the secret is sent.
func (w *World) present(t testing.TB, name string) [][2]string {
	t.Helper()
	secret, ok := w.secrets[name]
	if !ok {
		t.Fatalf("the world has no secret %q", name)
	}
	_, shape, err := leastkey.DefaultBrand.Parse(secret.Reveal())
	switch {
	case err != nil:
		t.Fatal(err)
	case shape == leastkey.ServiceKeySecret:
		return [][2]string{{"X-Auth-User-Service-Key", secret.Reveal()}}
	case shape == leastkey.GlobalKeySecret:
		return [][2]string{{"X-Auth-Email", w.Rows.Users[w.Rows.Credentials[name].Owner].Email}, {"X-Auth-Key", secret.Reveal()}}
	}
	return [][2]string{{"Authorization", "Bearer " + secret.Reveal()}}
}

// Guarded is the request as an adapter asks the guard about it.
func (s Sent) Guarded(can guard.Ability) guard.Request {
	r := guard.Request{Method: s.Method, Host: s.Host, Target: s.Target, Header: http.Header{}, Addr: s.Addr, Can: can}
	for _, h := range s.Header {
		r.Header.Add(h[0], h[1])
	}
	if s.Body != nil && can&guard.Bodies != 0 {
		r.Body = func(limit int64) ([]byte, error) {
			if int64(len(*s.Body)) > limit {
				return nil, guard.ErrBodyTooLarge
			}
			return []byte(*s.Body), nil
		}
	}
	return r
}

// Owner is the credential that a case is about, and whose it is; false when none was recognised.
func (w *World) Owner(c Case) (leastkey.ID, leastkey.Principal, bool) {
	name := or(c.Want.Credential, c.As)
	for row := range w.Rows.Credentials {
		if rolled := w.Rows.Credentials[row].Rolled; rolled != nil && rolled.Old == name {
			name = row
		}
	}
	made, ok := w.credentials[name]
	if !ok {
		return leastkey.ID{}, leastkey.Principal{}, false
	}
	owner, _ := w.Rows.Principal(w.Rows.Credentials[name].Owner)
	return made.ID, owner, true
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
