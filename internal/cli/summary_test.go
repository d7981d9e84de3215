package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

const (
	zoneScope    = "com.cloudflare.api.account.zone"
	accountScope = "com.cloudflare.api.account"
	zoneID       = "023e105f4ecef8ad9ca31a8372d0c353"
	accountID    = "01a7362d577a6c3019a474fd6f485823"
)

func sampleVocabulary() vocabulary {
	group := func(n byte, name, scope string) api.PermissionGroup {
		return api.PermissionGroup{ID: leastkey.ID{n}, Name: name, Scopes: []string{scope}}
	}
	return vocabulary{[]api.PermissionGroup{
		group(1, "DNS Write", zoneScope), group(2, "Logs Read", accountScope), group(3, "Logs Read", zoneScope),
		group(4, "API Tokens Write", "com.cloudflare.api.user"), group(5, "Zone Read", zoneScope),
	}}
}

func policy(e leastkey.Effect, resources string, groups ...byte) api.Policy {
	p := api.Policy{Effect: e, Resources: json.RawMessage(resources)}
	for _, g := range groups {
		p.Groups = append(p.Groups, api.PermissionGroupRef{ID: leastkey.ID{g}})
	}
	return p
}

// The words that somebody says yes to.
func TestSummaryGolden(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	in, _ := leastkey.ParseAddressRange("192.0.2.0/24")
	token := api.Token{
		Policies: []api.Policy{
			policy(leastkey.Allow, `{"`+zoneScope+`.`+zoneID+`":"*","`+accountScope+`.`+accountID+`":"*"}`, 1, 5, 2),
			policy(leastkey.Allow, `{"`+accountScope+`.`+accountID+`":{"`+zoneScope+`.*":"*"}}`, 3),
			policy(leastkey.Allow, `{"com.cloudflare.api.user.`+accountID+`":"*"}`, 4),
			policy(leastkey.Deny, `{"`+zoneScope+`.*":"*"}`, 5),
		},
		Condition: api.Condition{In: []leastkey.AddressRange{in}},
		ExpiresOn: api.At(now.Add(30 * 24 * time.Hour)),
	}
	names := map[string]string{zoneScope + "." + zoneID: "staging.\x1bexample"}
	var out strings.Builder
	if err := summarize("Token", token, sampleVocabulary(), names, now).write(&out); err != nil {
		t.Fatal(err)
	}
	want := `Token
  may         DNS Write, Zone Read on zone staging.?example (` + zoneID + `)
  may         Logs Read on account ` + accountID + `
  may         Logs Read on every zone of account ` + accountID + `
  may         API Tokens Write on user ` + accountID + `
  may not     Zone Read on every zone
  only from   192.0.2.0/24
  until       2030-01-31T00:00:00Z (in 30 days)
  warning: it reaches every zone of account ` + accountID + `, those that are added later included
  warning: it can make other tokens, and change and delete all there are
  warning: clients that connect over IPv6 are refused
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestSummaryOfNothing(t *testing.T) {
	var out strings.Builder
	if err := summarize("Token", api.Token{}, vocabulary{}, nil, time.Time{}).write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"may         nothing", "until       it is deleted", "warning: it never expires"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
}

// One name for two types is told apart by the type of the resource; near misses get a hint.
func TestGroupByNameAndType(t *testing.T) {
	v := sampleVocabulary()
	for _, test := range []struct {
		text, scope string
		want        byte
		complaint   string
	}{
		{"Logs Read", zoneScope, 3, ""},
		{"Logs Read", accountScope, 2, ""},
		{leastkey.ID{2}.String(), accountScope, 2, ""},
		{leastkey.ID{2}.String(), zoneScope, 0, "of type account, not zone"},
		{"DNS Write", accountScope, 0, "of type zone, not account"},
		{"dns write", zoneScope, 0, "is it DNS Write?"},
		{"Nonsense", zoneScope, 0, "leastkey permission-groups"},
	} {
		g, err := v.group(test.text, test.scope)
		switch {
		case test.complaint == "" && (err != nil || g.ID != leastkey.ID{test.want}):
			t.Errorf("%s on %s: got %v, %v", test.text, test.scope, g, err)
		case test.complaint != "" && (err == nil || !strings.Contains(err.Error(), test.complaint)):
			t.Errorf("%s on %s: got %v, want %q", test.text, test.scope, err, test.complaint)
		}
	}
}

func TestScopes(t *testing.T) {
	v := sampleVocabulary()
	if got, err := v.scopeOf("zone"); got != zoneScope || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := v.scopeOf("bucket"); err == nil || !strings.Contains(err.Error(), "account, user, zone") {
		t.Errorf("got %v", err)
	}
	twice := vocabulary{append(v.groups, api.PermissionGroup{Scopes: []string{"org.example.zone"}})}
	if _, err := twice.scopeOf("zone"); err == nil || !strings.Contains(err.Error(), "org.example.zone") {
		t.Errorf("got %v", err)
	}
	if got, err := twice.scopeOf("org.example.zone"); got != "org.example.zone" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if scope, id := v.split(zoneScope + ".a.dotted.id"); scope != zoneScope || id != "a.dotted.id" {
		t.Errorf("got %s, %s", scope, id)
	}
}

func TestPick(t *testing.T) {
	all := []api.Token{{ID: leastkey.ID{1}, Name: "a"}, {ID: leastkey.ID{2}, Name: "b"}, {ID: leastkey.ID{3}, Name: "b"}}
	about := func(t api.Token) (leastkey.ID, string) { return t.ID, t.Name }
	if got, err := pick(all, "token", "a", about); err != nil || got.ID != all[0].ID {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := pick(all, "token", "b", about); err == nil || !strings.Contains(err.Error(), all[2].ID.String()) {
		t.Errorf("got %v", err)
	}
	if _, err := pick(all, "token", "c", about); err == nil {
		t.Error("no error")
	}
}
