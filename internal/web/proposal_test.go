package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/nodetest"
)

// A refusal that is tried leads to the form with what would allow it proposed. Nothing is granted
// before the person has seen the difference and said so; no script is needed.
func TestAllowThis(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	zone := n.Ada.Zones[0]
	token := n.Mint(t, n.Ada.ByKey(), "deploy", n.Allow(t, nodetest.On(nodetest.ZoneKey(zone)), "DNS Read"))
	b, path := n.SignIn(t, n.Ada), "/profile/api-tokens/"+token.ID
	refused := "/client/v4/zones/" + zone + "/dns_records/" + strings.Repeat("1", 32)
	tried := b.Post(path+"/try", url.Values{"method": {"DELETE"}, "path": {refused}, "address": {"192.0.2.1"}})
	link := path + "/edit?allow=" + url.QueryEscape(n.Group(t, "DNS Write").String()+" on zone:"+zone)
	holds(t, tried, http.StatusOK, "Refused", link, "Allow this")

	w := begin(t, b, link)
	holds(t, w.at, http.StatusOK, "A link filled in this form", "one.example")
	w.press("summary", http.StatusOK, "DNS Write", "one.example")
	if a := n.Do(t, token.Bearer(), "DELETE", "/zones/"+zone+"/dns_records/"+strings.Repeat("1", 32), nil); a.Status != http.StatusForbidden {
		t.Errorf("allowed before it was saved: %d", a.Status)
	}
	w.press("", http.StatusOK, "deploy")
	if a := n.Do(t, token.Bearer(), "DELETE", "/zones/"+zone+"/dns_records/"+strings.Repeat("1", 32), nil); a.Status == http.StatusForbidden {
		t.Errorf("refused after it was saved: %d %s", a.Status, a.Body)
	}
	lacks(t, b.Post(path+"/try", url.Values{"method": {"DELETE"}, "path": {refused}}), "Allow this")
	elsewhere := strings.Replace(refused, zone, n.Ben.Zones[0], 1)
	lacks(t, b.Post(path+"/try", url.Values{"method": {"DELETE"}, "path": {elsewhere}}), "Allow this")
}

// A proposal for a new token fills its form; what of it is not understood is said.
func TestProposalForANewToken(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	group := n.Group(t, "DNS Write").String()
	page := b.Get("/profile/api-tokens/new?" + url.Values{"name": {"ci"}, "allow": {group + " on every zone of account:" + n.Ada.Account.String(), "x on y", group + " on user:1"}}.Encode())
	holds(t, page, http.StatusOK, "A link filled in this form", "Not all of the link was understood", "x on y", "user:1", `value="ci"`)
	holds(t, b.Get("/profile/api-tokens/new?allow="), http.StatusOK, "Not all of the link was understood")
}
