package control_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// grant makes a token of the owner straight in the store, with one policy.
func grant(t testing.TB, n *Node, act byte, c control.Credential) {
	t.Helper()
	_, err := n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		return control.Act{Audit: control.Audit{ID: leastkey.ID{0xee, act}, Action: "test"}}, tx.PutCredential(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	n.State.Doubt()
	n.Control.Heal(context.Background())
}

func tokenWith(n *Node, id byte, policies ...leastkey.Policy) control.Credential {
	c := control.Credential{Name: "t", IssuedOn: n.Clock.Now(), ModifiedOn: n.Clock.Now()}
	c.ID, c.Kind, c.Principal, c.Status, c.Policies = leastkey.ID{0xdd, id}, leastkey.Token, leastkey.UserOf(n.Ada.ID), leastkey.Active, policies
	return c
}

func tokenNow(t testing.TB, n *Node, id leastkey.ID) (c control.Credential) {
	t.Helper()
	err := n.Store.View(context.Background(), func(r control.Reader) (err error) {
		c, err = r.Credential(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lastAct(t testing.TB, n *Node) control.Audit {
	t.Helper()
	var rows []control.Audit
	err := n.Store.View(context.Background(), func(r control.Reader) (err error) {
		rows, err = r.AuditRows(control.AuditFilter{Limit: 1})
		return err
	})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return rows[0]
}

// A resource that is moved, or removed and made again, has lost what allowed anything on it by name; denies stay.
func TestWhatPointedToAResource(t *testing.T) {
	ctx := context.Background()
	read, other := leastkey.ID{1}, leastkey.ID{2}
	for name, act := range map[string]func(*Node, leastkey.Resource) error{
		"move": func(n *Node, r leastkey.Resource) error {
			_, lost, err := n.Control.Move(ctx, control.Operator(), r, leastkey.AccountOf(n.Ben.Account).Resource())
			if len(lost) != 1 || len(lost[0].Patterns) != 2 {
				t.Errorf("lost %v", lost)
			}
			return err
		},
		"moved upstream": func(n *Node, r leastkey.Resource) error {
			return n.Control.MovedUpstream(ctx, control.Caller{}, r, leastkey.AccountOf(n.Ben.Account).Resource())
		},
		"remove":           func(n *Node, r leastkey.Resource) error { return n.Control.Unregister(ctx, control.Operator(), r) },
		"deleted upstream": func(n *Node, r leastkey.Resource) error { return n.Control.UnregisterDeleted(ctx, control.Caller{}, r) },
	} {
		t.Run(name, func(t *testing.T) {
			n := Start(t, Config{})
			zone, second := Zone(n.Ada.Zones[0]), Zone(n.Ada.Zones[1])
			one, under := leastkey.PatternOne(zone), leastkey.PatternUnder("record", zone)
			stays := leastkey.PatternUnder("zone", leastkey.AccountOf(n.Ada.Account).Resource())
			grant(t, n, 1, tokenWith(n, 1,
				leastkey.Policy{ID: leastkey.ID{1}, Effect: leastkey.Allow, Groups: []leastkey.ID{read}, Patterns: []leastkey.Pattern{one, under}},
				leastkey.Policy{ID: leastkey.ID{2}, Effect: leastkey.Allow, Groups: []leastkey.ID{read, other}, Patterns: []leastkey.Pattern{stays, one, leastkey.PatternOne(second)}},
				leastkey.Policy{ID: leastkey.ID{3}, Effect: leastkey.Deny, Groups: []leastkey.ID{other}, Patterns: []leastkey.Pattern{one, under}}))
			n.Clock.Advance(1000)
			if err := act(n, zone); err != nil {
				t.Fatal(err)
			}
			got := tokenNow(t, n, leastkey.ID{0xdd, 1})
			if len(got.Policies) != 2 || !slices.Equal(got.Policies[0].Patterns, []leastkey.Pattern{stays, leastkey.PatternOne(second)}) ||
				got.Policies[1].Effect != leastkey.Deny || len(got.Policies[1].Patterns) != 2 {
				t.Errorf("the token has %+v", got.Policies)
			}
			row := lastAct(t, n)
			if text := string(row.Before) + string(row.After); !strings.Contains(text, got.ID.String()+": "+one.String()) {
				t.Errorf("the audit row %s does not name the token: %s", row.Action, text)
			}
			if revision, sure := n.State.Revision(); !sure || revision != row.Revision {
				t.Errorf("nodes are at %d, %v; the act is %d", revision, sure, row.Revision)
			}
		})
	}
}

// After any acts, a token reaches by name only what was there, unmoved, since it was made; and no deny is ever gone.
func TestReturnedResourceIsNew(t *testing.T) {
	n := Start(t, Config{})
	ctx := context.Background()
	random := NewRandom(7)
	accounts := []leastkey.Resource{leastkey.AccountOf(n.Ada.Account).Resource(), leastkey.AccountOf(n.Ben.Account).Resource()}
	zones := []leastkey.Resource{Zone("0000000000000000000000000000aa01"), Zone("0000000000000000000000000000aa02")}
	rapid.Check(t, func(rt *rapid.T) {
		for _, z := range zones {
			_ = n.Control.Unregister(ctx, control.Operator(), z) // it may not be there
		}
		at := map[leastkey.Resource]leastkey.Resource{}
		id, err := leastkey.NewID(random)
		if err != nil {
			rt.Fatal(err)
		}
		deny := leastkey.Policy{ID: leastkey.ID{9}, Effect: leastkey.Deny, Groups: []leastkey.ID{{1}}, Patterns: []leastkey.Pattern{leastkey.PatternOne(zones[0]), leastkey.PatternOne(zones[1])}}
		token := tokenWith(n, 0, deny)
		token.ID = id
		reaches := map[leastkey.Resource]bool{}
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 3), 1, 8).Draw(rt, "steps") {
			z, parent := zones[rapid.IntRange(0, 1).Draw(rt, "zone")], accounts[rapid.IntRange(0, 1).Draw(rt, "account")]
			_, there := at[z]
			switch step {
			case 0:
				_, err := n.Control.Register(ctx, control.Operator(), z, "", parent)
				if ok := !there || at[z] == parent; ok != (err == nil) {
					rt.Fatalf("register: %v", err)
				} else if ok {
					at[z] = parent
				}
			case 1:
				_, _, err := n.Control.Move(ctx, control.Operator(), z, parent)
				if ok := there && at[z] != parent; ok != (err == nil) {
					rt.Fatalf("move: %v", err)
				} else if ok {
					at[z] = parent
					delete(reaches, z)
				}
			case 2:
				if err := n.Control.Unregister(ctx, control.Operator(), z); there != (err == nil) {
					rt.Fatalf("remove: %v", err)
				}
				delete(at, z)
				delete(reaches, z)
			case 3:
				if !there {
					continue
				}
				reaches[z] = true
				token.Policies = []leastkey.Policy{deny}
				for r := range reaches {
					token.Policies = append(token.Policies, leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{{2}}, Patterns: []leastkey.Pattern{leastkey.PatternOne(r)}})
				}
				put(rt, n, random, token)
			}
		}
		kept := tokenOrNone(n, token.ID)
		if kept == nil {
			return
		}
		named := map[leastkey.Resource]bool{}
		denies := 0
		for _, pol := range kept.Policies {
			for _, p := range pol.Patterns {
				if pol.Effect == leastkey.Deny {
					denies++
				} else {
					named[leastkey.Resource{Type: p.Type, ID: p.ID}] = true
				}
			}
		}
		if denies != 2 || len(named) != len(reaches) {
			rt.Fatalf("names %v and %d denies; want %v and 2", named, denies, reaches)
		}
	})
}

func put(rt *rapid.T, n *Node, random *Random, c control.Credential) {
	id, err := leastkey.NewID(random)
	if err == nil {
		_, err = n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
			record := c.Record()
			return control.Act{Audit: control.Audit{ID: id, Action: "test"}, Changes: []leastkey.Change{{Credential: &record}}}, tx.PutCredential(c)
		})
	}
	if err != nil {
		rt.Fatal(err)
	}
	n.State.Doubt()
	n.Control.Heal(context.Background())
}

func tokenOrNone(n *Node, id leastkey.ID) (found *control.Credential) {
	_ = n.Store.View(context.Background(), func(r control.Reader) error { // not there: nil
		if c, err := r.Credential(id); err == nil {
			found = &c
		}
		return nil
	})
	return found
}
