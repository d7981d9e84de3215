package browser

import (
	"net/http"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// From nothing: two permissions, a deny, a filter of addresses and an end; then an edit of it.
func TestCustomWalk(t *testing.T) {
	for name, person := range people {
		t.Run(name, func(t *testing.T) {
			d, p := signIn(t, person)
			customWalk(t, d, p, pass)
		})
	}
}

func customWalk(t *testing.T, d *harness.Demo, p *chromium.Page, at look) {
	t.Helper()
	end := time.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly)
	p.Visit("/profile/api-tokens/new")
	p.At("Create a token")
	p.Submit("Start from nothing")
	p.See("Rule 1")
	p.Fill("Token name", "deploy bot")

	may := p.Within("Rule 1")
	may.Fill("Permission", "DNS")
	may.Choose("Access", "Write")
	may.Submit("Add permission to rule 1")
	p.See("Rule 1")
	may.Nth(2).Fill("Permission", "Cache Purge")
	may.Nth(2).Choose("Access", "As named")
	may.Choose("Which", "Every zone of an account")

	p.Submit("Add what it may not do")
	mayNot := p.Within("Rule 2")
	mayNot.Fill("Permission", "DNS")
	mayNot.Choose("Access", "Write")
	mayNot.Check("production.example")

	p.Submit("Only from it: 127.0.0.1")
	p.Fill("Never from optional", "203.0.113.0/24")
	p.Fill("Ends on optional", end)
	at(p, "custom")
	p.Submit("Continue to summary")
	p.At("Summary of deploy bot")
	p.See("DNS Write", "Cache Purge", "production.example", "127.0.0.1", "203.0.113.0/24", end)
	p.Press("Command line")
	p.See("leastkey token create")
	at(p, "custom-summary")
	p.Submit("Back")
	p.Within("Rule 2").See("production.example")
	p.Submit("Continue to summary")
	p.Submit("Create token")
	p.At("Created deploy bot")
	secret := secretOf(p, d)

	token := d.As(harness.Bearer(secret))
	record := map[string]any{"type": "TXT", "name": "bot", "content": "here", "ttl": 60}
	token.Call(t, http.MethodPost, "/zones/"+d.Staging().ID+"/dns_records", record).Want(t, http.StatusOK)
	token.Call(t, http.MethodPost, "/zones/"+d.Production().ID+"/dns_records", record).
		Refused(t, harness.Denied("DNS Write", d.Production().ID))

	p.Submit("Done")
	p.At("deploy bot")
	p.Submit("Edit")
	p.At("Edit deploy bot")
	at(p, "edit")
	p.Submit("Remove rule 2")
	p.SeeGone("Rule 2")
	p.Fill("Never from optional", "")
	p.Fill("Only from optional", "198.51.100.0/24")
	p.Submit("Continue to summary")
	p.At("Changes to deploy bot")
	p.See("production.example", "198.51.100.0/24")
	at(p, "edit-summary")
	p.Submit("Save")
	p.At("deploy bot")
	p.See("The changes to deploy bot were saved.")
	token.Call(t, http.MethodGet, "/zones", nil).Refused(t, harness.Refusal{Status: http.StatusForbidden})

	p.Visit("/profile/api-tokens")
	p.Press("Actions for deploy bot")
	at(p, "tokens-menu")
	p.Submit("Disable")
	p.See("deploy bot is disabled")
	token.Verify(t).Refused(t, harness.UnusableToken())
}
