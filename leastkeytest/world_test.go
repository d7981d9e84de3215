package leastkeytest_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/leastkeytest"
)

// scene is Ada, who may do everything in an account with one zone, over the default catalogue.
type scene struct {
	*leastkeytest.World
	ada, acme leastkey.Principal
	zone      leastkey.Resource
}

func newScene(t testing.TB) scene {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := scene{World: leastkeytest.New(t, c)}
	s.ada, s.acme = s.User("ada@example.com"), s.Account("acme")
	s.Join(s.ada, s.acme, "Super Administrator")
	s.zone = s.Resource("zone", leastkeytest.ID("one").String(), s.acme.Resource())
	return s
}

// editor is a token that edits the records of the zone.
func (s scene) editor(owner leastkey.Principal, options ...leastkeytest.Option) *leastkeytest.Credential {
	return s.Token(owner, append(options, leastkeytest.Allow("DNS Write").On(leastkey.PatternOne(s.zone)))...)
}

// status asks for the records of the zone.
func (s scene) status(c *leastkeytest.Credential) int {
	v := s.Check(c.Request("POST", "/client/v4/zones/"+s.zone.ID+"/dns_records", "{}"))
	if v.Allowed() {
		return 200
	}
	return v.Denial().Status
}

// Whatever is done to a world is known to the next request.
func TestWorldsChange(t *testing.T) {
	for name, row := range map[string]struct {
		do   func(scene, *leastkeytest.Credential)
		want int
	}{
		"nothing":              {func(scene, *leastkeytest.Credential) {}, 200},
		"the user leaves":      {func(s scene, _ *leastkeytest.Credential) { s.Leave(s.ada, s.acme) }, 403},
		"the user is demoted":  {func(s scene, _ *leastkeytest.Credential) { s.Join(s.ada, s.acme, "Billing") }, 403},
		"the user is disabled": {func(s scene, _ *leastkeytest.Credential) { s.Disable(s.ada) }, 401},
		"the user comes back": {func(s scene, _ *leastkeytest.Credential) {
			s.Disable(s.ada)
			s.User("ada@example.com")
		}, 200},
		"the zone is removed": {func(s scene, _ *leastkeytest.Credential) { s.Remove(s.zone) }, 403},
		"the zone is moved away": {func(s scene, _ *leastkeytest.Credential) {
			s.Resource("zone", s.zone.ID, s.Account("other").Resource())
		}, 403},
		"the token is revoked": {func(_ scene, c *leastkeytest.Credential) { c.Revoke() }, 401},
		"the token is rolled":  {func(_ scene, c *leastkeytest.Credential) { c.Roll(0) }, 200},
		"the token is disabled": {func(_ scene, c *leastkeytest.Credential) {
			c.Edit(func(c *leastkey.Credential) { c.Status = leastkey.Disabled })
		}, 401},
		"the token loses all": {func(_ scene, c *leastkeytest.Credential) { c.Edit(func(c *leastkey.Credential) { c.Policies = nil }) }, 403},
		"the node is unsure":  {func(s scene, _ *leastkeytest.Credential) { s.State.Doubt() }, 503},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			token := s.editor(s.ada)
			row.do(s, token)
			if got := s.status(token); got != row.want {
				t.Errorf("%d, want %d", got, row.want)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	s := newScene(t)
	for name, row := range map[string]struct {
		option leastkeytest.Option
		want   int
	}{
		"from here":      {leastkeytest.From("192.0.2.0/24", "::1"), 200},
		"from elsewhere": {leastkeytest.From("198.51.100.0/24"), 403},
		"not from here":  {leastkeytest.NotFrom("192.0.2.1"), 403},
		"not yet":        {leastkeytest.NotBefore(s.Now().Add(time.Second)), 401},
		"no longer":      {leastkeytest.Expires(s.Now()), 401},
		"disabled":       {leastkeytest.Disabled(), 401},
		"denied":         {leastkeytest.Deny("DNS Write").On(leastkey.PatternEvery("zone")), 403},
	} {
		if got := s.status(s.editor(s.ada, row.option)); got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
	}
}

// Every kind of credential is sent as it must be.
func TestKinds(t *testing.T) {
	s := newScene(t)
	if got := s.status(s.editor(s.acme)); got != 200 {
		t.Errorf("a token of the account: %d", got)
	}
	key := s.Key(s.ada)
	if got := s.status(key); got != 200 {
		t.Errorf("a key: %d", got)
	}
	key.Roll(time.Minute)
	if got := s.status(key); got != 200 {
		t.Errorf("a key that was rolled: %d", got)
	}
	if got := s.status(s.ServiceKey(s.ada)); got != 403 {
		t.Errorf("a service key, which the operation does not take: %d", got)
	}
}

// A rolled secret works for as long as it was given.
func TestRollOverlaps(t *testing.T) {
	s := newScene(t)
	token := s.editor(s.ada)
	old := *token
	token.Roll(time.Minute)
	if now, before := s.status(token), s.status(&old); now != 200 || before != 200 {
		t.Errorf("during the overlap: the new one %d, the old one %d", now, before)
	}
	s.SetNow(s.Now().Add(time.Minute))
	if now, before := s.status(token), s.status(&old); now != 200 || before != 401 {
		t.Errorf("after the overlap: the new one %d, the old one %d", now, before)
	}
}

// Check leaves a body that was looked at to whoever comes next.
func TestCheckKeepsTheBody(t *testing.T) {
	s := newScene(t)
	body := `{"name":"new.example","account":{"id":"` + s.acme.ID.String() + `"}}`
	r := s.Key(s.ada).Request("POST", "/client/v4/zones", body)
	if v := s.Check(r); !v.Allowed() {
		t.Fatalf("refused: %+v", v.Denial())
	}
	if left, err := io.ReadAll(r.Body); err != nil || string(left) != body {
		t.Errorf("%q is left (%v)", left, err)
	}
}

// Two worlds that are built alike are alike, and no two secrets of one are.
func TestWorldsAreTheSame(t *testing.T) {
	one, two := newScene(t), newScene(t)
	seen := map[string]bool{}
	for range 20 {
		a, b := one.editor(one.ada), two.editor(two.ada)
		if a.ID != b.ID || a.Secret.Reveal() != b.Secret.Reveal() {
			t.Fatal("two worlds differ")
		}
		if seen[a.Secret.Reveal()] || seen[a.ID.String()] {
			t.Fatal("a world repeats itself")
		}
		seen[a.Secret.Reveal()], seen[a.ID.String()] = true, true
	}
}

// What makes no sense ends the test, with words.
func TestNonsense(t *testing.T) {
	for want, do := range map[string]func(scene){
		`no role "Clerk"`:                 func(s scene) { s.Join(s.ada, s.acme, "Clerk") },
		"users are members of accounts":   func(s scene) { s.Join(s.acme, s.ada, "Billing") },
		`no permission group "Fly"`:       func(s scene) { s.Token(s.ada, leastkeytest.Allow("Fly").On(leastkey.PatternEvery("zone"))) },
		`no permission group "DNS Write"`: func(s scene) { s.Token(s.ada, leastkeytest.Allow("DNS Write").On(leastkey.PatternEvery("account"))) },
		`no resource type "moon"`:         func(s scene) { s.Resource("moon", "1", s.acme.Resource()) },
		`of type "account", not "user"`:   func(s scene) { s.Resource("zone", leastkeytest.ID("x").String(), s.ada.Resource()) },
		"32 lower-case hex digits":        func(s scene) { s.Resource("zone", "x", s.acme.Resource()) },
		"is not an IP address":            func(s scene) { s.Token(s.ada, leastkeytest.From("here")) },
		"the state is unsure":             func(s scene) { s.State.Doubt(); s.User("ben@example.com") },
	} {
		said := func() (said string) {
			defer func() { said = fmt.Sprint(recover()) }()
			c, err := catalog.Default()
			if err != nil {
				t.Fatal(err)
			}
			s := scene{World: leastkeytest.New(standIn{}, c)}
			s.ada, s.acme = s.User("ada@example.com"), s.Account("acme")
			do(s)
			return ""
		}()
		if !strings.Contains(said, want) {
			t.Errorf("%q, want %q", said, want)
		}
	}
}
