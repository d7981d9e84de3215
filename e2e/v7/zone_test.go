package v7

import (
	"net/http"
	"testing"

	"github.com/cloudflare/cloudflare-go/v7"
	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/dns"
	"github.com/cloudflare/cloudflare-go/v7/firewall"
	"github.com/cloudflare/cloudflare-go/v7/load_balancers"
	"github.com/cloudflare/cloudflare-go/v7/memberships"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/page_rules"
	"github.com/cloudflare/cloudflare-go/v7/user"
	"github.com/cloudflare/cloudflare-go/v7/zones"
	"github.com/leastkey/leastkey/e2e/harness"
	query "github.com/miekg/dns"
)

func TestGlobalKey(t *testing.T) {
	d := harness.Start(t)
	client := withKey(t, d)
	editZone(t, d, client, "v7-key")

	have, err := client.User.Get(t.Context())
	if err != nil || have.ID != d.Owner().ID || have.Email != d.Owner().Email {
		t.Errorf("user: %+v, %v", have, err)
	}
	mine := 0
	pager := client.Memberships.ListAutoPaging(t.Context(), memberships.MembershipListParams{})
	for pager.Next() {
		if membership := pager.Current(); membership.Account.ID == "" || len(membership.Roles) == 0 {
			t.Errorf("membership: %+v", membership)
		}
		mine++
	}
	if err := pager.Err(); err != nil || mine != len(d.Owner().Accounts) {
		t.Errorf("%d memberships, %v; want %d", mine, err, len(d.Owner().Accounts))
	}
	members, err := client.Accounts.Members.List(t.Context(),
		accounts.MemberListParams{AccountID: cloudflare.F(d.Staging().AccountID)})
	if err != nil || len(members.Result) == 0 || members.Result[0].User.Email == "" {
		t.Errorf("members: %+v, %v", members, err)
	}
	_, err = client.User.Tokens.Verify(t.Context())
	wantRefused(t, "verify with a key", err, http.StatusBadRequest, 1001)
}

// The client sends every credential it finds in its environment, all in one request. The bearer token wins: with the
// key's powers the second zone would open.
func TestEveryCredentialAtOnce(t *testing.T) {
	d := harness.Start(t)
	owner := d.As(harness.GlobalKey(d.Owner()))
	made := owner.Mint(t, "v7 environment",
		owner.Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write"))
	clean(t)
	t.Setenv("CLOUDFLARE_BASE_URL", d.API)
	t.Setenv("CLOUDFLARE_API_TOKEN", made.Value)
	t.Setenv("CLOUDFLARE_API_KEY", d.Owner().GlobalAPIKey)
	t.Setenv("CLOUDFLARE_EMAIL", d.Owner().Email)
	client := cloudflare.NewClient(option.WithHTTPClient(d.Client()))

	verified, err := client.User.Tokens.Verify(t.Context())
	if err != nil || verified.ID != made.ID {
		t.Errorf("verify: %+v, %v; want the bearer's token", verified, err)
	}
	editZone(t, d, client, "v7-environment")
	refusedOutside(t, d, client)
}

// record is an A record in this client's words.
func record(name, address string) dns.ARecordParam {
	return dns.ARecordParam{
		Name: cloudflare.F(name), TTL: cloudflare.F(dns.TTL(120)),
		Type: cloudflare.F(dns.ARecordTypeA), Content: cloudflare.F(address),
	}
}

// editZone creates, lists, replaces, edits and deletes a record of staging.example, and sees each step in the DNS.
func editZone(t *testing.T, d *harness.Demo, client *cloudflare.Client, label string) {
	t.Helper()
	zone := cloudflare.F(d.Staging().ID)
	name := label + "." + d.Staging().Name

	made, err := client.DNS.Records.New(t.Context(), dns.RecordNewParams{ZoneID: zone, Body: record(name, "192.0.2.20")})
	if err != nil {
		t.Fatalf("create record: %v", err)
	}
	d.WantDNS(t, name, query.TypeA, "192.0.2.20")

	var listed []string
	pager := client.DNS.Records.ListAutoPaging(t.Context(), dns.RecordListParams{
		ZoneID: zone, Name: cloudflare.F(dns.RecordListParamsName{Exact: cloudflare.F(name)}),
	})
	for pager.Next() {
		listed = append(listed, pager.Current().ID)
	}
	if err := pager.Err(); err != nil || len(listed) != 1 || listed[0] != made.ID {
		t.Errorf("list: %q, %v; want the new record alone", listed, err)
	}
	_, err = client.DNS.Records.Update(t.Context(), made.ID, dns.RecordUpdateParams{ZoneID: zone, Body: record(name, "192.0.2.21")})
	if err != nil {
		t.Errorf("replace record: %v", err)
	}
	d.WantDNS(t, name, query.TypeA, "192.0.2.21")
	_, err = client.DNS.Records.Edit(t.Context(), made.ID, dns.RecordEditParams{ZoneID: zone, Body: record(name, "192.0.2.22")})
	if err != nil {
		t.Errorf("edit record: %v", err)
	}
	d.WantDNS(t, name, query.TypeA, "192.0.2.22")
	_, err = client.DNS.Records.Batch(t.Context(), dns.RecordBatchParams{
		ZoneID:  zone,
		Deletes: cloudflare.F([]dns.RecordBatchParamsDelete{{ID: cloudflare.F(made.ID)}}),
		Posts:   cloudflare.F([]dns.RecordBatchParamsPostUnion{record(name, "192.0.2.23")}),
	})
	if err != nil {
		t.Fatalf("batch: %v", err)
	}
	d.WantDNS(t, name, query.TypeA, "192.0.2.23")
	last, err := client.DNS.Records.List(t.Context(), dns.RecordListParams{
		ZoneID: zone, Name: cloudflare.F(dns.RecordListParamsName{Exact: cloudflare.F(name)}),
	})
	if err != nil || len(last.Result) != 1 {
		t.Fatalf("after the batch: %+v, %v", last, err)
	}
	gone, err := client.DNS.Records.Delete(t.Context(), last.Result[0].ID, dns.RecordDeleteParams{ZoneID: zone})
	if err != nil || gone.ID != last.Result[0].ID {
		t.Errorf("delete record: %+v, %v", gone, err)
	}
	d.WantDNS(t, name, query.TypeA)
}

// refusedOutside tries what a token for the DNS of staging.example may not do.
func refusedOutside(t *testing.T, d *harness.Demo, client *cloudflare.Client) {
	t.Helper()
	zone := cloudflare.F(d.Staging().ID)
	staging, production, other := d.Staging().ID, d.Production(), d.OtherAccount().ID

	_, err := client.DNS.Records.New(t.Context(), dns.RecordNewParams{
		ZoneID: cloudflare.F(production.ID), Body: record("v7."+production.Name, "192.0.2.66"),
	})
	wantDenied(t, "a record of the other zone", err, "DNS Write", production.ID)
	d.WantDNS(t, "v7."+production.Name, query.TypeA)

	_, err = client.Firewall.Rules.List(t.Context(), firewall.RuleListParams{ZoneID: zone}) //nolint:staticcheck // clients in use call it
	wantDenied(t, "firewall rules", err, "Firewall Services Read", staging)
	_, err = client.PageRules.List(t.Context(), page_rules.PageRuleListParams{ZoneID: zone})
	wantDenied(t, "page rules", err, "Page Rules Read", staging)
	_, err = client.LoadBalancers.List(t.Context(), load_balancers.LoadBalancerListParams{ZoneID: zone})
	wantDenied(t, "load balancers", err, "Load Balancers Read", staging)
	_, err = client.Zones.Settings.Get(t.Context(), "ssl", zones.SettingGetParams{ZoneID: zone})
	wantDenied(t, "zone settings", err, "Zone Settings Read", staging)
	_, err = client.Accounts.Get(t.Context(), accounts.AccountGetParams{AccountID: cloudflare.F(other)})
	wantDenied(t, "another account", err, "Account Settings Read", other)
	_, err = client.User.Tokens.List(t.Context(), user.TokenListParams{})
	wantRefused(t, "listing tokens", err, http.StatusForbidden, 9109, "Unauthorized to access requested resource")

	var seen []string
	pager := client.Zones.ListAutoPaging(t.Context(), zones.ZoneListParams{})
	for pager.Next() {
		seen = append(seen, pager.Current().ID)
	}
	if err := pager.Err(); err != nil || len(seen) != 1 || seen[0] != staging {
		t.Errorf("zones: %q, %v; want staging.example alone", seen, err)
	}
}
