package usage_test

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/usage"
)

// asks makes requests of many tokens, in turn.
type asks []guard.Request

func asksOf(tb testing.TB, n *Node, tokens int) (asks, []Token) {
	tb.Helper()
	var all asks
	var made []Token
	for range tokens {
		token := n.Mint(tb, n.Ada.ByKey(), "t", n.Allow(tb, On(ZoneKey(n.Ada.Zones[0])), "Zone Read"))
		made = append(made, token)
		all = append(all, guard.Request{Can: guard.AllAbilities, Method: "GET", Target: Base + "/zones/" + n.Ada.Zones[0],
			Header: http.Header{"Authorization": {"Bearer " + token.Value}}, Addr: netip.MustParseAddr("198.51.100.7")})
	}
	return all, made
}

func guardOf(tb testing.TB, n *Node, observe func(guard.Observation)) *guard.Guard {
	tb.Helper()
	g, err := guard.New(guard.Config{State: n.State, Brand: leastkey.DefaultBrand, Now: time.Now, Observe: observe})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// BenchmarkLastUse says how many times as long a decision takes when its use is taken down ("x-plain"): both
// are measured in turn, a thousand decisions at a time, so that what else the machine does meets both.
func BenchmarkLastUse(b *testing.B) {
	n := Start(b, Config{})
	requests, _ := asksOf(b, n, 40)
	r := usage.New(n.Control, silent())
	plain, observed := guardOf(b, n, nil), guardOf(b, n, r.Observe)
	const some = 1000
	run := func(g *guard.Guard) time.Duration {
		began := time.Now()
		for i := range some {
			if v := g.Check(context.Background(), requests[i%len(requests)]); !v.Allowed() {
				b.Fatal("refused")
			}
		}
		return time.Since(began)
	}
	var without, with time.Duration
	for rounds := 1; b.Loop(); rounds++ {
		without += run(plain)
		with += run(observed)
		if rounds%100 == 0 { // about as often as is done in earnest
			b.StopTimer()
			if err := r.Flush(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(with)/float64(without), "x-plain")
	b.ReportMetric(float64(with-without)/float64(b.N*some), "ns/use")
}

// TestAMillionUses: of a million requests of many clients at a time, while flushes go on, each token's last
// one is there after a clean stop.
func TestAMillionUses(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	n := Start(t, Config{})
	requests, made := asksOf(t, n, 40)
	r := usage.New(n.Control, silent())
	const each, clients = 125_000, 8
	last := make([]atomic.Int64, len(requests))
	index := map[leastkey.ID]int{}
	for i, token := range made {
		index[leastkey.MustParseID(token.ID)] = i
	}
	var seen atomic.Int64
	g := guardOf(t, n, func(o guard.Observation) {
		r.Observe(o)
		seen.Add(1)
		for at := &last[index[o.Credential]]; ; {
			was := at.Load()
			if is := o.At.UnixMicro(); is <= was || at.CompareAndSwap(was, is) {
				break
			}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, tick.C) }()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := range each {
				if v := g.Check(context.Background(), requests[(i+client*5)%len(requests)]); !v.Allowed() {
					t.Error("refused")
					return
				}
			}
		})
	}
	all.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if seen.Load() != each*clients {
		t.Fatalf("%d uses were seen", seen.Load())
	}
	for i, token := range made {
		kept, err := n.Control.Token(t.Context(), control.Operator(), leastkey.UserOf(n.Ada.ID), leastkey.MustParseID(token.ID))
		if err != nil {
			t.Fatal(err)
		}
		if want := last[i].Load(); kept.LastUsedOn.UnixMicro() != want || kept.Secrets[0].LastUsedOn.UnixMicro() != want {
			t.Errorf("token %d was last used at %v and its secret at %v; want %v", i, kept.LastUsedOn, kept.Secrets[0].LastUsedOn, time.UnixMicro(want))
		}
		uses, err := n.Control.Uses(t.Context(), control.Operator(), leastkey.UserOf(n.Ada.ID), leastkey.MustParseID(token.ID))
		if err != nil || len(uses) != 20 {
			t.Errorf("token %d has %d uses, %v", i, len(uses), err)
		}
	}
}
