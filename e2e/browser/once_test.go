package browser

import (
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// secretOf is the secret that the page shows. The ledger knows it from then on, so that no later answer, and no file,
// may hold it.
func secretOf(p *chromium.Page, d *harness.Demo) string {
	secret := chromium.Eval[string](p, `document.getElementById("secret").textContent`)
	d.Ledger.Add(secret)
	return secret
}

// onceCase is a form that leads to a secret.
type onceCase struct {
	name string
	form func(p *chromium.Page, s seeded, name string) // goes to the form, for a token of that name
	send string                                        // its button
	// works fails the test unless the secret is the one that counts, and was made once.
	works func(t *testing.T, d *harness.Demo, name, secret string)
}

var onceCases = []onceCase{
	{
		"create",
		func(p *chromium.Page, _ seeded, name string) {
			p.Visit("/profile/api-tokens/new?template=custom")
			p.Fill("Token name", name)
			p.Fill("Permission", "DNS")
			p.Check("staging.example")
			p.Submit("Continue to summary")
			p.At("Summary of " + name)
		},
		"Create token",
		func(t *testing.T, d *harness.Demo, name, secret string) {
			t.Helper()
			verified(t, d, secret)
			if count := tokensNamed(t, d, name); count != 1 {
				t.Errorf("there are %d tokens named %q, want 1", count, name)
			}
		},
	},
	{
		"roll",
		func(p *chromium.Page, s seeded, _ string) { p.Visit("/profile/api-tokens/" + s.token.ID + "/roll") },
		"Roll",
		// Had it been rolled again, the secret would not work.
		func(t *testing.T, d *harness.Demo, _, secret string) { t.Helper(); verified(t, d, secret) },
	},
	{
		"change key",
		func(p *chromium.Page, _ seeded, _ string) { p.Visit("/profile/global-api-key/change") },
		"Change the key",
		func(t *testing.T, d *harness.Demo, _, secret string) {
			t.Helper()
			owner := d.Owner()
			owner.GlobalAPIKey = secret
			d.As(harness.GlobalKey(owner)).Call(t, http.MethodGet, "/user", nil).Want(t, http.StatusOK)
		},
	},
}

func verified(t *testing.T, d *harness.Demo, secret string) {
	t.Helper()
	d.As(harness.Bearer(secret)).Verify(t).Want(t, http.StatusOK)
}

// tokensNamed counts the owner's tokens of that name.
func tokensNamed(t *testing.T, d *harness.Demo, name string) int {
	t.Helper()
	var tokens []harness.Token
	d.As(harness.GlobalKey(d.Owner())).Call(t, http.MethodGet, "/user/tokens", nil).Want(t, http.StatusOK).Into(t, &tokens)
	count := 0
	for _, token := range tokens {
		if token.Name == name {
			count++
		}
	}
	return count
}

// exits are the ways to leave a page that shows a secret.
var exits = []struct {
	name  string
	leave func(p *chromium.Page, gone func(after string))
}{
	{"reload", func(p *chromium.Page, gone func(string)) {
		p.Reload()
		gone("Reload")
		p.See("Done already")
		p.Travel(-1)
		gone("Reload and Back")
		p.Travel(1)
		gone("Reload, Back and Forward")
	}},
	{"back", func(p *chromium.Page, gone func(string)) {
		p.Travel(-1)
		gone("Back")
		p.Travel(1)
		gone("Back and Forward")
		p.Visit("/profile/sessions")
		p.Travel(-1)
		gone("another page and Back")
		p.Reload()
		gone("another page, Back and Reload")
		p.See("Done already")
		p.Visit("/profile/password")
		p.Submit("Sign out")
		for p.Travel(-1) {
			gone("Sign out and Back")
		}
	}},
}

// Wherever Reload, Back and Forward lead, the secret is not shown again, and what was done is not done again.
func TestShownOnce(t *testing.T) {
	for _, script := range []bool{true, false} {
		for _, c := range onceCases {
			name := c.name
			if !script {
				name += ", no script"
			}
			t.Run(name, func(t *testing.T) {
				d := harness.Start(t)
				s := seed(t, d)
				for _, exit := range exits {
					t.Run(exit.name, func(t *testing.T) { shownOnce(t, d, s, c, exit.name, exit.leave, !script) })
				}
			})
		}
	}
}

func shownOnce(t *testing.T, d *harness.Demo, s seeded, c onceCase, name string,
	leave func(*chromium.Page, func(string)), noScript bool,
) {
	p := browser.Open(t, d, chromium.Person{NoScript: noScript})
	p.Visit("/")
	enter(p, d.Owner())
	c.form(p, s, name)
	p.Submit(c.send)
	p.See("It is shown now and never again.")
	secret := secretOf(p, d)
	if len(secret) < 30 || strings.Contains(strings.Join(p.History(), " "), secret) {
		t.Fatalf("the page shows a secret of %d bytes; the history is %q", len(secret), p.History())
	}
	leave(p, func(after string) {
		t.Helper()
		if strings.Contains(p.Source(), secret) {
			t.Errorf("after %s the page has the secret", after)
		}
	})
	c.works(t, d, name, secret)
}
