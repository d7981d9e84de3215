package guard_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crypto/rand"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

const feedKey = "0123456789abcdef0123456789abcdef"

func newFeed(t testing.TB, s *guard.State) *guard.Feed {
	t.Helper()
	f, err := guard.NewFeed(guard.FeedConfig{State: s, Key: feedKey, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// swapped is a handler that can be another from one request to the next.
type swapped struct{ now atomic.Pointer[http.Handler] }

func (s *swapped) use(h http.Handler) { s.now.Store(&h) }

func (s *swapped) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.now.Load()).ServeHTTP(w, r) }

// node serves a handler in the place of a node's feed.
func node(t testing.TB, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// kept is what a follower logs.
type kept struct {
	mu   sync.Mutex
	text strings.Builder
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(p)
}

func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.String()
}

// follow runs a follower until the test ends.
func follow(t testing.TB, c guard.FollowConfig) *guard.State {
	t.Helper()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Key == "" {
		c.Key = feedKey
	}
	f, err := guard.NewFollower(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		if _, sure := f.State().Revision(); sure {
			t.Error("a follower that has ended is sure")
		}
	})
	return f.State()
}

// reaches waits until the state is at the origin's revision and has its catalogue.
func reaches(t failer, s, origin *guard.State) {
	t.Helper()
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	want, _ := origin.Revision()
	for {
		changed := s.Changed()
		if got, sure := s.Revision(); sure && got == want && s.Catalog().Digest() == origin.Catalog().Digest() {
			return
		}
		select {
		case <-changed:
		case <-patience.C:
			got, sure := s.Revision()
			t.Fatal(fmt.Sprintf("the follower is at %d (sure: %t), the origin at %d", got, sure, want))
		}
	}
}

func guardOf(t testing.TB, s *guard.State, now func() time.Time) *guard.Guard {
	t.Helper()
	g, err := guard.New(guard.Config{State: s, Brand: leastkey.DefaultBrand, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// asks is what somebody asks of a shop.
func asks(c *leastkeytest.Credential, method, target string) guard.Request {
	r := c.Request(method, target, "")
	return guard.Request{Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header, Can: guard.AllAbilities, Addr: guard.Peer(r)}
}

// A follower at the revision of its origin decides as the origin does, whatever happened there and
// however it heard of it.
func TestFollowerDecidesAsItsOrigin(t *testing.T) {
	other, err := catalog.Load("shops.yaml", []byte(strings.ReplaceAll(shopsYAML, "any_of: [Shop Write]", "any_of: [Shop Read]")))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		w := newShop(t, "Shop Read")
		first := w.State.Catalog()
		server := httptest.NewServer(newFeed(t, w.State))
		defer server.Close()
		f, err := guard.NewFollower(guard.FollowConfig{URL: server.URL, Key: feedKey, Now: time.Now, Log: slog.New(slog.DiscardHandler), Bound: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { f.Run(ctx) })
		defer running.Wait()
		defer stop()
		there := guardOf(t, f.State(), w.Now)

		acme, ada := w.Account("acme"), w.User("ada@example.com")
		tokens := []*leastkeytest.Credential{w.token, w.Key(ada)}
		shops := []string{"7", "8", "9"}
		compared := 0
		compare := func(r *rapid.T) {
			reaches(r, f.State(), w.State)
			for _, token := range tokens {
				for _, id := range shops {
					for _, method := range []string{"GET", "PUT"} {
						asked := asks(token, method, "/shops/"+id)
						here, there := w.Guard.Check(ctx, asked), there.Check(ctx, asked)
						if here.Decision.Reason != there.Decision.Reason || here.Allowed() != there.Allowed() || here.Target.Known != there.Target.Known ||
							here.Credential.ID != there.Credential.ID || !here.Allowed() && here.Denial().Status != there.Denial().Status {
							r.Fatalf("%s %s: %s here, %s there", method, asked.Target, here.Decision.Reason, there.Decision.Reason)
						}
						compared++
					}
				}
			}
		}
		token := rapid.Custom(func(r *rapid.T) *leastkeytest.Credential {
			return tokens[rapid.IntRange(0, len(tokens)-1).Draw(r, "token")]
		})
		id := rapid.SampledFrom(shops)
		r.Repeat(map[string]func(*rapid.T){
			"":        func(*rapid.T) {},
			"compare": compare,
			"token": func(r *rapid.T) {
				grant := leastkeytest.Allow(rapid.SampledFrom([]string{"Shop Read", "Shop Write"}).Draw(r, "group"))
				if rapid.Bool().Draw(r, "deny") {
					grant = leastkeytest.Deny("Shop Read")
				}
				on := rapid.SampledFrom([]leastkey.Pattern{
					leastkey.PatternEvery("shop"), leastkey.PatternUnder("shop", acme.Resource()), leastkey.PatternOne(leastkey.Resource{Type: "shop", ID: id.Draw(r, "id")}),
				}).Draw(r, "on")
				tokens = append(tokens, w.Token(ada, leastkeytest.Allow("Shop Read").On(leastkey.PatternEvery("shop")), grant.On(on),
					leastkeytest.From("192.0.2.0/24"), leastkeytest.Expires(w.Now().Add(time.Hour))))
			},
			"revoke":  func(r *rapid.T) { token.Draw(r, "token").Revoke() },
			"roll":    func(r *rapid.T) { token.Draw(r, "token").Roll(time.Minute) },
			"join":    func(*rapid.T) { w.Join(ada, acme, "Super Administrator") },
			"leave":   func(*rapid.T) { w.Leave(ada, acme) },
			"disable": func(*rapid.T) { w.Disable(ada) },
			"enable":  func(*rapid.T) { w.User("ada@example.com") },
			"add":     func(r *rapid.T) { w.Resource("shop", id.Draw(r, "id"), acme.Resource()) },
			"remove":  func(r *rapid.T) { w.Remove(leastkey.Resource{Type: "shop", ID: id.Draw(r, "id")}) },
			"swap":    func(*rapid.T) { w.State.UseCatalog(other) },
			"back":    func(*rapid.T) { w.State.UseCatalog(first) },
			"later":   func(*rapid.T) { w.SetNow(w.Now().Add(20 * time.Minute)) },
		})
		compare(r)
		if compared == 0 {
			t.Error("nothing was compared")
		}
	})
}

// Law 8: what was revoked is refused by a follower as soon as it hears of it, and when it hears
// nothing any more, it refuses everything once its lease is over.
func TestLaw8FollowersKeepTheBound(t *testing.T) {
	w := newShop(t, "Shop Read")
	var passed atomic.Int64 // of the follower's clock
	start := time.Now()
	served := &swapped{}
	served.use(newFeed(t, w.State))
	log := &kept{}
	state := follow(t, guard.FollowConfig{URL: node(t, served), Now: func() time.Time { return start.Add(time.Duration(passed.Load())) },
		Log: slog.New(slog.NewTextHandler(log, nil))})
	there := guardOf(t, state, w.Now)
	status := func() int {
		if v := there.Check(context.Background(), asks(w.token, "GET", "/shops/7")); !v.Allowed() {
			return v.Denial().Status
		}
		return 200
	}
	reaches(t, state, w.State)
	if got := status(); got != 200 {
		t.Fatalf("%d", got)
	}

	broken := make(chan struct{}, 100)
	served.use(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		broken <- struct{}{}
	}))
	<-broken // what was asked before has been answered
	<-broken
	w.token.Revoke()
	passed.Store(int64(guard.DefaultBound) - 1)
	if got := status(); got != 200 {
		t.Errorf("before the bound: %d", got)
	}
	passed.Store(int64(guard.DefaultBound))
	if got := status(); got != 503 {
		t.Errorf("at the bound: %d", got)
	}
	if _, sure := state.Revision(); sure {
		t.Error("the state is sure after its lease")
	}
	if !strings.Contains(log.String(), "502") {
		t.Errorf("the log does not say why: %s", log)
	}

	served.use(newFeed(t, w.State))
	reaches(t, state, w.State)
	if got := status(); got != 401 {
		t.Errorf("when the feed is back: %d", got)
	}
}

// A change is known to followers in the answer that waits for it, not with the next question.
func TestFollowersHearAtOnce(t *testing.T) {
	w := newShop(t, "Shop Read")
	waits := make(chan struct{}, 1000)
	feed := newFeed(t, w.State)
	state := follow(t, guard.FollowConfig{Bound: time.Hour, URL: node(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		waits <- struct{}{}
		feed.ServeHTTP(w, r)
	}))})
	reaches(t, state, w.State)
	there := guardOf(t, state, w.Now)
	for range 100 {
		token := w.Token(w.User("ada@example.com"), leastkeytest.Allow("Shop Read").On(leastkey.PatternEvery("shop")))
		reaches(t, state, w.State)
		if v := there.Check(t.Context(), asks(token, "GET", "/shops/7")); !v.Allowed() {
			t.Fatalf("%+v", v.Denial())
		}
		token.Revoke()
		reaches(t, state, w.State)
		if v := there.Check(t.Context(), asks(token, "GET", "/shops/7")); v.Allowed() || v.Denial().Status != 401 {
			t.Fatalf("%+v", v)
		}
	}
	if asked := len(waits); asked > 500 {
		t.Errorf("it asked %d times for 300 changes", asked)
	}
}

// A follower that is refused, or sent elsewhere, says so and stays closed; the key goes nowhere else.
func TestFollowerSaysWhyItIsRefused(t *testing.T) {
	w := newShop(t, "Shop Read")
	elsewhere := node(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked elsewhere with %v", r.Header) }))
	for name, c := range map[string]struct {
		h    http.Handler
		key  string
		says string
	}{
		"another key":    {newFeed(t, w.State), strings.Repeat("x", 32), "refuses the key"},
		"part of it":     {newFeed(t, w.State), feedKey + "0", "refuses the key"},
		"another place":  {http.RedirectHandler(elsewhere, http.StatusFound), feedKey, "status 302"},
		"a page":         {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "welcome") }), feedKey, "no feed"},
		"a later form":   {feedSaying(`{"feed":2,"epoch":"e","revision":1,"whole":true,"catalog":""}`), feedKey, "does not understand"},
		"unsure as well": {newFeed(t, guard.NewState(w.State.Catalog())), feedKey, "status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			log, tries := &kept{}, make(chan struct{}, 100)
			state := follow(t, guard.FollowConfig{Key: c.key, Log: slog.New(slog.NewTextHandler(log, nil)), URL: node(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tries <- struct{}{}
				c.h.ServeHTTP(w, r)
			}))})
			for range 3 { // when it asks again it has heard
				<-tries
			}
			if _, sure := state.Revision(); sure || !strings.Contains(log.String(), c.says) || strings.Count(log.String(), "\n") != 1 || strings.Contains(log.String(), feedKey) {
				t.Errorf("sure: %t; the log says %q, want once %q", sure, log, c.says)
			}
		})
	}
}

// feedSaying answers with some lines.
func feedSaying(lines ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		fmt.Fprintln(w, strings.Join(lines, "\n"))
	})
}

// Over TLS, the node is one that the follower's client trusts.
func TestFollowerOverTLS(t *testing.T) {
	w := newShop(t, "Shop Read")
	server := httptest.NewTLSServer(newFeed(t, w.State))
	t.Cleanup(server.Close)
	state := follow(t, guard.FollowConfig{URL: server.URL, Client: server.Client()})
	reaches(t, state, w.State)
	if server.Client().CheckRedirect != nil {
		t.Error("the client that was handed in is another now")
	}
	log, tries := &kept{}, make(chan struct{}, 100)
	stranger := follow(t, guard.FollowConfig{URL: server.URL, Log: slog.New(slog.NewTextHandler(io.MultiWriter(log, told(tries)), nil))})
	<-tries
	if _, sure := stranger.Revision(); sure || !strings.Contains(log.String(), "certificate") {
		t.Errorf("sure: %t; the log says %q", sure, log)
	}
}

// told is told of every line.
type told chan struct{}

func (t told) Write(p []byte) (int, error) {
	t <- struct{}{}
	return len(p), nil
}

// A node that starts again may know less than before, or another history: its followers take all
// that it says, also when that is an earlier revision.
func TestFollowerTakesAnotherHistory(t *testing.T) {
	before, after := newShop(t, "Shop Read"), newShop(t, "Shop Write")
	for range 20 {
		before.Account("acme")
	}
	served := &swapped{}
	served.use(newFeed(t, before.State))
	state := follow(t, guard.FollowConfig{URL: node(t, served)})
	reaches(t, state, before.State)
	served.use(newFeed(t, after.State))
	reaches(t, state, after.State)
	there := guardOf(t, state, after.Now)
	for method, want := range map[string]bool{"GET": false, "PUT": true} {
		if v := there.Check(t.Context(), asks(after.token, method, "/shops/7")); v.Allowed() != want {
			t.Errorf("%s: %+v", method, v)
		}
	}
}
