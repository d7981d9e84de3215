package v0

import (
	"errors"
	"slices"
	"testing"

	"github.com/cloudflare/cloudflare-go"
	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/miekg/dns"
)

func TestGlobalKeyEditsDNS(t *testing.T) {
	d := harness.Start(t)
	api := withKey(t, d)
	editZone(t, d, api, "v0-key")

	id, err := api.ZoneIDByName(d.Staging().Name)
	if err != nil || id != d.Staging().ID {
		t.Errorf("zone by name: %q, %v", id, err)
	}
	user, err := api.UserDetails(t.Context())
	if err != nil || user.ID != d.Owner().ID || user.Email != d.Owner().Email {
		t.Errorf("user: %+v, %v", user, err)
	}
	accounts, _, err := api.Accounts(t.Context(), cloudflare.AccountsListParams{})
	if err != nil || len(accounts) != len(d.Owner().Accounts) {
		t.Errorf("accounts: %+v, %v", accounts, err)
	}
	members, _, err := api.AccountMembers(t.Context(), d.Staging().AccountID, cloudflare.PaginationOptions{})
	if err != nil || !slices.ContainsFunc(members, func(m cloudflare.AccountMember) bool { return m.User.ID == d.Owner().ID }) {
		t.Errorf("members: %+v, %v", members, err)
	}
}

// editZone creates, reads, lists, changes and deletes a record of staging.example, and sees each step in the DNS.
func editZone(t *testing.T, d *harness.Demo, api *cloudflare.API, label string) {
	t.Helper()
	zone := cloudflare.ZoneIdentifier(d.Staging().ID)
	name := label + "." + d.Staging().Name

	made, err := api.CreateDNSRecord(t.Context(), zone, cloudflare.CreateDNSRecordParams{
		Type: "A", Name: name, Content: "192.0.2.10", TTL: 120,
	})
	if err != nil {
		t.Fatalf("create record: %v", err)
	}
	d.WantDNS(t, name, dns.TypeA, "192.0.2.10")

	have, err := api.GetDNSRecord(t.Context(), zone, made.ID)
	if err != nil || have.Name != name || have.Content != "192.0.2.10" || have.TTL != 120 {
		t.Errorf("get record: %+v, %v", have, err)
	}
	records, pages, err := api.ListDNSRecords(t.Context(), zone, cloudflare.ListDNSRecordsParams{Name: name})
	if err != nil || len(records) != 1 || records[0].ID != made.ID || pages.Total != 1 {
		t.Errorf("list records: %+v, %+v, %v", records, pages, err)
	}
	_, err = api.UpdateDNSRecord(t.Context(), zone, cloudflare.UpdateDNSRecordParams{ID: made.ID, Content: "192.0.2.11"})
	if err != nil {
		t.Errorf("update record: %v", err)
	}
	d.WantDNS(t, name, dns.TypeA, "192.0.2.11")
	if err := api.DeleteDNSRecord(t.Context(), zone, made.ID); err != nil {
		t.Errorf("delete record: %v", err)
	}
	d.WantDNS(t, name, dns.TypeA)
}

// refusedOutside tries what a token for the DNS of staging.example may not do.
func refusedOutside(t *testing.T, d *harness.Demo, api *cloudflare.API) {
	t.Helper()
	staging, production := cloudflare.ZoneIdentifier(d.Staging().ID), cloudflare.ZoneIdentifier(d.Production().ID)

	_, err := api.CreateDNSRecord(t.Context(), production, cloudflare.CreateDNSRecordParams{
		Type: "A", Name: "v0." + d.Production().Name, Content: "192.0.2.66", TTL: 120,
	})
	wantDenied(t, "a record of the other zone", err, "DNS Write", d.Production().ID)
	d.WantDNS(t, "v0."+d.Production().Name, dns.TypeA)

	_, _, err = api.FirewallRules(t.Context(), staging, cloudflare.FirewallRuleListParams{})
	wantDenied(t, "reading firewall rules", err, "Firewall Services Read", d.Staging().ID)
	_, err = api.CreateFirewallRules(t.Context(), staging, []cloudflare.FirewallRuleCreateParams{{
		Action: "block", Filter: cloudflare.Filter{Expression: "ip.src eq 192.0.2.1"},
	}})
	wantDenied(t, "making a firewall rule", err, "Firewall Services Write", d.Staging().ID)
	_, err = api.ListPageRules(t.Context(), d.Staging().ID)
	wantDenied(t, "reading page rules", err, "Page Rules Read", d.Staging().ID)
	_, err = api.ListLoadBalancers(t.Context(), staging, cloudflare.ListLoadBalancerParams{})
	wantDenied(t, "reading load balancers", err, "Load Balancers Read", d.Staging().ID)
	_, err = api.ZoneSettings(t.Context(), d.Staging().ID)
	wantDenied(t, "reading zone settings", err, "Zone Settings Read", d.Staging().ID)
	_, _, err = api.Account(t.Context(), d.OtherAccount().ID)
	wantDenied(t, "reading another account", err, "Account Settings Read", d.OtherAccount().ID)

	zones, err := api.ListZones(t.Context())
	if err != nil || len(zones) != 1 || zones[0].ID != d.Staging().ID {
		t.Errorf("zones: %d of them, %v; want staging.example alone", len(zones), err)
	}
	zones, err = api.ListZones(t.Context(), d.Production().Name)
	if err != nil || len(zones) != 0 {
		t.Errorf("the other zone by name: %+v, %v; want nothing", zones, err)
	}
	var refused *cloudflare.AuthenticationError
	if _, err := api.APITokens(t.Context()); !errors.As(err, &refused) || !refused.InternalErrorCodeIs(9109) {
		t.Errorf("listing tokens: %v; want a refusal with code 9109", err)
	}
}
