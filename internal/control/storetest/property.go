package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// testModel: on random commits the store says at every step what the model says, refuses what
// it refuses, and its State is what a node knows that has applied all changes.
func testModel(t *testing.T, f Factory) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		store := f.Open(t, dir)
		defer func() {
			if err := store.Close(); err != nil {
				rt.Errorf("close: %v", err)
			}
		}()
		want := newModel()
		audits := 0
		step := func(p step) {
			got, wanted := p.run(store), p.run(want)
			if diff := diff(got, wanted); diff != "" {
				rt.Fatalf("%v: got -, want +\n%s", p, diff)
			}
		}
		step(plan{ops: []op{{"settle", func(tx control.Tx) ([]leastkey.Change, error) { return settled(), settle(tx) }}}, audit: number(1 << 20)})
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			audits++
			if rapid.IntRange(0, 2).Draw(rt, "note") == 0 {
				step(drawMemo(rt))
			} else {
				step(drawPlan(rt, number(1<<20+audits)))
			}
			if rapid.IntRange(0, 9).Draw(rt, "reopen") == 0 {
				if err := store.Close(); err != nil {
					rt.Fatalf("close: %v", err)
				}
				store = f.Open(t, dir)
			}
			got, wanted := watch(rt, store), watch(rt, want)
			if diff := diff(got, wanted); diff != "" {
				rt.Fatalf("the store: got -, want +\n%s", diff)
			}
			if diff := diff(got.Known, learn(flat(got.Log))); diff != "" {
				rt.Fatalf("state -, replay of the changes +\n%s", diff)
			}
		}
		if diff := diff(searches(rt, store), searches(rt, want)); diff != "" {
			rt.Fatalf("searches: got -, want +\n%s", diff)
		}
	})
}

// searches gives what the store finds, and counts, of some texts below some ancestors.
func searches(rt *rapid.T, s control.Store) (found [][]control.Resource) {
	all := []leastkey.Resource{top(), {Type: "zone", ID: "z1"}, {Type: "pool", ID: "z1"}, top()}
	err := s.View(context.Background(), func(r control.Reader) error {
		for i, text := range []string{"", "", "a", "Z1", "%", "_", `\`} {
			search := control.ResourceSearch{Type: "zone", Within: all[i%2:], Text: text, Limit: 3}
			rows, err1 := r.FindResources(search)
			count, err2 := r.CountResources(search)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			found = append(found, append(rows, control.Resource{Name: fmt.Sprint(count)}))
		}
		return nil
	})
	if err != nil {
		rt.Fatalf("search: %v", err)
	}
	return found
}

func watch(rt *rapid.T, s control.Store) (e everything) {
	err := s.View(context.Background(), func(r control.Reader) (err error) {
		e, err = look(r)
		return err
	})
	if err != nil {
		rt.Fatalf("look: %v", err)
	}
	return e
}

// step is one commit or note.
type step interface {
	run(control.Store) outcome
	String() string
}

// op is one step of a commit, and what nodes learn when it is not refused.
type op struct {
	name string
	do   func(control.Tx) ([]leastkey.Change, error)
}

// plan is one commit.
type plan struct {
	ops     []op
	audit   leastkey.ID
	careful bool // an op that is refused fails the commit
	silent  bool // it has no audit row
	fails   bool // it fails at the end
}

func (p plan) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "commit (careful %v, silent %v, fails %v):", p.careful, p.silent, p.fails)
	for _, o := range p.ops {
		s.WriteString(" " + o.name)
	}
	return s.String()
}

// outcome is what can be compared of a run: the kinds of the errors, not their words.
type outcome struct {
	Revision leastkey.Revision
	Ops      []string
	Commit   string
}

var errPlanned = errors.New("planned")

func kindOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, control.ErrNotFound):
		return "not found"
	case errors.Is(err, control.ErrExists):
		return "exists"
	case errors.Is(err, control.ErrNoAudit):
		return "no audit"
	case errors.Is(err, errPlanned):
		return "planned"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	default:
		return "fault: " + err.Error()
	}
}

func (p plan) run(s control.Store) (out outcome) {
	rev, err := s.Commit(context.Background(), func(tx control.Tx) (control.Act, error) { return p.act(tx, &out) })
	out.Revision, out.Commit = rev, kindOf(err)
	return out
}

func (p plan) act(tx control.Tx, out *outcome) (act control.Act, err error) {
	if !p.silent {
		act.Audit = control.Audit{ID: p.audit, Action: "plan", Actor: leastkey.UserOf(number(1)), At: minute(0)}
	}
	for _, o := range p.ops {
		changes, err := o.do(tx)
		out.Ops = append(out.Ops, kindOf(err))
		switch {
		case err == nil:
			act.Changes = append(act.Changes, changes...)
		case p.careful:
			return act, err
		}
	}
	if p.fails {
		return act, errPlanned
	}
	return act, nil
}

func settled() (all []leastkey.Change) {
	for n := 1; n <= 4; n++ {
		all = append(all, ofUser(user(n)))
	}
	for n := 5; n <= 7; n++ {
		all = append(all, ofAccount(account(n)))
	}
	return all
}

func drawPlan(rt *rapid.T, audit leastkey.ID) plan {
	return plan{
		ops:     rapid.SliceOfN(rapid.Custom(drawOp), 0, 4).Draw(rt, "ops"),
		audit:   audit,
		careful: rapid.Bool().Draw(rt, "careful"),
		silent:  rapid.IntRange(0, 11).Draw(rt, "silent") == 0,
		fails:   rapid.IntRange(0, 7).Draw(rt, "fails") == 0,
	}
}

// drawOp draws from so few ids, e-mails and secrets that most are taken before long.
func drawOp(rt *rapid.T) op {
	n := func(what string, from, to int) int { return rapid.IntRange(from, to).Draw(rt, what) }
	at := func(what string) time.Time { return drawTime(rt, what) }
	switch n("op", 0, 14) {
	case 0:
		u := user(n("user", 1, 5))
		u.Email = user(n("email", 1, 5)).Email
		u.Disabled, u.CreatedOn = rapid.Bool().Draw(rt, "disabled"), at("created")
		return op{fmt.Sprintf("PutUser(%v, %s)", u.ID, u.Email), func(tx control.Tx) ([]leastkey.Change, error) {
			return []leastkey.Change{ofUser(u)}, tx.PutUser(u)
		}}
	case 1:
		a := account(n("account", 5, 8))
		a.Name, a.CreatedOn = rapid.String().Draw(rt, "name"), at("created")
		return op{fmt.Sprintf("PutAccount(%v)", a.ID), func(tx control.Tx) ([]leastkey.Change, error) {
			return []leastkey.Change{ofAccount(a)}, tx.PutAccount(a)
		}}
	case 2:
		m := member(n("member", 11, 14), number(n("account", 5, 7)), number(n("user", 1, 4)))
		m.Roles, m.CreatedOn = m.Roles[:n("roles", 1, 2)], at("created")
		return op{fmt.Sprintf("PutMember(%v, %v, %v)", m.ID, m.Account, m.User), func(tx control.Tx) ([]leastkey.Change, error) {
			var changes []leastkey.Change
			for account := 5; account <= 7; account++ { // a member that moves leaves where it was
				old, err := tx.Member(number(account), m.ID)
				if err == nil {
					changes = append(changes, endedMember(old))
				}
			}
			return append(changes, ofMember(m)), tx.PutMember(m)
		}}
	case 3:
		account, id := number(n("account", 5, 7)), number(n("member", 11, 14))
		return op{fmt.Sprintf("DeleteMember(%v, %v)", account, id), func(tx control.Tx) ([]leastkey.Change, error) {
			old, err := tx.Member(account, id)
			return []leastkey.Change{endedMember(old)}, errors.Join(err, tx.DeleteMember(account, id))
		}}
	case 4:
		r := drawResource(rt)
		r.Parent, r.CreatedOn = drawResource(rt).Resource, at("created")
		if rapid.Bool().Draw(rt, "top") {
			r.Parent = top()
		}
		r.Name = rapid.StringOfN(rapid.SampledFrom([]rune(`aAz1%_\é`)), 0, 3, -1).Draw(rt, "name")
		return op{fmt.Sprintf("PutResource(%v)", r.Resource), func(tx control.Tx) ([]leastkey.Change, error) {
			return []leastkey.Change{ofResource(r)}, tx.PutResource(r)
		}}
	case 5:
		r := drawResource(rt).Resource
		return op{fmt.Sprintf("DeleteResource(%v)", r), func(tx control.Tx) ([]leastkey.Change, error) {
			return []leastkey.Change{goneResource(r)}, tx.DeleteResource(r)
		}}
	case 6:
		id := number(n("credential", 21, 25))
		return op{fmt.Sprintf("RevokeCredential(%v)", id), func(tx control.Tx) ([]leastkey.Change, error) {
			old, err := tx.Credential(id)
			return []leastkey.Change{revoked(old)}, errors.Join(err, tx.RevokeCredential(id, at("revoked")))
		}}
	case 7:
		return drawSession(rt)
	case 8:
		return drawLink(rt)
	case 9:
		return drawIdentity(rt)
	case 10:
		return drawRole(rt)
	default:
		c := token(n("credential", 21, 25), leastkey.UserOf(number(n("owner", 1, 2))))
		c.Kind = rapid.SampledFrom([]leastkey.Kind{leastkey.Token, leastkey.Token, leastkey.GlobalAPIKey}).Draw(rt, "kind")
		if rapid.Bool().Draw(rt, "account") {
			c.Principal = leastkey.AccountOf(c.Principal.ID)
		}
		c.IssuedOn, c.Validity.ExpiresOn = at("issued"), at("expires")
		c.Policies = c.Policies[:n("policies", 0, 2)]
		for i := range c.Policies {
			r := drawResource(rt).Resource
			c.Policies[i].Patterns = append(c.Policies[i].Patterns, leastkey.PatternOne(r), leastkey.PatternUnder("record", r))[n("patterns", 0, 2):]
		}
		for range n("secrets", 0, 2) {
			s := secret(n("secret", 1, 12))
			s.Until, s.LastUsedOn = at("until"), at("used")
			c.Secrets = append(c.Secrets, s)
		}
		return op{fmt.Sprintf("PutCredential(%v, %v)", c.ID, c.Record().Secrets), func(tx control.Tx) ([]leastkey.Change, error) {
			return []leastkey.Change{ofCredential(c)}, tx.PutCredential(c)
		}}
	}
}

func drawResource(rt *rapid.T) control.Resource {
	r := zone(1, rapid.SampledFrom([]string{"", "z1", "z2", "Z1"}).Draw(rt, "id"))
	r.Type = rapid.SampledFrom([]leastkey.ResourceType{"zone", "pool"}).Draw(rt, "type")
	return r
}
