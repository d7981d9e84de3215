package browser

import (
	"net/http"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// Somebody is made a member, given other roles and removed, in every way of using a browser; what they can do changes
// with each step, in the next request.
func TestMembers(t *testing.T) {
	source := axe(t)
	for name, person := range people {
		t.Run(name, func(t *testing.T) {
			d, p := signIn(t, person)
			check := func(page string) {
				if name == "mouse" { // without scripts there is no axe-core
					checkBoth(t, p, source, page)
				}
			}
			ben := d.Users[1]
			reads := func(want int) {
				t.Helper()
				d.As(harness.GlobalKey(ben)).Call(t, http.MethodGet, "/zones/"+d.Staging().ID+"/dns_records", nil).Want(t, want)
			}
			account := ""
			for _, a := range d.Accounts {
				if a.ID == d.Staging().AccountID {
					account = a.Name
				}
			}
			reads(http.StatusForbidden)
			p.Visit("/account/" + d.Staging().AccountID + "/members")
			p.At("Members of " + account)
			p.Submit("Add member")
			p.See("There are 2 problems")
			check("members-failing")
			p.Fill("E-mail address", ben.Email)
			p.Check("DNS")
			p.Submit("Add member")
			p.See("The member was added.")
			reads(http.StatusOK)
			p.Submit(ben.Email)
			p.At(ben.Email)
			check("member")
			p.Check("Billing")
			p.Submit("Go on")
			p.See("1 token or key of theirs can do more")
			check("member-asking")
			p.Submit("Change roles")
			p.See("The roles were changed.")
			p.Submit("Remove member")
			p.See("Remove " + ben.Email)
			p.See("1 token or key of theirs can do less")
			reads(http.StatusOK)
			p.Submit("Remove member")
			p.See("The member was removed.")
			reads(http.StatusForbidden)
		})
	}
}
