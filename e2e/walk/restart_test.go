package walk

import (
	"net/http"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/miekg/dns"
)

// Stopping and starting on the same directory keeps tokens, refusals, records and seeds.
func TestRestartKeepsEverything(t *testing.T) {
	d := harness.Start(t)
	before := d.Ready
	token, deleted := editor(t, d, d.Staging()), editor(t, d, d.Staging())
	rolled := owner(d).Roll(t, token.ID, 0)
	owner(d).Call(t, http.MethodDelete, "/user/tokens/"+deleted.ID, nil).Want(t, http.StatusOK)
	records := "/zones/" + d.Staging().ID + "/dns_records"
	d.As(harness.Bearer(rolled)).Call(t, http.MethodPost, records, address("kept", "192.0.2.50")).Want(t, http.StatusOK)
	name := "kept." + d.Staging().Name
	d.WantDNS(t, name, dns.TypeA, "192.0.2.50")
	d.As(harness.Bearer(deleted.Value)).Verify(t).Refused(t, harness.UnverifiedToken())

	d.Restart(t)

	d.WantDNS(t, name, dns.TypeA, "192.0.2.50")
	d.As(harness.Bearer(rolled)).Verify(t).Want(t, http.StatusOK)
	d.As(harness.Bearer(rolled)).Call(t, http.MethodGet, records+"?name="+name, nil).Want(t, http.StatusOK)
	d.As(harness.Bearer(token.Value)).Verify(t).Refused(t, harness.UnverifiedToken())
	d.As(harness.Bearer(deleted.Value)).Verify(t).Refused(t, harness.UnverifiedToken())
	// The key of the first start, not of the new ready file.
	key := d.As(harness.GlobalKey(before.Owner()))
	key.Call(t, http.MethodGet, "/user/tokens/"+token.ID, nil).Want(t, http.StatusOK)
	if before.Staging() != d.Staging() || before.Owner().ID != d.Owner().ID || before.OtherAccount() != d.OtherAccount() {
		t.Errorf("the seeds changed: %+v, then %+v", before.Zones, d.Zones)
	}
}
