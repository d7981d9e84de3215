package control_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

const issuer = "https://login.example.com"

func attested(subject, email string, places ...control.Place) control.Admission {
	return control.Admission{Attested: control.Attested{Issuer: issuer, Subject: subject, Email: email}, Places: places}
}

// TestIdentityLeadsToItsUser: the subject counts, the address once, and nobody comes by either to another user.
func TestIdentityLeadsToItsUser(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	begin := func(a control.Admission) (control.SignedIn, error) {
		return n.Control.BeginSessionByIdentity(t.Context(), a, control.Visit{})
	}
	begun, err := begin(attested("a", " Ada@EXAMPLE.com "))
	if err != nil || begun.User != n.Ada.ID || !begun.ConfirmedOn.IsZero() {
		t.Fatal(err, begun)
	}
	if begun, err = begin(attested("a", "ben@example.com")); err != nil || begun.User != n.Ada.ID {
		t.Errorf("the address that changed leads to %v: %v", begun.User, err)
	}
	made := attested("e", "eve@example.com")
	made.Create, made.FirstName, made.LastName = true, "E\nve", "Example"
	for name, c := range map[string]struct {
		a    control.Admission
		kind control.Kind
	}{
		"another subject with the address": {attested("b", "ada@example.com"), control.Refused},
		"nobody":                           {attested("e", "eve@example.com"), control.NoSuch},
		"no subject":                       {attested("", "ben@example.com"), control.Refused},
		"no issuer":                        {control.Admission{Attested: control.Attested{Subject: "b", Email: "ben@example.com"}}, control.Refused},
		"no address":                       {attested("b", ""), control.Refused},
	} {
		if begun, err := begin(c.a); !isKind(err, c.kind) || begun.Key != "" {
			t.Errorf("%s: %v, %v", name, begun.User, err)
		}
	}
	if begun, err = begin(made); err != nil || begun.User == n.Ada.ID {
		t.Fatal(err)
	}
	eve, err := n.Control.UserToSignIn(t.Context(), "eve@example.com")
	if err != nil || eve.ID != begun.User || eve.PasswordHash != "" || eve.FirstName != "" || eve.LastName != "Example" {
		t.Error(err, eve)
	}
	if _, err := n.Control.BeginSession(t.Context(), eve, control.Visit{}); !isKind(err, control.Refused) {
		t.Errorf("a user without a password signs in with one: %v", err)
	}
	session := begun
	if _, err := n.Control.Unlink(t.Context(), by(n, session, changeSelf, leastkey.UserOf(eve.ID)), eve.ID); !isKind(err, control.Refused) {
		t.Errorf("a person unlinks: %v", err)
	}
	if _, err := n.Control.Unlink(t.Context(), control.Operator(), eve.ID); err != nil {
		t.Error(err)
	}
	if _, _, err := n.Control.Resume(t.Context(), session.Key, netip.Addr{}); !isKind(err, control.Refused) {
		t.Errorf("the session after: %v", err)
	}
	if begun, err = begin(attested("another", "eve@example.com")); err != nil || begun.User != eve.ID {
		t.Errorf("linked anew: %v", err)
	}
	if _, err := begin(made); !isKind(err, control.Refused) {
		t.Errorf("by the subject before: %v", err)
	}
	if _, err := n.Control.SetUserDisabled(t.Context(), control.Operator(), n.Ben.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := begin(attested("b", "ben@example.com")); !isKind(err, control.Refused) {
		t.Errorf("who is disabled: %v", err)
	}
}

// TestConfirmByIdentity: a proof at the provider counts from when it was given, for the user whose identity it is.
func TestConfirmByIdentity(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	for p, person := range map[string]nodetest.Person{"a": n.Ada, "b": n.Ben} {
		if _, err := n.Control.BeginSessionByIdentity(t.Context(), attested(p, person.Email), control.Visit{}); err != nil {
			t.Fatal(err)
		}
	}
	begun := atDesk(t, n, n.Ada)
	n.Clock.Advance(time.Hour)
	for name, c := range map[string]struct {
		subject string
		ago     time.Duration
		good    bool
	}{
		"just now": {"a", time.Second, true}, "nine minutes ago": {"a", 9 * time.Minute, true}, "ten minutes ago": {"a", 10 * time.Minute, false},
		"never": {"a", 1 << 62, false}, "in a while": {"a", -time.Minute, false}, "somebody else": {"b", time.Second, false}, "nobody": {"c", time.Second, false},
	} {
		a := attested(c.subject, "ada@example.com").Attested
		if c.ago != 1<<62 {
			a.ProvedOn = n.Clock.Now().Add(-c.ago)
		}
		err := n.Control.ConfirmByIdentity(t.Context(), by(n, begun, changeSelf, leastkey.UserOf(n.Ada.ID)), a)
		if c.good != (err == nil) || err != nil && !isKind(err, control.Refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMembershipsFollowTheProvider: after a sign-in the user is in each account that rules name what these say and
// in any other what they were; every difference is one act, and what is lost comes first.
func TestMembershipsFollowTheProvider(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	eve := n.User(t, "eve@example.com")
	third := n.Person(t, "cyd@example.com", "Cyd's")
	accounts := []leastkey.ID{n.Ada.Account, n.Ben.Account, third.Account}
	roles := []leastkey.ID{n.Role(t, "Super Administrator"), n.Role(t, "Administrator"), n.Role(t, "Administrator Read Only")}
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(roles), 0, 3, rapid.ID[leastkey.ID])
	have := func() map[leastkey.ID][]leastkey.ID {
		all := map[leastkey.ID][]leastkey.ID{}
		err := n.Store.View(t.Context(), func(r control.Reader) error {
			members, err := r.Memberships(eve.ID)
			for _, m := range members {
				all[m.Account] = slices.SortedFunc(slices.Values(m.Roles), func(a, b leastkey.ID) int { return cmp.Compare(a.String(), b.String()) })
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	acts := func(after leastkey.Revision) (acts []string) {
		err := n.Store.View(t.Context(), func(r control.Reader) error {
			rows, err := r.AuditRows(control.AuditFilter{Limit: 20})
			for _, row := range slices.Backward(rows) {
				if row.Revision > after && row.Agent == "oidc" && row.Action != "user.link" {
					acts = append(acts, row.Action)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return acts
	}
	rapid.Check(t, func(rt *rapid.T) {
		want, differ := have(), 0
		var places []control.Place
		for _, account := range rapid.SliceOfNDistinct(rapid.SampledFrom(accounts), 0, 3, rapid.ID[leastkey.ID]).Draw(rt, "accounts") {
			p := control.Place{Account: account, Roles: some.Draw(rt, "roles")}
			places = append(places, p)
			is := slices.SortedFunc(slices.Values(p.Roles), func(a, b leastkey.ID) int { return cmp.Compare(a.String(), b.String()) })
			if !slices.Equal(want[account], is) {
				differ++
			}
			if want[account] = is; len(is) == 0 {
				delete(want, account)
			}
		}
		before := revisionOf(t, n)
		if _, err := n.Control.BeginSessionByIdentity(t.Context(), attested("e", eve.Email, places...), control.Visit{}); err != nil {
			rt.Fatal(err)
		}
		if is := have(); fmt.Sprint(is) != fmt.Sprint(want) {
			rt.Fatalf("%v, want %v", is, want)
		}
		did := acts(before)
		order := map[string]int{"member.remove": 0, "member.update": 1, "member.add": 2}
		if len(did) != differ || !slices.IsSortedFunc(did, func(a, b string) int { return cmp.Compare(order[a], order[b]) }) {
			rt.Fatalf("%d things differed; it did %q", differ, did)
		}
	})
}

func revisionOf(t *testing.T, n *nodetest.Node) (rev leastkey.Revision) {
	t.Helper()
	err := n.Store.View(t.Context(), func(r control.Reader) (err error) {
		rev, err = r.Revision()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

// TestLaw3WhatTheProviderTakesTokensLose: the next request with a token is refused when a sign-in has ended the
// membership that it needs.
func TestLaw3WhatTheProviderTakesTokensLose(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	eve := n.User(t, "eve@example.com")
	place := control.Place{Account: n.Ada.Account, Roles: []leastkey.ID{n.Role(t, "Administrator")}}
	signIn := func(roles ...leastkey.ID) {
		t.Helper()
		place.Roles = roles
		if _, err := n.Control.BeginSessionByIdentity(t.Context(), attested("e", eve.Email, place), control.Visit{}); err != nil {
			t.Fatal(err)
		}
	}
	signIn(place.Roles...)
	token := n.Mint(t, eve.ByKey(), "dns", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Read"))
	read := func() int {
		return n.Do(t, token.Bearer(), http.MethodGet, "/zones/"+n.Ada.Zones[0]+"/dns_records", nil).Status
	}
	if status := read(); status != http.StatusOK {
		t.Fatalf("answered %d", status)
	}
	signIn()
	if status := read(); status != http.StatusForbidden {
		t.Errorf("without the membership: %d", status)
	}
}
