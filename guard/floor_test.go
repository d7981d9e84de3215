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
	request  guard.Request // but for what follows
	requests []crowdRequest
}

// crowdRequest is what differs. A request that comes in is in the processor's cache by then, so as
// little as can be is kept of each.
type crowdRequest struct{ authorization, target string }

const scheme = "Bearer "

// check decides one of the requests.
func (w *crowd) check(r crowdRequest) guard.Verdict {
	w.request.Header["Authorization"][0] = r.authorization
	w.request.Target = r.target
	return w.guard.Check(context.Background(), w.request)
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
		w.requests = append(w.requests, crowdRequest{scheme + crowdSecret(t, i).Reveal(),
			"/client/v4/zones/" + crowdZone(i/perZone).ID + "/dns_records/372e67954025e0ba6aaa6d586b9e0b59"})
	}
	w.request = guard.Request{
		Method: "PATCH", Host: "api.example.com", Header: http.Header{"Authorization": {""}},
		Addr: netip.AddrFrom4([4]byte{192, 0, 2, 1}), Can: guard.AllAbilities,
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

// slice is how many requests are measured at once: few enough that most are not interrupted.
const slice = 250

// rates measures the floor and the decision by turns, slice by slice, and gives what each took per
// operation. Of each slice the least of all rounds counts: whatever else the machine does only adds to it.
func (w *crowd) rates(t testing.TB, rounds int) (floor, ours time.Duration) {
	t.Helper()
	slices := len(w.requests) / slice
	floors, all := make([]time.Duration, slices), make([]time.Duration, slices)
	sum := uint32(0)
	for round := range rounds {
		for n := range slices {
			requests := w.requests[n*slice:][:slice]
			begin := time.Now()
			for i := range requests {
				hash := sha256.Sum256([]byte(requests[i].authorization[len(scheme):]))
				sum += w.floor[[16]byte(hash[:16])]
			}
			middle := time.Now()
			for i := range requests {
				if v := w.check(requests[i]); !v.Allowed() {
					t.Fatal(v.Denial().Errors)
				}
			}
			end := time.Now()
			if a, b := middle.Sub(begin), end.Sub(middle); round == 0 {
				floors[n], all[n] = a, b
			} else {
				floors[n], all[n] = min(floors[n], a), min(all[n], b)
			}
		}
	}
	runtime.KeepAlive(sum)
	for n := range slices {
		floor, ours = floor+floors[n], ours+all[n]
	}
	return floor / time.Duration(slices*slice), ours / time.Duration(slices*slice)
}

// BenchmarkFloor reports the decision beside its floor, and the ratio of the two.
func BenchmarkFloor(b *testing.B) {
	for _, tokens := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(tokens), func(b *testing.B) {
			w := newCrowd(b, tokens, 20_000)
			for b.Loop() {
				floor, ours := w.rates(b, 41)
				b.ReportMetric(float64(floor), "floor-ns")
				b.ReportMetric(float64(ours), "decision-ns")
				b.ReportMetric(float64(ours)/float64(floor), "x-floor")
			}
		})
	}
}
