package login_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/nodetest"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery"
)

// door is a Login at a node, with one user.
type door struct {
	*login.Login
	node *nodetest.Node
	user control.User
	log  *bytes.Buffer
}

func open(t *testing.T, limits login.Limits) *door {
	t.Helper()
	n := nodetest.Start(t, nodetest.Config{Empty: true})
	made, err := n.Control.CreateUser(t.Context(), control.Operator(), control.UserSpec{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	d := &door{node: n, user: made.User, log: &bytes.Buffer{}}
	d.Login, err = login.New(login.Config{
		Control: n.Control, Secure: func(r *http.Request) bool { return r.TLS != nil }, Limits: limits,
		Now: n.Clock.Now, Random: nodetest.NewRandom(2), Log: slog.New(slog.NewTextHandler(d.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// from is a visit from an address of its own, so that addresses do not run out of attempts.
func from(i int) control.Visit {
	return control.Visit{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), Agent: "a browser"}
}

// caller is the person of a session, who asks for something about themselves.
func (d *door) caller(t *testing.T, s control.Session) control.Caller {
	t.Helper()
	c := control.Caller{Session: true, Credential: s.ID, Secret: s.Hash, Principal: leastkey.UserOf(s.User), Addr: s.Addr,
		Target: leastkey.OnResource(leastkey.UserOf(s.User).Resource())}
	for _, op := range d.node.Catalog.Operations() {
		if op.String() == "PATCH /client/v4/user" {
			c.AnyOf = op.AnyOf
		}
	}
	return c
}

func (d *door) signIn(t *testing.T, v control.Visit) control.SignedIn {
	t.Helper()
	begun, err := d.SignIn(t.Context(), email, password, v)
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func TestSignIn(t *testing.T) {
	d := open(t, login.Limits{})
	begun := d.signIn(t, from(1))
	session, user, err := d.Resume(withCookies("leastkey="+begun.Key), from(1).Addr)
	if err != nil || session.ID != begun.ID || user.Email != email {
		t.Fatalf("the session is %v of %v: %v", session.ID, user.Email, err)
	}
	again, err := d.SignIn(t.Context(), " ADA@example.com ", password, control.Visit{Addr: from(1).Addr, Replaces: session})
	if err != nil {
		t.Fatal(err)
	}
	if again.Key == begun.Key {
		t.Error("two sessions have one key")
	}
	if _, _, err := d.Resume(withCookies("leastkey="+begun.Key), from(1).Addr); !refused(err) {
		t.Errorf("the session that was replaced: %v", err)
	}
}

// TestSameAnswerSameWork shows that an answer tells nothing about who there is, nor does the work.
func TestSameAnswerSameWork(t *testing.T) {
	d := open(t, login.Limits{})
	disabled, err := d.node.Control.CreateUser(t.Context(), control.Operator(), control.UserSpec{Email: "gone@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.node.Control.SetUserDisabled(t.Context(), control.Operator(), disabled.ID, true); err != nil {
		t.Fatal(err)
	}
	d.node.User(t, "keyonly@example.com") // has no password
	for i, c := range []struct{ name, email, password string }{
		{"wrong password", email, "wrong password here"},
		{"no password", email, ""},
		{"a long password", email, strings.Repeat("x", 10_000)},
		{"unknown user", "nobody@example.com", password},
		{"the words of the dummy", "nobody@example.com", "the password of nobody"},
		{"no address", "", password},
		{"not an address", "hunter2hunter2", password},
		{"disabled user", "gone@example.com", password},
		{"user without a password", "keyonly@example.com", "the password of nobody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, logged := d.Work().Hashes, d.log.Len()
			_, err := d.SignIn(t.Context(), c.email, c.password, from(i))
			if !errors.Is(err, login.ErrWrong) || err.Error() != login.ErrWrong.Error() {
				t.Errorf("answered %v", err)
			}
			if done := d.Work().Hashes - before; done != 1 {
				t.Errorf("%d hashes were computed, want 1", done)
			}
			line := d.log.String()[logged:]
			if !strings.Contains(line, from(i).Addr.String()) || strings.Count(line, "\n") != 1 {
				t.Errorf("logged %q, want one line with the address", line)
			}
			for _, typed := range []string{c.email, c.password} {
				if typed != "" && strings.Contains(line, typed) {
					t.Errorf("logged what was typed: %q", line)
				}
			}
		})
	}
}

// TestThrottledPerEmail shows that guessing ends, for users and nobodies alike, without a hash.
func TestThrottledPerEmail(t *testing.T) {
	d := open(t, login.Limits{})
	limit := login.DefaultLimits().Email
	for _, who := range []string{email, "nobody@example.com"} {
		t.Run(who, func(t *testing.T) {
			for i := range limit.Burst {
				if _, err := d.SignIn(t.Context(), who, "a wrong password", from(i)); !errors.Is(err, login.ErrWrong) {
					t.Fatalf("attempt %d: %v", i, err)
				}
			}
			before := d.Work()
			var throttled login.Throttled
			if _, err := d.SignIn(t.Context(), " "+strings.ToUpper(who), password, from(100)); !errors.As(err, &throttled) {
				t.Fatalf("one attempt more: %v", err)
			}
			if s := throttled.Seconds(); s < 29 || s > 30 {
				t.Errorf("wait %d seconds", s)
			}
			if d.Work() != before {
				t.Error("a hash was computed for an attempt that was throttled")
			}
			d.node.Clock.Advance(limit.Every)
			if _, err := d.SignIn(t.Context(), who, "a wrong password", from(101)); !errors.Is(err, login.ErrWrong) {
				t.Errorf("after the wait: %v", err)
			}
		})
	}
}

func TestThrottledPerAddress(t *testing.T) {
	d := open(t, login.Limits{})
	network := netip.MustParsePrefix("2001:db8:1:2::/64")
	addr := network.Addr()
	for i := range login.DefaultLimits().Address.Burst {
		addr = addr.Next()
		var err error
		if i%2 == 0 {
			_, err = d.SignIn(t.Context(), "nobody"+addr.String()[15:]+"@example.com", password, control.Visit{Addr: addr})
		} else {
			_, err = d.Redeem(t.Context(), "a guess", control.Visit{Addr: addr})
		}
		var throttled login.Throttled
		if err == nil || errors.As(err, &throttled) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	for name, attempt := range map[string]func(netip.Addr) error{
		"password": func(a netip.Addr) error {
			_, err := d.SignIn(t.Context(), email, password, control.Visit{Addr: a})
			return err
		},
		"link": func(a netip.Addr) error {
			_, err := d.Redeem(t.Context(), "a guess", control.Visit{Addr: a})
			return err
		},
	} {
		var throttled login.Throttled
		if err := attempt(addr); !errors.As(err, &throttled) || throttled.Seconds() > 10 {
			t.Errorf("%s: %v", name, err)
		}
		if err := attempt(netip.MustParseAddr("2001:db8:1:3::1")); errors.As(err, &throttled) {
			t.Errorf("%s from another network: %v", name, err)
		}
	}
}

// TestSuccessForgives shows that who mistypes at last gets in, and begins anew the next time.
func TestSuccessForgives(t *testing.T) {
	d := open(t, login.Limits{})
	for round := range 2 {
		for i := range login.DefaultLimits().Email.Burst - 1 {
			if _, err := d.SignIn(t.Context(), email, "a wrong password", from(round*20+i)); !errors.Is(err, login.ErrWrong) {
				t.Fatalf("round %d, attempt %d: %v", round, i, err)
			}
		}
		d.signIn(t, from(round*20+19))
	}
}

// TestHashesAtOnce shows the bounds on what is computed, and that whoever was turned away lost no
// attempt.
func TestHashesAtOnce(t *testing.T) {
	limits := login.DefaultLimits()
	limits.Hashes, limits.Waiting = 2, 3
	const attempts = 100
	limits.Email = login.Rate{Burst: attempts, Every: time.Hour}
	d := open(t, limits)
	errs := make([]error, attempts)
	var all sync.WaitGroup
	for i := range attempts {
		all.Go(func() { _, errs[i] = d.SignIn(t.Context(), email, "a wrong password", from(i)) })
	}
	all.Wait()
	wrong := 0
	for _, err := range errs {
		switch {
		case errors.Is(err, login.ErrWrong):
			wrong++
		case !errors.Is(err, login.ErrBusy):
			t.Errorf("answered %v", err)
		}
	}
	if work := d.Work(); work.Most > limits.Hashes || work.Hashes != wrong || wrong < limits.Hashes+limits.Waiting {
		t.Errorf("%d were answered, by %+v", wrong, work)
	}
	if _, err := d.SignIn(t.Context(), email, password, from(attempts)); err != nil {
		t.Errorf("those who were turned away lost their attempts: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := d.SignIn(gone, email, password, from(attempts+1)); err == nil {
		t.Error("somebody was signed in who does not wait for it")
	}
}

func TestConfirm(t *testing.T) {
	d := open(t, login.Limits{})
	begun := d.signIn(t, from(1))
	caller := d.caller(t, begun.Session)
	d.node.Clock.Advance(control.Confirmation + time.Second)
	confirmed := func() bool {
		s, _, err := d.Resume(withCookies("leastkey="+begun.Key), from(1).Addr)
		if err != nil {
			t.Fatal(err)
		}
		return s.ConfirmedAt(d.node.Clock.Now())
	}
	if err := d.Confirm(t.Context(), caller, d.user, "a wrong password"); !errors.Is(err, login.ErrWrong) || confirmed() {
		t.Errorf("a wrong password: %v", err)
	}
	if err := d.Confirm(t.Context(), caller, d.user, password); err != nil || !confirmed() {
		t.Errorf("the password: %v", err)
	}
	for range login.DefaultLimits().Email.Burst - 2 {
		if err := d.Confirm(t.Context(), caller, d.user, "a wrong password"); !errors.Is(err, login.ErrWrong) {
			t.Fatal(err)
		}
	}
	var throttled login.Throttled
	if err := d.Confirm(t.Context(), caller, d.user, password); !errors.As(err, &throttled) {
		t.Errorf("one attempt more: %v", err)
	}
	if _, err := d.SetPassword(t.Context(), caller, d.user, password, "another good password"); !errors.As(err, &throttled) {
		t.Errorf("by way of changing the password: %v", err)
	}
	if _, err := d.SetPassword(t.Context(), caller, d.user, "", "another good password"); !errors.As(err, &throttled) {
		t.Errorf("without the current password: %v", err)
	}
	if _, err := d.SignIn(t.Context(), email, password, from(2)); !errors.As(err, &throttled) {
		t.Errorf("by way of signing in: %v", err)
	}
}

func TestSetPassword(t *testing.T) {
	const next = "another good password"
	d := open(t, login.Limits{})
	other := d.signIn(t, from(2))
	begun := d.signIn(t, from(1))
	caller := d.caller(t, begun.Session)
	if _, err := d.SetPassword(t.Context(), caller, d.user, "a wrong password", next); !errors.Is(err, login.ErrWrong) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := d.SetPassword(t.Context(), caller, d.user, "", next); !is(err, control.Unconfirmed) {
		t.Errorf("without the password: %v", err)
	}
	if _, err := d.SetPassword(t.Context(), caller, d.user, password, "short"); !is(err, control.Invalid) {
		t.Errorf("a short password: %v", err)
	}
	changed, err := d.SetPassword(t.Context(), caller, d.user, password, next)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"the session of another browser": other.Key, "a copy of this one": begun.Key} {
		if _, _, err := d.Resume(withCookies("leastkey="+key), from(1).Addr); !refused(err) {
			t.Errorf("%s lives on: %v", name, err)
		}
	}
	if _, _, err := d.Resume(withCookies("leastkey="+changed.Key), from(1).Addr); err != nil {
		t.Errorf("the person was signed out: %v", err)
	}
	if _, err := d.SignIn(t.Context(), email, password, from(3)); !errors.Is(err, login.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := d.SignIn(t.Context(), email, next, from(3)); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestRedeem(t *testing.T) {
	d := open(t, login.Limits{})
	link := func() string {
		code, _, err := d.node.Control.MakeSignInLink(t.Context(), control.Operator(), d.user.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	code := link()
	begun, err := d.Redeem(t.Context(), code, from(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Redeem(t.Context(), code, from(1)); !refused(err) {
		t.Errorf("a second time: %v", err)
	}
	old := link()
	d.node.Clock.Advance(time.Hour)
	if _, err := d.Redeem(t.Context(), old, from(1)); !refused(err) {
		t.Errorf("too late: %v", err)
	}
	// What opens one thing opens nothing else.
	if _, _, err := d.Resume(withCookies("leastkey="+link()), from(1).Addr); !refused(err) {
		t.Errorf("a link's code as a session's key: %v", err)
	}
	if _, err := d.Redeem(t.Context(), begun.Key, from(1)); !refused(err) {
		t.Errorf("a session's key as a link's code: %v", err)
	}
	// Who came by a link has ten minutes to choose a password.
	caller := d.caller(t, begun.Session)
	if _, err := d.SetPassword(t.Context(), caller, d.user, "", "a password of mine"); !is(err, control.Unconfirmed) {
		t.Errorf("after an hour: %v", err)
	}
	begun, err = d.Redeem(t.Context(), link(), from(1))
	if err != nil {
		t.Fatal(err)
	}
	begun, err = d.SetPassword(t.Context(), d.caller(t, begun.Session), d.user, "", "a password of mine")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.SetPassword(t.Context(), d.caller(t, begun.Session), d.user, "", "a password of others"); !is(err, control.Unconfirmed) {
		t.Errorf("a second password without the first: %v", err)
	}
}

func withCookies(line string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	if line != "" {
		r.Header.Set("Cookie", line)
	}
	return r
}

func is(err error, kind control.Kind) bool {
	var refusal *control.Error
	return errors.As(err, &refusal) && refusal.Kind == kind
}

func refused(err error) bool { return is(err, control.Refused) }
