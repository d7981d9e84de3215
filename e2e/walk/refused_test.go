package walk

import (
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/miekg/dns"
)

// request is one call that the staging token must not get through, and a permission group that would have helped.
type request struct {
	method, path string
	body         any
	missing      string
}

// onZone are the product routes beside DNS.
func onZone(id string) []request {
	zone := "/zones/" + id
	pageRule := map[string]any{
		"targets": []any{map[string]any{"target": "url", "constraint": map[string]any{"operator": "matches", "value": "*walk*"}}},
		"actions": []any{map[string]any{"id": "always_online", "value": "on"}},
	}
	return []request{
		{http.MethodGet, zone + "/firewall/rules", nil, "Firewall Services Read"},
		{http.MethodPost, zone + "/firewall/rules", firewallRules(), "Firewall Services Write"},
		{http.MethodGet, zone + "/firewall/access_rules/rules", nil, "Firewall Services Read"},
		{http.MethodGet, zone + "/pagerules", nil, "Page Rules Read"},
		{http.MethodPost, zone + "/pagerules", pageRule, "Page Rules Write"},
		{http.MethodGet, zone + "/load_balancers", nil, "Load Balancers Read"},
		{http.MethodPost, zone + "/load_balancers", map[string]any{"name": "walk"}, "Load Balancers Write"},
		{http.MethodGet, zone + "/settings", nil, "Zone Settings Read"},
		{http.MethodGet, zone + "/settings/ssl", nil, "Zone Settings Read"},
		{http.MethodPatch, zone + "/settings/ssl", map[string]any{"value": "off"}, "Zone Settings Write"},
		{http.MethodPost, zone + "/purge_cache", map[string]any{"purge_everything": true}, "Cache Purge"},
		{http.MethodPatch, zone, map[string]any{"paused": true}, "Zone Write"},
		{http.MethodDelete, zone, nil, "Zone Write"},
	}
}

// onRecords are the routes that are open on staging.example and must be shut on any other zone.
func onRecords(id, recordID string) []request {
	records := "/zones/" + id + "/dns_records"
	return []request{
		{http.MethodGet, "/zones/" + id, nil, "DNS Write"},
		{http.MethodGet, records, nil, "DNS Write"},
		{http.MethodPost, records, address("walk", "192.0.2.66"), "DNS Write"},
		{http.MethodPost, records + "/batch", map[string]any{"posts": []any{address("walk", "192.0.2.66")}}, "DNS Write"},
		{http.MethodGet, records + "/" + recordID, nil, "DNS Write"},
		{http.MethodPut, records + "/" + recordID, address("walk", "192.0.2.66"), "DNS Write"},
		{http.MethodPatch, records + "/" + recordID, map[string]any{"content": "192.0.2.66"}, "DNS Write"},
		{http.MethodDelete, records + "/" + recordID, nil, "DNS Write"},
		{http.MethodGet, records + "/export", nil, "DNS Write"},
	}
}

// onAccount are routes of an account.
func onAccount(id string) []request {
	account := "/accounts/" + id
	return []request{
		{http.MethodGet, account, nil, "Account Settings Read"},
		{http.MethodGet, account + "/members", nil, "Account Settings Read"},
		{http.MethodGet, account + "/load_balancers/pools", nil, "Load Balancing: Monitors and Pools Read"},
	}
}

// Everything but the DNS of staging.example is refused, naming what is missing and on what.
func TestEverythingElseIsRefused(t *testing.T) {
	d := harness.Start(t)
	caller := d.As(harness.Bearer(templateToken(t, d).Value))
	staging, production := d.Staging(), d.Production()
	name := "kept." + production.Name
	var kept record
	owner(d).Call(t, http.MethodPost, "/zones/"+production.ID+"/dns_records", address(name, "192.0.2.40")).
		Want(t, http.StatusOK).Into(t, &kept)

	refuse := func(id string, requests []request) {
		for _, r := range requests {
			caller.Call(t, r.method, r.path, r.body).Refused(t, harness.Denied(r.missing, id))
		}
	}
	refuse(staging.ID, onZone(staging.ID))
	refuse(production.ID, onZone(production.ID))
	refuse(production.ID, onRecords(production.ID, kept.ID))
	refuse(d.OtherAccount().ID, onAccount(d.OtherAccount().ID))
	refuse(staging.AccountID, onAccount(staging.AccountID))
	d.WantDNS(t, name, dns.TypeA, "192.0.2.40")
	d.WantDNS(t, "walk."+production.Name, dns.TypeA)

	policy := owner(d).Allow(t, harness.OneZone(staging.ID), harness.ZoneScope, "DNS Write")
	body := map[string]any{"name": "walk", "policies": []harness.Policy{policy}}
	for _, r := range []struct {
		method, path string
		body         any
		want         harness.Refusal
	}{
		{http.MethodGet, "/user/tokens", nil, harness.DeniedTokens("API Tokens Read")},
		{http.MethodPost, "/user/tokens", body, harness.DeniedTokens("API Tokens Write")},
		{http.MethodGet, "/user/tokens/permission_groups", nil, harness.DeniedTokens("API Tokens Read")},
		{
			http.MethodPost, "/accounts/" + staging.AccountID + "/tokens", body,
			harness.DeniedTokens("Account API Tokens Write", staging.AccountID),
		},
		{
			http.MethodGet, "/accounts/" + d.OtherAccount().ID + "/tokens", nil,
			harness.DeniedTokens("Account API Tokens Read", d.OtherAccount().ID),
		},
	} {
		caller.Call(t, r.method, r.path, r.body).Refused(t, r.want)
	}
}

// Whether a zone exists is not for a token to learn that may not see it: the same words for a zone that is there and
// for one that is not.
func TestRefusalsDoNotTellWhatExists(t *testing.T) {
	d := harness.Start(t)
	caller := d.As(harness.Bearer(editor(t, d, d.Staging()).Value))
	const nowhere = "00000000000000000000000000000000"
	there, not := onZone(d.Production().ID), onZone(nowhere)
	there, not = append(there, onRecords(d.Production().ID, nowhere)...), append(not, onRecords(nowhere, nowhere)...)
	there, not = append(there, onAccount(d.OtherAccount().ID)...), append(not, onAccount(nowhere)...)
	for i := range there {
		first := caller.Call(t, there[i].method, there[i].path, there[i].body)
		second := caller.Call(t, not[i].method, not[i].path, not[i].body)
		id := d.Production().ID
		if strings.HasPrefix(there[i].path, "/accounts/") {
			id = d.OtherAccount().ID
		}
		if have := strings.ReplaceAll(string(first.Body), id, nowhere); first.Status != second.Status || have != string(second.Body) {
			t.Errorf("%s tells that it exists: %d %s\nelse: %d %s", first.Request, first.Status, have, second.Status, second.Body)
		}
		if strings.Contains(string(first.Body), d.Production().Name) || strings.Contains(string(first.Body), d.OtherAccount().Name) {
			t.Errorf("%s: the refusal tells a name: %s", first.Request, first.Body)
		}
	}
}
