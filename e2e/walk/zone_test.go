package walk

import (
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/miekg/dns"
)

// record is what the record routes send back.
type record struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Content string `json:"content"`
}

func address(name, ip string) map[string]any {
	return map[string]any{"type": "A", "name": name, "content": ip, "ttl": 120}
}

// With a token from the template on staging.example its records can be edited, and the DNS shows each change.
func TestEditZoneDNS(t *testing.T) {
	d := harness.Start(t)
	editRecords(t, d, d.As(harness.Bearer(templateToken(t, d).Value)))
}

func editRecords(t *testing.T, d *harness.Demo, caller harness.Caller) {
	t.Helper()
	records := "/zones/" + d.Staging().ID + "/dns_records"
	name := "walk." + d.Staging().Name

	var made record
	caller.Call(t, http.MethodPost, records, address("walk", "192.0.2.1")).Want(t, http.StatusOK).Into(t, &made)
	if made.Name != name {
		t.Errorf("a relative name became %q, want %q", made.Name, name)
	}
	d.WantDNS(t, name, dns.TypeA, "192.0.2.1")
	caller.Call(t, http.MethodPut, records+"/"+made.ID, address(name, "192.0.2.2")).Want(t, http.StatusOK)
	d.WantDNS(t, name, dns.TypeA, "192.0.2.2")
	caller.Call(t, http.MethodPatch, records+"/"+made.ID, map[string]any{"content": "192.0.2.3"}).Want(t, http.StatusOK)
	d.WantDNS(t, name, dns.TypeA, "192.0.2.3")
	caller.Call(t, http.MethodGet, records+"/"+made.ID, nil).Want(t, http.StatusOK)
	caller.Call(t, http.MethodDelete, records+"/"+made.ID, nil).Want(t, http.StatusOK)
	d.WantDNS(t, name, dns.TypeA)
}

// A zone-scoped token sees its own zone in lists and by name, and no trace of another.
func TestZoneListsAreCut(t *testing.T) {
	d := harness.Start(t)
	caller := d.As(harness.Bearer(editor(t, d, d.Staging()).Value))
	cases := []struct {
		query string
		want  []string
		total int
	}{
		{"", []string{d.Staging().ID}, 1},
		{"?name=" + d.Staging().Name, []string{d.Staging().ID}, 1},
		{"?name=" + d.Staging().Name + ".", []string{d.Staging().ID}, 1},
		{"?page=2", nil, 1},
		{"?per_page=50", []string{d.Staging().ID}, 1},
		{"?name=" + d.Production().Name, nil, 0},
		{"?name=www." + d.Staging().Name, nil, 0},
		{"?name=unknown.example", nil, 0},
	}
	for _, test := range cases {
		answer := caller.Call(t, http.MethodGet, "/zones"+test.query, nil).Want(t, http.StatusOK)
		var zones []harness.Zone
		answer.Into(t, &zones)
		if len(zones) != len(test.want) || (len(zones) == 1 && zones[0].ID != test.want[0]) {
			t.Errorf("/zones%s: %+v, want %q", test.query, zones, test.want)
		}
		if answer.ResultInfo == nil || answer.ResultInfo.TotalCount != test.total || answer.ResultInfo.Count != len(test.want) {
			t.Errorf("/zones%s: result_info %+v, want a total of %d", test.query, answer.ResultInfo, test.total)
		}
		if strings.Contains(string(answer.Body), d.Production().ID) {
			t.Errorf("/zones%s: tells of the other zone: %s", test.query, answer.Body)
		}
	}
}

// One policy more opens firewall rules; nothing else changes.
func TestOnePolicyMore(t *testing.T) {
	d := harness.Start(t)
	staging := harness.OneZone(d.Staging().ID)
	token := owner(d).Mint(t, "dns and firewall",
		owner(d).Allow(t, staging, harness.ZoneScope, "DNS Write"),
		owner(d).Allow(t, staging, harness.ZoneScope, "Firewall Services Write"))
	caller := d.As(harness.Bearer(token.Value))

	rules := "/zones/" + d.Staging().ID + "/firewall/rules"
	var made []struct{ ID string }
	caller.Call(t, http.MethodPost, rules, firewallRules()).Want(t, http.StatusOK).Into(t, &made)
	if len(made) != 1 {
		t.Fatalf("made %d firewall rules, want 1", len(made))
	}
	caller.Call(t, http.MethodGet, rules, nil).Want(t, http.StatusOK)
	caller.Call(t, http.MethodDelete, rules+"/"+made[0].ID, nil).Want(t, http.StatusOK)
	editRecords(t, d, caller)

	other := "/zones/" + d.Production().ID + "/firewall/rules"
	caller.Call(t, http.MethodPost, other, firewallRules()).
		Refused(t, harness.Denied("Firewall Services Write", d.Production().ID))
	caller.Call(t, http.MethodGet, "/zones/"+d.Staging().ID+"/pagerules", nil).
		Refused(t, harness.Denied("Page Rules Read", d.Staging().ID))
}

// A deny on one zone of an "all zones" token closes that zone, wherever the deny stands in the list.
func TestDenyOneZone(t *testing.T) {
	d := harness.Start(t)
	allow := owner(d).Allow(t, harness.EveryZone(), harness.ZoneScope, "DNS Write")
	deny := owner(d).Deny(t, harness.OneZone(d.Production().ID), harness.ZoneScope, "DNS Write")
	for name, policies := range map[string][]harness.Policy{"deny last": {allow, deny}, "deny first": {deny, allow}} {
		t.Run(name, func(t *testing.T) {
			caller := d.As(harness.Bearer(owner(d).Mint(t, name, policies...).Value))
			editRecords(t, d, caller)
			caller.Call(t, http.MethodPost, "/zones/"+d.Production().ID+"/dns_records", address("walk", "192.0.2.66")).
				Refused(t, harness.Denied("DNS Write", d.Production().ID))
			d.WantDNS(t, "walk."+d.Production().Name, dns.TypeA)
		})
	}
}

func firewallRules() []map[string]any {
	return []map[string]any{{
		"action": "block", "description": "walk",
		"filter": map[string]any{"expression": "ip.src eq 192.0.2.1"},
	}}
}
