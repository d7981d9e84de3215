package browser

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// look is called at each step of a walk, with a name for what is to be seen.
type look func(p *chromium.Page, name string)

func pass(*chromium.Page, string) {}

// The announcement's walk: from a template to a token that edits the DNS of one zone, and on to its end.
func TestTemplateWalk(t *testing.T) {
	for name, person := range people {
		t.Run(name, func(t *testing.T) {
			d, p := signIn(t, person)
			templateWalk(t, d, p, person, pass)
		})
	}
}

func templateWalk(t *testing.T, d *harness.Demo, p *chromium.Page, person chromium.Person, at look) {
	t.Helper()
	at(p, "tokens-empty")
	secret := createFromTemplate(t, d, p, person, at)
	editsDNS(t, d, secret)

	p.Visit("/profile/api-tokens")
	at(p, "tokens")
	p.Submit("staging dns")
	p.At("staging dns")
	p.SeeSoon("/dns_records") // uses are written a moment after they are made
	tryIt(p, d)
	at(p, "token")

	rolled := roll(d, p, "1 hour", at)
	verified(t, d, secret)
	verified(t, d, rolled)
	p.Submit("Done")
	p.At("staging dns")
	at(p, "token-two-secrets")
	p.Submit("End now: the secret that ends in " + tail(secret))
	p.See("The earlier secret of staging dns no longer works.")
	refused(t, d, secret)
	verified(t, d, rolled)

	again := roll(d, p, "Not at all", pass)
	refused(t, d, rolled)
	verified(t, d, again)

	p.Submit("Done")
	p.SeeSoon("/user/tokens/verify")
	p.Submit("Delete")
	p.At("Delete staging dns")
	p.Fill("Name of the token", "production dns")
	p.Submit("Delete token")
	p.See("There is a problem", "This is not the name of the token.")
	at(p, "delete")
	p.Fill("Name of the token", "staging dns")
	p.Submit("Delete token")
	p.At("API tokens")
	p.See("The token was deleted.", "No tokens yet")
	refused(t, d, again)
	p.Press("Audit log")
	p.At("Audit log")
	p.See("staging dns")
	at(p, "audit")
}

// createFromTemplate makes the token and gives its secret, which was copied, verified by the button and by curl.
func createFromTemplate(t *testing.T, d *harness.Demo, p *chromium.Page, person chromium.Person, at look) string {
	t.Helper()
	p.Submit("Create token")
	p.At("Create a token")
	at(p, "templates")
	p.Submit("Use template: Edit zone DNS")
	p.See("From where")
	p.Submit("Continue to summary") // too early
	p.See("There is a problem", "Choose at least one zone.")
	at(p, "form-failing")
	p.Fill("Token name", "staging dns")
	rule := p.Within("Rule 1")
	rule.Fill("Search zones", "stag")
	if !person.NoScript {
		p.SeeGone("production.example") // found while it is typed
	}
	rule.Submit("Find resources for row 1 of rule 1")
	p.DoNotSee("production.example", "There is a problem")
	rule.Check("staging.example")
	at(p, "form")
	p.Submit("Continue to summary")
	p.At("Summary of staging dns")
	p.See("DNS", "staging.example", d.Owner().Email)
	p.DoNotSee("production.example")
	p.Press("Policies as JSON")
	p.See(`"effect": "allow"`)
	at(p, "summary")
	p.Submit("Create token")
	p.At("Created staging dns")

	secret := secretOf(p, d)
	line := chromium.Eval[string](p, `document.getElementById("curl").textContent`)
	if !person.NoScript {
		p.Press("Copy")
		p.See("Copied")
	} else if p.Has("Copy") {
		t.Error("a copy button is there, and nothing can happen when it is pressed")
	}
	p.Submit("Verify now")
	p.See("The token works", "This API Token is valid and active")
	if !person.NoScript {
		at(p, "created")
	}
	if answer := shell(t, line); !strings.Contains(answer, "This API Token is valid and active") {
		t.Errorf("curl says %s", d.Ledger.Redact(answer))
	}
	if !person.NoScript {
		p.Submit("Done")
		p.At("staging dns")
		p.Press("Body and address")
		if pasted := p.Paste("JSON body optional"); pasted != secret {
			t.Errorf("what was copied has %d bytes, and is not the secret", len(pasted))
		}
	}
	return secret
}

// tryIt asks the page what the token would be allowed.
func tryIt(p *chromium.Page, d *harness.Demo) {
	for _, try := range []struct{ zone, outcome string }{{d.Staging().ID, "Allowed"}, {d.Production().ID, "Refused"}} {
		p.Choose("Method", "POST")
		p.Fill("Path", "/client/v4/zones/"+try.zone+"/dns_records")
		p.Submit("Try it")
		p.See(try.outcome)
	}
}

// roll replaces the secret, from the token's page.
func roll(d *harness.Demo, p *chromium.Page, overlap string, at look) string {
	p.Submit("Roll")
	p.At("Roll staging dns")
	p.Check(overlap)
	at(p, "roll")
	p.Submit("Roll")
	p.At("Rolled staging dns")
	secret := secretOf(p, d)
	at(p, "rolled")
	return secret
}

// tail is the end of a secret, by which pages tell it from others.
func tail(secret string) string { return secret[len(secret)-4:] }

// editsDNS makes a record through the gateway, sees it in the DNS, and is refused in the zone beside it.
func editsDNS(t *testing.T, d *harness.Demo, secret string) {
	t.Helper()
	token := d.As(harness.Bearer(secret))
	record := map[string]any{"type": "A", "name": "hello." + d.Staging().Name, "content": "192.0.2.7", "ttl": 60}
	token.Call(t, http.MethodPost, "/zones/"+d.Staging().ID+"/dns_records", record).Want(t, http.StatusOK)
	d.WantDNS(t, "hello."+d.Staging().Name, dns.TypeA, "192.0.2.7")
	token.Call(t, http.MethodPost, "/zones/"+d.Production().ID+"/dns_records", record).
		Refused(t, harness.Denied("DNS Write", d.Production().ID))
}

func refused(t *testing.T, d *harness.Demo, secret string) {
	t.Helper()
	d.As(harness.Bearer(secret)).Verify(t).Refused(t, harness.UnverifiedToken())
}

// shell runs a line as a person would who copied it from the page.
func shell(t *testing.T, line string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", line)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	out, err := command.Output()
	if err != nil {
		t.Fatalf("the line of the page: %v", err)
	}
	return string(out)
}
