package browser

import (
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

func TestSignInAndOut(t *testing.T) {
	for name, person := range people {
		t.Run(name, func(t *testing.T) {
			d := harness.Start(t)
			p := browser.Open(t, d, person)
			p.Visit("/profile/sessions")
			p.At("Sign in")
			p.Fill("E-mail address", d.Owner().Email)
			p.Fill("Password", "not the password")
			p.Submit("Sign in")
			p.See("There is a problem", "The e-mail address or the password is not right.")
			if have := p.Value("E-mail address"); have != d.Owner().Email {
				t.Errorf("after a mistake the address is %q", have)
			}
			p.Fill("Password", d.Owner().Password)
			p.Submit("Sign in")
			p.At("Sessions") // where the way led before
			p.See("This browser")
			p.Visit("/sign-in")
			p.At("API tokens")
			p.Submit("Sign out")
			p.At("Sign in")
			p.Travel(-1)
			p.DoNotSee("This browser", "Your tokens")
			p.Visit("/profile/sessions")
			p.At("Sign in")
		})
	}
}

// The link that the demo prints signs in once, leaves no trace in the address, and is of no use to the next who has it.
func TestSignInLink(t *testing.T) {
	d := harness.Start(t)
	link := d.Owner().SignInLink
	for _, person := range []chromium.Person{{}, {NoScript: true}} {
		p := browser.Open(t, d, person)
		p.Visit(link)
		p.At("Sign in with a link")
		p.Submit("Sign in")
		if !person.NoScript {
			p.At("API tokens")
			p.Travel(-1)
			p.At("Sign in with a link")
			p.Submit("Sign in") // again, from the history
		}
		p.See("The link was used already, or is too old.")
	}
}
