//go:build linux

package guard_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// crowd is a state with many tokens, each for the DNS of one zone, and the floor beside it: what any
// system must do that keeps hashes of secrets, which is to hash the one that came and to look it up.
type crowd struct {
	tokens   int
	guard    *guard.Guard
	floor    map[[16]byte]uint32
	requests []guard.Request
	secrets  []string
}

const perOwner, perZone = 10, 5 // tokens

// newCrowd fills a state through Load, as a node does, and makes requests of tokens that are drawn at
// random, all of which are allowed.
func newCrowd(t testing.TB, tokens, requests int) *crowd {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	state := guard.NewState(c)
	at, _ := time.Parse(time.RFC3339, epoch)
	w := &crowd{tokens: tokens, floor: make(map[[16]byte]uint32, tokens)}
	w.guard, err = guard.New(guard.Config{State: state, Brand: leastkey.DefaultBrand, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	admin, _ := c.RoleNamed("Administrator")
	groups := []leastkey.ID{c.GroupsNamed("DNS Write")[0].ID, c.GroupsNamed("Zone Read")[0].ID}
	err = state.Load(1, func(yield func(leastkey.Change) error) error {
		for i := range tokens/perOwner + 1 {
			user, account := crowdID('u', i), crowdID('a', i)
			for _, change := range []leastkey.Change{
				{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(user), Email: fmt.Sprintf("u%d@example.com", i), Active: true}},
				{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(account), Active: true}},
				{Membership: &leastkey.Membership{User: user, Account: account, Roles: []leastkey.ID{admin.ID}}},
			} {
				if err := yield(change); err != nil {
					return err
				}
			}
		}
		for i := range tokens/perZone + 1 {
			err := yield(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: crowdZone(i), Name: fmt.Sprintf("zone-%d.example", i),
				Parent: leastkey.AccountOf(crowdID('a', i*perZone/perOwner)).Resource()}})
			if err != nil {
				return err
			}
		}
		for i := range tokens {
			s := crowdSecret(t, i)
			plain := sha256.Sum256([]byte(s.Reveal()))
			w.floor[[16]byte(plain[:16])] = uint32(i)
			err := yield(leastkey.Change{Credential: &leastkey.CredentialRecord{
				Secrets: []leastkey.LiveSecret{{Hash: s.Hash()}},
				Credential: leastkey.Credential{ID: crowdID('t', i), Kind: leastkey.Token, Principal: leastkey.UserOf(crowdID('u', i/perOwner)), Status: leastkey.Active,
					Policies: []leastkey.Policy{{ID: crowdID('p', i), Effect: leastkey.Allow, Groups: groups, Patterns: []leastkey.Pattern{leastkey.PatternOne(crowdZone(i / perZone))}}}},
			}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range requests {
		i := random.IntN(tokens)
		s := crowdSecret(t, i).Reveal()
		w.secrets = append(w.secrets, s)
		w.requests = append(w.requests, guard.Request{
			Method: "PATCH", Host: "api.example.com", Target: "/client/v4/zones/" + crowdZone(i/perZone).ID + "/dns_records/372e67954025e0ba6aaa6d586b9e0b59",
			Header: http.Header{"Authorization": {"Bearer " + s}}, Addr: netip.AddrFrom4([4]byte{192, 0, 2, 1}), Can: guard.AllAbilities,
		})
	}
	return w
}

func crowdID(kind byte, i int) (id leastkey.ID) {
	id[0] = kind
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	sum := sha256.Sum256(id[:])
	return leastkey.ID(sum[:16])
}

func crowdZone(i int) leastkey.Resource {
	return leastkey.Resource{Type: "zone", ID: crowdID('z', i).String()}
}

// crowdSecret is that of token i, the same each time.
func crowdSecret(t testing.TB, i int) leastkey.Secret {
	s, err := leastkey.DefaultBrand.Mint(leastkey.UserTokenSecret, &counted{seed: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counted is a source of bytes for one secret.
type counted struct{ seed [32]byte }

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.seed[i%32]%248 ^ byte(i/32)
		if p[i] >= 248 {
			p[i] = 0
		}
	}
	c.seed = sha256.Sum256(c.seed[:])
	return len(p), nil
}

// cpu is what the thread has worked so far.
func cpu() time.Duration {
	var u syscall.Rusage
	const thisThread = 1
	if err := syscall.Getrusage(thisThread, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rates measures the floor and the decision by turns, some thousands of each, and gives the median of
// the times per operation and of their ratio.
func (w *crowd) rates(t testing.TB, rounds int) (floor, ours time.Duration, ratio float64) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var floors, all []time.Duration
	var ratios []float64
	sum := uint32(0)
	for range rounds {
		begin := cpu()
		for _, s := range w.secrets {
			hash := sha256.Sum256([]byte(s))
			sum += w.floor[[16]byte(hash[:16])]
		}
		middle := cpu()
		for i := range w.requests {
			if v := w.guard.Check(context.Background(), w.requests[i]); !v.Allowed() {
				t.Fatal(v.Denial.Errors)
			}
		}
		end := cpu()
		n := time.Duration(len(w.requests))
		floors, all = append(floors, (middle-begin)/n), append(all, (end-middle)/n)
		ratios = append(ratios, float64(end-middle)/float64(middle-begin))
	}
	runtime.KeepAlive(sum)
	slices.Sort(floors)
	slices.Sort(all)
	slices.Sort(ratios)
	return floors[rounds/2], all[rounds/2], ratios[rounds/2]
}

// BenchmarkFloor reports the decision beside its floor, in CPU time, and the ratio of the two.
func BenchmarkFloor(b *testing.B) {
	for _, tokens := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(tokens), func(b *testing.B) {
			w := newCrowd(b, tokens, 20_000)
			for b.Loop() {
				floor, ours, ratio := w.rates(b, 41)
				b.ReportMetric(float64(floor), "floor-ns")
				b.ReportMetric(float64(ours), "decision-ns")
				b.ReportMetric(ratio, "x-floor")
			}
		})
	}
}
