package control_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// town is who may do what, kept beside the product in the plainest way.
type town struct {
	*nodetest.Node
	*rand.Rand
	users    []nodetest.Person
	roles    map[string][]string                         // groups of a role, by name
	places   map[leastkey.ID]map[leastkey.ID][]string    // roles of a user in an account
	members  map[leastkey.ID]map[leastkey.ID]leastkey.ID // ids of memberships
	disabled map[leastkey.ID]bool
	zones    map[string]leastkey.ID // the account of a zone
	tokens   []*townToken
	own      map[leastkey.ID]control.Role // the role that an account made itself
}

type townToken struct {
	nodetest.Token
	owner   leastkey.Principal
	allows  map[string][]string // keys of resources that a group is allowed on
	denies  map[string][]string
	present nodetest.Credential
}

const everyZoneOf = "every zone of "

// probes are requests that need one group each, and of which resource type that is.
func (w town) probes() map[string]func(string) (method, target string) {
	return map[string]func(string) (string, string){
		"DNS Read": func(z string) (string, string) { return "GET", "/client/v4/zones/" + z + "/dns_records" },
		"DNS Write": func(z string) (string, string) {
			return "PATCH", "/client/v4/zones/" + z + "/dns_records/" + strings.Repeat("a", 32)
		},
		"Cache Purge": func(z string) (string, string) { return "POST", "/client/v4/zones/" + z + "/purge_cache" },
	}
}

// takes says which groups a request accepts, of those that tokens here have.
func takes(group string) []string {
	if group == "DNS Read" {
		return []string{"DNS Read", "DNS Write"}
	}
	return []string{group}
}

// may is the law in one place: a role of the owner in the zone's account, and a policy of the token.
func (w town) may(token *townToken, group, zone string) bool {
	account := w.zones[zone]
	for _, g := range takes(group) {
		held := token.owner == leastkey.AccountOf(account)
		if token.owner.Kind == leastkey.UserPrincipal && !w.disabled[token.owner.ID] {
			for _, role := range w.places[token.owner.ID][account] {
				held = held || slices.Contains(w.roles[role], g)
			}
		}
		about := func(keys []string) bool {
			return slices.Contains(keys, zone) || slices.Contains(keys, "every zone") || slices.Contains(keys, everyZoneOf+account.String())
		}
		if held && (token.allows == nil || about(token.allows[g]) && !about(token.denies[g])) {
			return true
		}
	}
	return false
}

func (w town) allowed(t *testing.T, token *townToken, group, zone string) bool {
	t.Helper()
	method, target := w.probes()[group](zone)
	r := guard.Request{Method: method, Target: target, Header: http.Header{}, Can: guard.AllAbilities, Body: func(int64) ([]byte, error) { return []byte("{}"), nil }}
	token.present(r.Header)
	return w.Guard.Recheck(context.Background(), r).Allowed()
}

// each is everything that can be asked.
func (w town) each(do func(token *townToken, group, zone string)) {
	for _, token := range w.tokens {
		for group := range w.probes() {
			for zone := range w.zones {
				do(token, group, zone)
			}
		}
	}
}

func newTown(t *testing.T, seed uint64) *town {
	t.Helper()
	n := nodetest.Start(t, nodetest.Config{})
	w := &town{
		Node: n, Rand: rand.New(rand.NewPCG(seed, 7)), roles: map[string][]string{}, zones: map[string]leastkey.ID{},
		places: map[leastkey.ID]map[leastkey.ID][]string{}, members: map[leastkey.ID]map[leastkey.ID]leastkey.ID{}, disabled: map[leastkey.ID]bool{}, own: map[leastkey.ID]control.Role{},
	}
	w.users = []nodetest.Person{n.World.Ada, n.World.Ben, n.User(t, "cy@example.com")}
	for _, name := range []string{"Super Administrator", "DNS", "Cache Purge", "Administrator Read Only"} {
		role, ok := n.Catalog.RoleNamed(name)
		if !ok {
			t.Fatalf("the catalogue has no role %s", name)
		}
		for group := range w.probes() {
			if slices.Contains(role.Groups, n.Group(t, group)) {
				w.roles[name] = append(w.roles[name], group)
			}
		}
	}
	for _, p := range w.users {
		w.places[p.ID], w.members[p.ID] = map[leastkey.ID][]string{}, map[leastkey.ID]leastkey.ID{}
		for _, z := range p.Zones {
			w.zones[z] = p.Account
		}
		w.tokens = append(w.tokens, &townToken{owner: leastkey.UserOf(p.ID), present: p.ByKey()})
	}
	for _, owner := range w.users[:2] { // whoever is to stay, so that accounts have somebody
		stays := n.User(t, "keeps-"+owner.Email)
		n.Join(t, stays, owner.Account, "Super Administrator")
		w.places[owner.ID][owner.Account], w.members[owner.ID][owner.Account] = []string{"Super Administrator"}, owner.Member
	}
	for _, owner := range w.users[:2] {
		role, err := n.Control.CreateRole(t.Context(), control.Operator(), owner.Account, control.RoleSpec{Name: ownRole(owner.Account), Groups: []leastkey.ID{n.Group(t, "DNS Read")}})
		if err != nil {
			t.Fatal(err)
		}
		w.own[owner.Account], w.roles[role.Name] = role, []string{"DNS Read"}
	}
	for i := range 12 {
		w.mint(t, i)
	}
	return w
}

// mint imports a token, since the operator can give any, to anybody.
func (w *town) mint(t *testing.T, i int) {
	t.Helper()
	owner, name := leastkey.UserOf(w.users[i%3].ID), "user:"+w.users[i%3].Email
	if i%4 == 3 {
		account := w.users[i%2].Account
		owner, name = leastkey.AccountOf(account), "account:"+account.String()
	}
	secret := fmt.Sprintf("a-token-of-the-town-%08d", i)
	token := &townToken{owner: owner, allows: map[string][]string{}, denies: map[string][]string{}, present: nodetest.Bearer(secret)}
	var policies []nodetest.Policy
	for group := range w.probes() {
		key, on := w.pattern()
		token.allows[group] = append(token.allows[group], key)
		policies = append(policies, w.Allow(t, on, group))
		if w.IntN(4) == 0 {
			key, on := w.pattern()
			token.denies[group] = append(token.denies[group], key)
			policies = append(policies, w.Deny(t, on, group))
		}
	}
	if got := importAll(t, w.Node, "", nodetest.Object{"owner": name, "secret": secret, "name": secret, "policies": policies}); !got.Done {
		t.Fatalf("%+v", got)
	}
	w.tokens = append(w.tokens, token)
}

func (w *town) pattern() (string, nodetest.Object) {
	switch account := w.users[w.IntN(2)].Account; w.IntN(3) {
	case 0:
		return "every zone", nodetest.On(nodetest.EveryZone)
	case 1:
		return everyZoneOf + account.String(), nodetest.ZonesOf(account)
	default:
		zone := w.zone()
		return zone, nodetest.On(nodetest.ZoneKey(zone))
	}
}

func (w *town) zone() string {
	all := make([]string, 0, len(w.zones))
	for z := range w.zones {
		all = append(all, z)
	}
	slices.Sort(all)
	return all[w.IntN(len(all))]
}

func ownRole(account leastkey.ID) string { return "own of " + account.String() }

// someGroups are one or more of the groups that can be asked for.
func (w *town) someGroups(t *testing.T) (names []string, ids []leastkey.ID) {
	t.Helper()
	all := []string{"DNS Read", "DNS Write", "Cache Purge"}
	for i, name := range all {
		if w.IntN(2) == 0 || i == len(all)-1 && len(names) == 0 {
			names, ids = append(names, name), append(ids, w.Group(t, name))
		}
	}
	return names, ids
}

// step is a change: what it is called, what is said of it beforehand, and how it is made.
type step struct {
	what    string
	foresee func() ([]control.Effect, error)
	do      func() error
}

func (w *town) step(t *testing.T) step {
	t.Helper()
	by, ctx := control.Operator(), t.Context()
	user, account := w.users[w.IntN(3)], w.users[w.IntN(2)].Account
	member, there := w.members[user.ID][account]
	names := []string{"Super Administrator", "DNS", "Cache Purge", "Administrator Read Only"}
	role := append(names, ownRole(account))[w.IntN(len(names)+1)]
	id := w.own[account].ID
	if role != ownRole(account) {
		id = w.Role(t, role)
	}
	switch kind := w.IntN(6); {
	case kind == 5:
		groups, ids := w.someGroups(t)
		own := w.own[account]
		return step{
			fmt.Sprintf("let %s do %v", own.Name, groups),
			func() ([]control.Effect, error) { return w.Control.ForeseeRole(ctx, by, account, own.ID, ids) },
			func() error {
				w.roles[own.Name] = groups
				_, err := w.Control.ReplaceRole(ctx, by, account, own.ID, control.RoleSpec{Name: own.Name, Groups: ids})
				return err
			},
		}
	case kind == 0:
		off := !w.disabled[user.ID]
		return step{fmt.Sprintf("disable %s: %t", user.Email, off),
			func() ([]control.Effect, error) {
				if !off {
					return nil, nil
				}
				return w.Control.ForeseeDisabled(ctx, by, user.ID)
			},
			func() error {
				_, err := w.Control.SetUserDisabled(ctx, by, user.ID, off)
				w.disabled[user.ID] = off
				return err
			}}
	case kind == 1:
		zone, to := w.zone(), account
		if w.zones[zone] == to {
			return w.step(t)
		}
		r, parent := leastkey.Resource{Type: "zone", ID: zone}, leastkey.AccountOf(to).Resource()
		return step{"move " + zone + " to " + to.String(),
			func() ([]control.Effect, error) { return w.Control.ForeseeMove(ctx, by, r, parent) },
			func() error {
				_, _, err := w.Control.Move(ctx, by, r, parent)
				w.zones[zone] = to
				for _, token := range w.tokens {
					for group, keys := range token.allows {
						token.allows[group] = slices.DeleteFunc(keys, func(key string) bool { return key == zone })
					}
				}
				return err
			}}
	case !there:
		return step{"add " + user.Email + " as " + role, nil, func() error {
			row, err := w.Control.AddMember(ctx, by, account, user.Email, []leastkey.ID{id})
			w.members[user.ID][account], w.places[user.ID][account] = row.ID, []string{role}
			return err
		}}
	case kind == 2:
		return step{"remove " + user.Email,
			func() ([]control.Effect, error) { return w.Control.ForeseeRoles(ctx, by, account, member, nil) },
			func() error {
				delete(w.members[user.ID], account)
				delete(w.places[user.ID], account)
				return w.Control.RemoveMember(ctx, by, account, member)
			}}
	default:
		return step{"make " + user.Email + " " + role,
			func() ([]control.Effect, error) {
				return w.Control.ForeseeRoles(ctx, by, account, member, []leastkey.ID{id})
			},
			func() error {
				_, err := w.Control.SetRoles(ctx, by, account, member, []leastkey.ID{id})
				w.places[user.ID][account] = []string{role}
				return err
			}}
	}
}

// Whatever happens to people and zones, the next request with each token is decided as the law has it,
// and each one that is refused from then on was foretold, and none else.
func TestLaw3WhatIsForeseen(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newTown(t, seed)
			for range 60 {
				w.walk(t, w.step(t))
			}
		})
	}
}

func (w *town) walk(t *testing.T, s step) {
	t.Helper()
	could := map[*townToken][]string{}
	w.each(func(token *townToken, group, zone string) {
		if w.allowed(t, token, group, zone) {
			could[token] = append(could[token], group+" "+zone)
		}
	})
	var effects []control.Effect
	if s.foresee != nil {
		var err error
		if effects, err = s.foresee(); err != nil {
			t.Fatalf("%s: %v", s.what, err)
		}
	}
	if err := s.do(); err != nil {
		t.Fatalf("%s: %v", s.what, err)
	}
	loses := map[*townToken]bool{}
	w.each(func(token *townToken, group, zone string) {
		got, want := w.allowed(t, token, group, zone), w.may(token, group, zone)
		if got != want {
			t.Fatalf("after %s: %s on %s by a token of %v: %t, want %t", s.what, group, zone, token.owner, got, want)
		}
		if !got && slices.Contains(could[token], group+" "+zone) {
			loses[token] = true
		}
	})
	if s.foresee == nil {
		return
	}
	for _, token := range w.tokens {
		told := slices.ContainsFunc(effects, func(e control.Effect) bool { return w.is(e.Credential, token) && len(e.Loses) > 0 })
		if loses[token] && !told {
			t.Fatalf("%s takes something from a token of %v, which was not foretold: %+v", s.what, token.owner, effects)
		}
	}
	for _, e := range effects {
		i := slices.IndexFunc(w.tokens, func(token *townToken) bool { return w.is(e.Credential, token) })
		if i < 0 || w.tokens[i].allows == nil || strings.HasPrefix(s.what, "disable") || !w.probed(e.Loses) {
			continue // a key may do more than is asked for here
		}
		if !loses[w.tokens[i]] {
			t.Fatalf("%s was to take %v from a token of %v, and took nothing", s.what, e.Loses, w.tokens[i].owner)
		}
	}
}

// is compares a credential with a token of the town.
func (w *town) is(c control.Credential, token *townToken) bool {
	if token.allows == nil {
		return c.Kind == leastkey.GlobalAPIKey && c.Principal == token.owner
	}
	h := http.Header{}
	token.present(h)
	return c.Kind == leastkey.Token && h.Get("Authorization") == "Bearer "+c.Name
}

// probed reports whether a right that is lost is about one zone that can be asked for, with no other
// group that would do in its place.
func (w *town) probed(rights []leastkey.Right) bool {
	return slices.ContainsFunc(rights, func(r leastkey.Right) bool {
		group, _ := w.Catalog.Group(r.Group)
		return r.Pattern.Extent == leastkey.One && r.Type == "zone" && len(takes(group.Name)) == 1 && w.zones[r.Pattern.ID] != leastkey.ID{} && group.Name != "DNS Write"
	})
}
