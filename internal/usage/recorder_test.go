package usage_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/usage"
	"pgregory.net/rapid"
)

// shelf keeps uses in memory, while it works.
type shelf struct {
	mu     sync.Mutex
	broken error
	room   int // uses it takes before it breaks of itself; 0: any number
	uses   []control.Use
	sizes  []int // of what was handed on at once
	called chan struct{}
}

func (s *shelf) RecordUses(ctx context.Context, uses []control.Use) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.called != nil {
		s.called <- struct{}{}
	}
	if s.broken != nil {
		return s.broken
	}
	if s.room > 0 && len(s.uses)+len(uses) > s.room {
		return errFull
	}
	s.uses, s.sizes = append(s.uses, uses...), append(s.sizes, len(uses))
	return ctx.Err()
}

var errFull = errors.New("the disk is full")

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// observed is the nth request: by a credential, with one of its secrets.
func observed(n int, credential uint16, secret byte) guard.Observation {
	return guard.Observation{
		Credential: leastkey.ID{byte(credential), byte(credential >> 8)}, Secret: leastkey.SecretHash{byte(credential), byte(credential >> 8), secret},
		At: epoch.Add(time.Duration(n)), Reason: leastkey.Granted, Allowed: true,
	}
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestUsesAreHandedOn(t *testing.T) {
	o := observed(1, 1, 1)
	o.Addr, o.Method, o.Operation = netip.MustParseAddr("2001:db8::1"), "GET", "GET /zones/{zone_id}"
	want := control.Use{Credential: o.Credential, Secret: o.Secret, At: o.At, Addr: o.Addr, Operation: o.Operation}
	for _, c := range []struct {
		name            string
		target          leastkey.Resource
		reason          leastkey.Reason
		wantTarget, why string
	}{
		{"allowed", leastkey.Resource{Type: "zone", ID: "7d"}, leastkey.Granted, "zone 7d", ""},
		{"a list", leastkey.Resource{Type: "zone"}, leastkey.Granted, "zone", ""},
		{"refused", leastkey.Resource{}, leastkey.CredentialExpired, "", "credential_expired"},
		{"refused for no matter of rights", leastkey.Resource{}, leastkey.DeniedByDefault, "", "denied_by_default"},
	} {
		s := &shelf{}
		r := usage.New(s, silent())
		o.Target, o.Reason, o.Allowed = c.target, c.reason, c.reason == leastkey.Granted
		want.Target, want.Reason, want.Allowed = c.wantTarget, c.why, o.Allowed
		r.Observe(o)
		if len(s.uses) != 0 {
			t.Errorf("%s: handed on at once", c.name)
		}
		for range 2 { // what is handed on is not handed on again
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(s.uses, []control.Use{want}) {
			t.Errorf("%s: %+v, want %+v", c.name, s.uses, want)
		}
	}
}

// Whatever comes, and however often the sink fails: uses arrive once, those of a credential in
// order; the newest use of every secret arrives; and all do when a credential has few.
func TestUsesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{}
		r := usage.New(s, silent())
		told := map[leastkey.ID][]time.Time{}
		last := map[leastkey.SecretHash]time.Time{}
		waiting := map[leastkey.ID]int{}
		full := map[leastkey.ID]bool{}
		number := 0
		flush := func(fails bool) {
			if s.broken = nil; fails && len(waiting) > 0 { // without uses the sink is not asked
				s.broken = errFull
			}
			if err := r.Flush(context.Background()); !errors.Is(err, s.broken) {
				t.Fatalf("flush: %v, want %v", err, s.broken)
			}
			if !fails {
				clear(waiting)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"uses": func(t *rapid.T) {
				credential := rapid.Uint16Range(1, 3).Draw(t, "credential")
				secret := rapid.ByteRange(1, 2).Draw(t, "secret")
				for range rapid.IntRange(1, 30).Draw(t, "times") {
					number++
					o := observed(number, credential, secret)
					r.Observe(o)
					told[o.Credential] = append(told[o.Credential], o.At)
					last[o.Secret] = o.At
					if waiting[o.Credential]++; waiting[o.Credential] > 20 {
						full[o.Credential] = true
					}
				}
			},
			"flush": func(t *rapid.T) { flush(rapid.Bool().Draw(t, "fails")) },
		})
		flush(false)
		kept := map[leastkey.ID][]time.Time{}
		lastKept := map[leastkey.SecretHash]time.Time{}
		for _, u := range s.uses {
			if got := kept[u.Credential]; len(got) > 0 && !got[len(got)-1].Before(u.At) {
				t.Fatalf("use %v came after %v", u.At, got[len(got)-1])
			}
			kept[u.Credential] = append(kept[u.Credential], u.At)
			lastKept[u.Secret] = u.At
		}
		if diff := cmp.Diff(last, lastKept); diff != "" {
			t.Fatalf("the last uses: %s", diff)
		}
		for id, all := range told {
			if !full[id] && !slices.Equal(all, kept[id]) {
				t.Fatalf("of %v, %v were kept", all, kept[id])
			}
			if n := min(len(all), 19); !slices.Equal(all[len(all)-n:], kept[id][len(kept[id])-n:]) {
				t.Fatalf("the newest are %v, and %v were kept", all, kept[id])
			}
		}
	})
}

// A credential keeps 20 uses, and the last one of each of its secrets.
func TestBoundOfOneCredential(t *testing.T) {
	s := &shelf{}
	r := usage.New(s, silent())
	r.Observe(observed(1, 1, 1))
	for n := 2; n <= 1000; n++ {
		r.Observe(observed(n, 1, 2))
	}
	for n := 1001; n <= 1030; n++ { // never seen: more secrets than a token can have
		r.Observe(observed(n, 2, byte(n-1000)))
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, u := range s.uses {
		got = append(got, int(u.At.Sub(epoch)))
	}
	want := []int{1}
	for n := 982; n <= 1000; n++ {
		want = append(want, n)
	}
	for n := 1011; n <= 1030; n++ {
		want = append(want, n)
	}
	if !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

// Every other credential has one secret. Past 10,000 credentials, each keeps the last use of each of its secrets; and nobody hands on
// more than 500 uses at once.
func TestBoundOfAllCredentials(t *testing.T) {
	s := &shelf{broken: errFull}
	r := usage.New(s, silent())
	const crowd, late = 10_000, 100
	for n := range 3 {
		for c := range uint16(crowd + late) {
			r.Observe(observed(10*n+1, c, 1))
			r.Observe(observed(10*n+2, c, byte(2-c%2)))
		}
		if err := r.Flush(t.Context()); err == nil { // so that what waited and what comes must be put together
			t.Fatal("no error from a broken sink")
		}
	}
	s.broken = nil
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := crowd*6 + late/2 + late/2*2; len(s.uses) != want {
		t.Errorf("%d uses, want %d", len(s.uses), want)
	}
	last := map[leastkey.SecretHash]time.Duration{}
	for _, u := range s.uses {
		last[u.Secret] = u.At.Sub(epoch)
	}
	for secret, at := range last {
		want := time.Duration(22)
		if secret[0]%2 == 0 && secret[2] == 1 {
			want = 21
		}
		if at != want {
			t.Fatalf("secret %x was last used at %d, want %d", secret[:3], at, want)
		}
	}
	if want := (crowd + late) / 2 * 3; len(last) != want {
		t.Errorf("%d secrets were used, want %d", len(last), want)
	}
	if largest := slices.Max(s.sizes); largest > 500 || len(s.sizes) > 2*len(s.uses)/500 {
		t.Errorf("%d uses at once, in %d parts", largest, len(s.sizes))
	}
}

// What a sink took before it broke is not handed on again, and what comes then is.
func TestFailureHalfWay(t *testing.T) {
	s := &shelf{room: 500}
	r := usage.New(s, silent())
	const credentials = 800
	for n := range 2 {
		for c := range uint16(credentials) {
			r.Observe(observed(n, c, 1))
		}
		if err := r.Flush(t.Context()); !errors.Is(err, errFull) {
			t.Fatalf("flush: %v", err)
		}
	}
	s.room = 0
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := map[leastkey.ID][]time.Duration{}
	for _, u := range s.uses {
		kept[u.Credential] = append(kept[u.Credential], u.At.Sub(epoch))
	}
	for id, at := range kept {
		if !slices.Equal(at, []time.Duration{0, 1}) {
			t.Fatalf("of %v, %v were kept", id, at)
		}
	}
	if len(kept) != credentials {
		t.Errorf("uses of %d credentials, want %d", len(kept), credentials)
	}
}

func TestFailuresAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	s := &shelf{}
	r := usage.New(s, slog.New(slog.NewTextHandler(&log, nil)))
	for n, broken := range []error{nil, errFull, errFull, nil, nil, errors.New("the disk has gone")} {
		r.Observe(observed(n, 1, 1))
		if s.broken = broken; !errors.Is(r.Flush(t.Context()), broken) {
			t.Errorf("flush %d: not %v", n, broken)
		}
	}
	for text, want := range map[string]int{"cannot be recorded": 2, "recorded again": 1, "the disk is full": 1, "the disk has gone": 1} {
		if got := strings.Count(log.String(), text); got != want {
			t.Errorf("%q is logged %d times, want %d:\n%s", text, got, want, log.String())
		}
	}
}

// A sink that hangs holds up no request.
func TestObserveDoesNotWaitForTheSink(t *testing.T) {
	s := &shelf{called: make(chan struct{})}
	r := usage.New(s, silent())
	r.Observe(observed(1, 1, 1))
	done := make(chan error)
	go func() { done <- r.Flush(t.Context()) }()
	for s.mu.TryLock() { // until the sink hangs
		s.mu.Unlock()
	}
	r.Observe(observed(2, 1, 1))
	<-s.called
	if err := <-done; err != nil || len(s.uses) != 1 {
		t.Errorf("%v, %d uses", err, len(s.uses))
	}
}

// Run flushes at each tick, and at the end what came after the last: with a context that is not
// done, whatever became of the one it was given.
func TestRun(t *testing.T) {
	s := &shelf{called: make(chan struct{}, 8)}
	r := usage.New(s, silent())
	ctx, stop := context.WithCancel(t.Context())
	tick, ended := make(chan time.Time), make(chan error)
	go func() { ended <- r.Run(ctx, tick) }()
	r.Observe(observed(1, 1, 1))
	tick <- epoch
	<-s.called
	tick <- epoch // with nothing to hand on
	r.Observe(observed(2, 1, 1))
	stop()
	if err := <-ended; err != nil || len(s.uses) != 2 {
		t.Errorf("%v, %d uses", err, len(s.uses))
	}
	r.Observe(observed(3, 1, 1))
	s.broken = errFull
	if err := r.Run(ctx, tick); !errors.Is(err, s.broken) {
		t.Errorf("the last flush failed, and Run says %v", err)
	}
}

// Many requests at once lose and repeat nothing.
func TestObserveFromManyGoroutines(t *testing.T) {
	s := &shelf{}
	r := usage.New(s, silent())
	var wg sync.WaitGroup
	for c := range uint16(8) {
		wg.Go(func() {
			for n := range 200 {
				r.Observe(observed(n, c, 1))
				if n%10 == 9 {
					if err := r.Flush(context.Background()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	of := map[leastkey.ID]int{}
	for _, u := range s.uses {
		if n := int(u.At.Sub(epoch)); n != of[u.Credential] {
			t.Fatalf("use %d of %v came as number %d", n, u.Credential, of[u.Credential])
		}
		of[u.Credential]++
	}
	if len(s.uses) != 8*200 {
		t.Errorf("%d uses, want %d", len(s.uses), 8*200)
	}
}

func BenchmarkObserve(b *testing.B) {
	r := usage.New(&shelf{}, silent())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			r.Observe(observed(n, uint16(n%100), byte(n%2)))
		}
	})
}
