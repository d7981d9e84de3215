// Package browser drives the dashboard in a real browser, against the real program: the announcement's walk by mouse,
// by keyboard alone and without scripts; what Back, Forward and Reload show; every page under axe-core; and the
// pictures of the documentation.
package browser

import (
	"fmt"
	"os"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// browser is started once, because it takes longer to start than most tests take.
var browser *chromium.Browser

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if browser, err = chromium.Launch(); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			return 1
		}
		defer browser.Close()
		return harness.Main(m)
	}())
}

// people are the ways in which every walk must be possible.
var people = map[string]chromium.Person{
	"mouse":    {},
	"keyboard": {KeyboardOnly: true},
	// The hardest of all: who gets through like this gets through without scripts in any other way.
	"keyboard, no script, narrow": {KeyboardOnly: true, NoScript: true, Width: chromium.Narrow},
}

// signIn is a new demo, and a tab in which the owner of its zones is signed in.
func signIn(t *testing.T, person chromium.Person) (*harness.Demo, *chromium.Page) {
	t.Helper()
	d, p := start(t, person)
	enter(p, d.Owner())
	return d, p
}

// start is a new demo, and a tab in which nobody is signed in yet.
func start(t *testing.T, person chromium.Person) (*harness.Demo, *chromium.Page) {
	t.Helper()
	d := harness.Start(t)
	p := browser.Open(t, d, person)
	p.Visit("/")
	p.At("Sign in")
	return d, p
}

// enter signs in on the page that asks for it.
func enter(p *chromium.Page, user harness.User) {
	p.At("Sign in")
	p.Fill("E-mail address", user.Email)
	p.Fill("Password", user.Password)
	p.Submit("Sign in")
	p.At("API tokens")
}
