package browser

import (
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// mostPage is how many bytes a page may need altogether, with style, scripts and pictures, when nothing is cached.
const mostPage = 100 << 10

// seeded is what the pages are about, made through the API.
type seeded struct{ token, account harness.Token }

func seed(t *testing.T, d *harness.Demo) seeded {
	t.Helper()
	owner := d.As(harness.GlobalKey(d.Owner()))
	account := d.Staging().AccountID
	return seeded{
		token: owner.Mint(t, "staging dns",
			owner.Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write"),
			owner.Deny(t, harness.OneZone(d.Production().ID), harness.ZoneScope, "DNS Write")),
		account: owner.MintAt(t, "/accounts/"+account+"/tokens", "deploy of the account",
			owner.Allow(t, harness.ZonesOf(account), harness.ZoneScope, "DNS Read")),
	}
}

// place is a page that an address leads to, with its main heading.
type place struct{ name, path, heading string }

// places are the pages that need no step before them. The walks look at the others.
func places(d *harness.Demo, s seeded) []place {
	account := "/account/" + d.Staging().AccountID
	name := ""
	for _, a := range d.Accounts {
		if a.ID == d.Staging().AccountID {
			name = a.Name
		}
	}
	token, ofAccount := "/profile/api-tokens/"+s.token.ID, account+"/api-tokens/"+s.account.ID
	return []place{
		{"tokens", "/profile/api-tokens", "API tokens"},
		{"tokens-none-found", "/profile/api-tokens?q=nothing+like+this", "API tokens"},
		{"templates", "/profile/api-tokens/new", "Create a token"},
		{"custom", "/profile/api-tokens/new?template=custom", "Create a token"},
		{"token", token, s.token.Name},
		{"edit", token + "/edit", "Edit " + s.token.Name},
		{"roll", token + "/roll", "Roll " + s.token.Name},
		{"delete", token + "/delete", "Delete " + s.token.Name},
		{"account-tokens", account + "/api-tokens", "API tokens of " + name},
		{"account-templates", account + "/api-tokens/new", "Create a token of " + name},
		{"account-custom", account + "/api-tokens/new?template=custom", "Create a token of " + name},
		{"account-token", ofAccount, s.account.Name},
		{"account-edit", ofAccount + "/edit", "Edit " + s.account.Name},
		{"global-api-key", "/profile/global-api-key", "Global API Key"},
		{"global-api-key-change", "/profile/global-api-key/change", "Change the Global API Key"},
		{"origin-ca-key", "/profile/origin-ca-key", "Origin CA Key"},
		{"origin-ca-key-change", "/profile/origin-ca-key/change", "Change the Origin CA Key"},
		{"sessions", "/profile/sessions", "Sessions"},
		{"password", "/profile/password", "Password"},
		{"audit", "/profile/audit", "Audit log"},
		{"audit-failing", "/profile/audit?from=yesterday", "Audit log"},
		{"account-audit", account + "/audit", "Audit log of " + name},
		{"members", account + "/members", "Members of " + name},
		{"not-found", "/profile/nothing", "Not found"},
		{"sign-in-link", "/sign-in/link?code=spent", "Sign in with a link"},
	}
}

// Each page is light enough, accessible in both colour schemes and widths, and no wider than a small telephone.
func TestPages(t *testing.T) {
	source := axe(t)
	d, p := signIn(t, chromium.Person{})
	p.See("No tokens yet")
	checkBoth(t, p, source, "tokens-empty")
	for _, place := range places(d, seed(t, d)) {
		t.Run(place.name, func(t *testing.T) {
			p := p.For(t)
			p.Forget()
			p.Weight()
			p.Visit(place.path)
			p.At(place.heading)
			if weight := p.Weight(); weight > mostPage {
				t.Errorf("%d bytes, want at most %d", weight, mostPage)
			}
			checkBoth(t, p, source, place.name)
		})
	}
}

// Nor does axe-core find anything at a step of the walks, or where a form is not understood.
func TestWalksAreAccessible(t *testing.T) {
	source := axe(t)
	check := func(p *chromium.Page, name string) { checkBoth(t, p, source, name) }
	d, p := start(t, chromium.Person{})
	check(p, "sign-in")
	p.Submit("Sign in")
	p.See("There are 2 problems")
	check(p, "sign-in-failing")
	enter(p, d.Owner())
	templateWalk(t, d, p, chromium.Person{}, check)
	customWalk(t, d, p, check)
}

// checkBoth looks at a page as most see it, and as it is seen on a telephone at night.
func checkBoth(t *testing.T, p *chromium.Page, source, name string) {
	t.Helper()
	p.Resize(chromium.Narrow)
	p.Paint(true)
	checkAccess(t, p, source, name+", dark and narrow")
	if wider := p.Overflow(); wider > 0 {
		t.Errorf("%s: %d pixels too wide for a window of %d", name, wider, chromium.Narrow)
	}
	p.Resize(chromium.Wide)
	p.Paint(false)
	checkAccess(t, p, source, name)
}
