package guard

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// make diff sets these to much more, and to a seed of the day.
var (
	lawCases = flag.Int("law.cases", 300_000, "how many decisions are compared with the law")
	lawSeed  = flag.Uint64("law.seed", 1, "where the random cases begin")
)

// What a guard decides by is records that are made of what it was told, change by change. This holds
// every decision of theirs, with its reason, to leastkey.Decide on the plain values, in random worlds
// that go through random changes: laws 1, 2 and 3, and with them every other.
func TestJudgeIsTheLaw(t *testing.T) {
	c, err := catalog.Load("law.yaml", []byte(lawCatalog))
	if err != nil {
		t.Fatal(err)
	}
	var done, next, allowed atomic.Int64
	var wait sync.WaitGroup
	report := time.Now()
	for worker := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for done.Load() < int64(*lawCases) && !t.Failed() {
				seed := *lawSeed + uint64(next.Add(1))
				w := newLawWorld(c, seed)
				for range 6 {
					w.step()
					n, yes := w.compare(t)
					done.Add(int64(n))
					allowed.Add(int64(yes))
				}
				w.compareAll(t)
				if worker == 0 && time.Since(report) > 10*time.Second {
					report = time.Now()
					fmt.Fprintf(os.Stderr, "%d of %d decisions compared\n", done.Load(), *lawCases)
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d decisions compared in %d worlds, %d of them allowed", done.Load(), next.Load(), allowed.Load())
	if allowed.Load() < done.Load()/50 {
		t.Error("hardly anything is allowed: the worlds show nothing")
	}
}

const lawCatalog = `
namespace: com.example.law
resources:
  zone: {parent: account}
  host: {parent: zone}
permission_groups:
  - {id: 00000000000000000000000000000a01, name: Account Read, resource: account}
  - {id: 00000000000000000000000000000a02, name: Account Write, resource: account}
  - {id: 00000000000000000000000000000b01, name: Zone Read, resource: zone}
  - {id: 00000000000000000000000000000b02, name: Zone Write, resource: zone}
  - {id: 00000000000000000000000000000b03, name: Zone Purge, resource: zone}
  - {id: 00000000000000000000000000000c01, name: Host Read, resource: host}
  - {id: 00000000000000000000000000000c02, name: Host Write, resource: host}
  - {id: 00000000000000000000000000000d01, name: Profile Write, resource: user}
roles:
  - {id: 00000000000000000000000000000e01, name: Everything, permissions: all}
  - {id: 00000000000000000000000000000e02, name: Reader, permissions: read}
  - {id: 00000000000000000000000000000e03, name: Zones, permissions: [Zone Read, Zone Write]}
operations:
  - {route: "GET /zones/{zone}", any_of: [Zone Read, Zone Write], target: {zone: path.zone}}
  - {route: "POST /zones/{zone}", any_of: [Zone Write, Zone Purge, Zone Read], target: {zone: path.zone}}
  - {route: "GET /accounts/{a}", any_of: [Account Read, Account Write], target: {account: path.a}}
  - {route: "GET /hosts/{h}", any_of: [Host Read, Host Write], target: {host: path.h}}
  - {route: "PUT /hosts/{h}", any_of: [Host Write], target: {host: path.h}}
  - {route: "PUT /me/{u}", any_of: [Profile Write], target: {user: path.u}}
`

// lawWorld is a state that is changed, and beside it what it was told, kept as it was told.
type lawWorld struct {
	*rand.Rand
	seed    uint64
	catalog *catalog.Catalog
	state   *State
	rev     leastkey.Revision

	principals  map[leastkey.Principal]leastkey.PrincipalRecord
	memberships map[leastkey.ID]map[leastkey.ID]leastkey.Membership
	resources   map[leastkey.Resource]leastkey.ResourceRecord
	credentials map[leastkey.ID]leastkey.CredentialRecord
	secrets     int

	told []leastkey.Change // all of it, in order
}

func newLawWorld(c *catalog.Catalog, seed uint64) *lawWorld {
	w := &lawWorld{
		Rand: rand.New(rand.NewPCG(seed, 0)), seed: seed, catalog: c, state: NewState(c), rev: 1,
		principals: map[leastkey.Principal]leastkey.PrincipalRecord{}, memberships: map[leastkey.ID]map[leastkey.ID]leastkey.Membership{},
		resources: map[leastkey.Resource]leastkey.ResourceRecord{}, credentials: map[leastkey.ID]leastkey.CredentialRecord{},
	}
	if err := w.state.Load(1, func(func(leastkey.Change) error) error { return nil }); err != nil {
		panic(err)
	}
	if seed%8 == 0 { // nobody is anywhere
		return w
	}
	w.rev++
	w.told = w.beginning()
	if err := w.state.Apply(w.rev, w.told); err != nil {
		panic(err)
	}
	return w
}

// beginning is a world in which much is allowed: everybody is somewhere, and there are zones and hosts.
func (w *lawWorld) beginning() (changes []leastkey.Change) {
	for i := range 3 {
		for _, p := range []leastkey.Principal{leastkey.UserOf(lawID('u', i)), leastkey.AccountOf(lawID('a', i))} {
			rec := leastkey.PrincipalRecord{Principal: p, Active: true}
			w.principals[p] = rec
			changes = append(changes, leastkey.Change{Principal: &rec})
		}
		m := leastkey.Membership{User: lawID('u', i), Account: lawID('a', i), Roles: []leastkey.ID{w.catalog.Roles()[0].ID}}
		w.memberships[m.User] = map[leastkey.ID]leastkey.Membership{m.Account: m}
		changes = append(changes, leastkey.Change{Membership: &m})
	}
	for i := range 5 {
		zone := leastkey.Resource{Type: "zone", ID: fmt.Sprint("z", i)}
		for _, rec := range []leastkey.ResourceRecord{
			{Resource: zone, Parent: leastkey.AccountOf(lawID('a', i%3)).Resource(), Name: "zone.example"},
			{Resource: leastkey.Resource{Type: "host", ID: fmt.Sprint("h", i)}, Parent: zone},
		} {
			w.resources[rec.Resource] = rec
			changes = append(changes, leastkey.Change{Resource: &rec})
		}
	}
	return changes
}

// step makes some commits, and now and then puts the catalogue in force anew.
func (w *lawWorld) step() {
	for range 1 + w.IntN(4) {
		var changes []leastkey.Change
		for range 1 + w.IntN(5) {
			changes = append(changes, w.change())
		}
		w.rev++
		if err := w.state.Apply(w.rev, changes); err != nil {
			panic(fmt.Sprintf("seed %d: %v", w.seed, err))
		}
		w.told = append(w.told, changes...)
	}
	if w.IntN(4) == 0 {
		w.state.UseCatalog(w.catalog)
	}
}

// ancestry is the law's, from the plain values.
func (w *lawWorld) ancestry(r leastkey.Resource) (chain []leastkey.Resource, known bool) {
	for {
		if r.Type == leastkey.UserType || r.Type == leastkey.AccountType {
			id, err := leastkey.ParseID(r.ID)
			_, known = w.principals[principalOf(r.Type, id)]
			if err != nil || !known {
				return nil, false
			}
			return chain, true
		}
		row, known := w.resources[r]
		if !known || len(chain) == deepest {
			return nil, false
		}
		chain = append(chain, row.Parent)
		r = row.Parent
	}
}

// both is a target in the words of the law and of the records.
type both struct {
	law  leastkey.Target
	ours target
}

func (w *lawWorld) targets(n *snapshot, op *catalog.Operation) (all []both) {
	kind := n.kindOf(op.Target.Type)
	for range 6 {
		r := w.resource()
		r.Type = op.Target.Type
		t := both{law: leastkey.OnUnknown(r)}
		n.one(&t.ours, kind, r.ID)
		if above, known := w.ancestry(r); known {
			t.law = leastkey.OnResource(r, above...)
		}
		parent := w.resource()
		if parent.Type == "" {
			continue // no catalogue leads to what has no type
		}
		above, known := w.ancestry(parent)
		create := both{law: leastkey.OnCreate(op.Target.Type, known, append([]leastkey.Resource{parent}, above...)...)}
		n.created(&create.ours, kind, n.find(parent))
		child := both{law: leastkey.OnUnknown(leastkey.Resource{Type: op.Target.Type})}
		n.childOf(&child.ours, n.find(parent), kind)
		if known {
			child.law = leastkey.OnResource(leastkey.Resource{Type: op.Target.Type}, append([]leastkey.Resource{parent}, above...)...)
			child.ours.at = n.find(child.law.Resource)
		}
		all = append(all, t, create)
		if known {
			all = append(all, child)
		}
	}
	return append(all, both{leastkey.OnList(op.Target.Type), target{on: leastkey.TargetList, kind: kind}},
		both{leastkey.OnSelf(), target{on: leastkey.TargetSelf}},
		both{leastkey.OnCreate(op.Target.Type, true), target{on: leastkey.TargetCreate, kind: kind, known: true}})
}

// compare decides with every credential on targets of every operation.
func (w *lawWorld) compare(t *testing.T) (cases, allowed int) {
	n := w.state.sure()
	for _, rec := range w.credentials {
		c := rec.Credential
		_, b := n.bearerOf(c.ID)
		if b == nil {
			t.Errorf("seed %d: credential %v is not known", w.seed, c.ID)
			return 0, 0
		}
		w.compareSecrets(t, n, rec)
		told := w.principals[c.Principal]
		grants := w.catalog.Grants(c.Principal, told.Active, slices.Collect(maps.Values(w.memberships[c.Principal.ID])))
		j := judged{now: n, by: b, at: b.owner(), owner: n.ownerAt(b.owner())}
		b.parts(&j.parts)
		if _, known := w.principals[c.Principal]; (j.owner != nil) != known {
			t.Errorf("seed %d: the owner %v is known %t, want %t", w.seed, c.Principal, j.owner != nil, known)
			return 0, 0
		}
		if j.owner == nil {
			continue // nothing is decided for it
		}
		for _, op := range w.catalog.Operations() {
			if op.Control || len(op.AnyOf) == 0 {
				continue
			}
			for _, on := range w.targets(n, op) {
				j.time, j.addr = lawEpoch.Add(time.Duration(w.IntN(5)-2)*time.Nanosecond), w.address()
				want := leastkey.Decide(c, grants, leastkey.Request{At: j.time, Addr: j.addr, AnyOf: op.AnyOf, Target: on.law, ServiceKey: true})
				got := leastkey.Decision{Reason: j.admitted()}
				if got.Allowed() {
					accepted := &n.rules.accepted[op.Number()]
					got = n.decision(accepted, j.decide(accepted, &on.ours))
				}
				if got != want {
					t.Errorf("seed %d, revision %d: %+v\non %+v\nby %v with %+v\nis %+v, want %+v", w.seed, w.rev, c, on.law, op, grants, got, want)
					return cases, allowed
				}
				cases++
				if want.Allowed() {
					allowed++
				}
			}
		}
	}
	return cases, allowed
}

// compareSecrets finds the credential by each of its secrets, as long as that one is good.
func (w *lawWorld) compareSecrets(t *testing.T, n *snapshot, rec leastkey.CredentialRecord) {
	for _, s := range rec.Secrets {
		b, until := bearerWith(&n.secrets, &s.Hash)
		if b == nil || leastkey.ID(b.id()) != rec.Credential.ID || (until == nil) != s.Until.IsZero() || until != nil && !readStamp(until).Equal(s.Until) {
			t.Errorf("seed %d: a secret of %v leads to %v", w.seed, rec.Credential.ID, b)
		}
		s.Hash[31] ^= 1
		if b, _ := bearerWith(&n.secrets, &s.Hash); b != nil {
			t.Errorf("seed %d: a secret that is nobody's leads to %v", w.seed, b)
		}
	}
}

// compareAll holds what the state says it was told to what it was told, and that it keeps nothing else.
func (w *lawWorld) compareAll(t *testing.T) {
	n := w.state.sure()
	got := newLawWorld(w.catalog, 0) // for its maps
	members := 0
	for c := range n.all() {
		switch {
		case c.Principal != nil:
			got.principals[c.Principal.Principal] = *c.Principal
		case c.Membership != nil:
			if members++; w.memberships[c.Membership.User] == nil {
				t.Errorf("seed %d: a membership that is none: %+v", w.seed, c.Membership)
				return
			}
			if diff := cmp.Diff(w.memberships[c.Membership.User][c.Membership.Account], *c.Membership, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("seed %d: %s", w.seed, diff)
			}
		case c.Resource != nil:
			got.resources[c.Resource.Resource] = *c.Resource
		case c.Credential != nil:
			got.credentials[c.Credential.Credential.ID] = *c.Credential
		}
	}
	for _, m := range w.memberships {
		members -= len(m)
	}
	same := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b leastkey.AddressRange) bool { return a == b }), cmpopts.EquateApproxTime(0),
		cmp.Comparer(func(a, b leastkey.Status) bool { return a == b })}
	if diff := cmp.Diff(w.resources, got.resources, same); diff != "" || members != 0 {
		t.Errorf("seed %d: %d memberships too many; %s", w.seed, members, diff)
	}
	if diff := cmp.Diff(w.credentials, got.credentials, same); diff != "" {
		t.Errorf("seed %d: %s", w.seed, diff)
	}
	w.compareCounts(t, n)
}

// compareCounts ends all that names a place, after which only who exists is left.
func (w *lawWorld) compareCounts(t *testing.T, n *snapshot) {
	var changes []leastkey.Change
	for id := range w.credentials {
		changes = append(changes, leastkey.Change{Credential: &leastkey.CredentialRecord{Credential: leastkey.Credential{ID: id}}})
	}
	for r := range w.resources {
		changes = append(changes, leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Gone: true}})
	}
	for user, in := range w.memberships {
		for account := range in {
			changes = append(changes, leastkey.Change{Membership: &leastkey.Membership{User: user, Account: account}})
		}
	}
	if err := w.state.Apply(w.rev+1, changes); err != nil {
		t.Error(err)
	}
	left := w.state.sure()
	if left.secrets.Len()+left.ids.Len()+left.clauses.Len() != 0 || left.places.Len() != left.owners.Len() || n.revision != w.rev {
		t.Errorf("seed %d: %d secrets, %d ids, %d clauses, %d places of %d owners are left of nothing", w.seed,
			left.secrets.Len(), left.ids.Len(), left.clauses.Len(), left.places.Len(), left.owners.Len())
	}
}
