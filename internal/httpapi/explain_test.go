package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

const (
	explainPath = "/leastkey/v1/explain"
	record      = "/dns_records/11111111111111111111111111111111"
)

func explained(t *testing.T, n *Node, by Credential, body Object) api.Explanation {
	t.Helper()
	var e api.Explanation
	n.Must(t, by, "POST", explainPath, body, &e)
	return e
}

// applied gives the token the policies that were proposed besides its own.
func applied(t *testing.T, n *Node, owner Credential, token Token, add *api.ExplainAddition) {
	t.Helper()
	var now api.Token
	n.Must(t, owner, "GET", "/user/tokens/"+token.ID, nil, &now)
	n.Must(t, owner, "PUT", "/user/tokens/"+token.ID, Object{"name": now.Name, "policies": append(now.Policies, add.Policies...)}, nil)
}

// TestExplainAgreesWithTheGuard: what is explained is what the request is then answered, the addition
// that is certain turns the refusal into an allow, and one that is not does where any could.
func TestExplainAgreesWithTheGuard(t *testing.T) {
	n := Start(t, Config{})
	ada, zone, other, bens := n.Ada.ByKey(), n.Ada.Zones[0], n.Ada.Zones[1], n.Ben.Zones[0]
	for _, tt := range []struct {
		name         string
		policies     []Policy
		method, path string
		status       int    // of a refusal
		policy       int    // that decided it, -1 for none
		add          string // group of the addition; "" for none
		certain      bool   // as the token itself is told
		instead      string
	}{
		{"allowed", []Policy{n.Allow(t, On(ZoneKey(other)), "Zone Read"), n.Allow(t, On(ZoneKey(zone)), "DNS Read")}, "GET", "/zones/" + zone + "/dns_records", 0, 1, "", false, ""},
		{"a permission more", []Policy{n.Allow(t, On(ZoneKey(zone)), "DNS Read")}, "DELETE", "/zones/" + zone + record, 403, -1, "DNS Write", true, ""},
		{"another zone", []Policy{n.Allow(t, On(ZoneKey(zone)), "DNS Write")}, "GET", "/zones/" + other + "/dns_records", 403, -1, "DNS Read", false, ""},
		{"a list", []Policy{n.Allow(t, On(ZoneKey(zone), ZoneKey(other)), "DNS Write")}, "GET", "/zones", 0, 0, "", false, ""},
		{"a list of another type", []Policy{n.Allow(t, On(ZoneKey(zone)), "DNS Write")}, "GET", "/accounts", 403, -1, "Account Firewall Access Rules Read", false, ""},
		{"the user", nil, "GET", "/user", 403, -1, "User Details Read", false, ""},
		{"denied", []Policy{n.Allow(t, On(ZoneKey(zone)), "DNS Write"), n.Deny(t, On(ZoneKey(zone)), "DNS Write")}, "DELETE", "/zones/" + zone + record, 403, 1, "", false, "Policy number 2"},
		{"somebody else's", []Policy{n.Allow(t, On(EveryZone), "DNS Write")}, "DELETE", "/zones/" + bens + record, 403, -1, "", false, "name it already"},
		{"no route", nil, "GET", "/nothing", 404, -1, "", false, "No operation"},
		{"unclear", nil, "GET", "/zones//x", 400, -1, "", false, "spelled plainly"},
		{"whoami itself", nil, "GET", "/../leastkey/v1/whoami", 400, -1, "", false, ""},
	} {
		token := n.Mint(t, ada, tt.name, tt.policies...)
		question := Object{"method": tt.method, "path": Base + tt.path}
		own := explained(t, n, token.Bearer(), question)
		question["token_id"] = token.ID
		owners := explained(t, n, ada, question)
		answer := n.Do(t, token.Bearer(), tt.method, tt.path, nil)
		for who, e := range map[string]api.Explanation{"the token": own, "its owner": owners} {
			if e.Allowed != (tt.status == 0) || e.Status != tt.status || e.Allowed != (answer.Status < 400) || !e.Allowed && e.Status != answer.Status {
				t.Errorf("%s, to %s: %+v, answered %d", tt.name, who, e, answer.Status)
			}
			if !e.Allowed && e.Errors[0].Message != answer.Envelope(t).Errors[0].Message {
				t.Errorf("%s, to %s: %v, answered %s", tt.name, who, e.Errors, answer.Body)
			}
			if e.Policy == nil && tt.policy >= 0 || e.Policy != nil && e.Policy.Index != tt.policy {
				t.Errorf("%s, to %s: policy %+v, want %d", tt.name, who, e.Policy, tt.policy)
			}
			switch {
			case (e.Addition == nil) != (tt.add == ""), e.Addition != nil && e.Addition.Policies[0].Groups[0].Name != tt.add:
				t.Errorf("%s, to %s: addition %+v, want %q", tt.name, who, e.Addition, tt.add)
			case e.Addition != nil && !strings.HasPrefix(e.Addition.DashboardURL, DashboardURL+"/profile/api-tokens/"+token.ID+"/edit?allow="):
				t.Errorf("%s, to %s: link %s", tt.name, who, e.Addition.DashboardURL)
			}
			if !strings.Contains(e.Instead, tt.instead) || !e.Allowed && (e.Addition == nil) != (e.Instead != "") {
				t.Errorf("%s, to %s: instead %q, want %q", tt.name, who, e.Instead, tt.instead)
			}
		}
		if tt.add == "" || own.Addition == nil || owners.Addition == nil {
			continue
		}
		if own.Addition.Certain != tt.certain || !owners.Addition.Certain {
			t.Errorf("%s: certain to the token %t, want %t; to its owner %t", tt.name, own.Addition.Certain, tt.certain, owners.Addition.Certain)
		}
		applied(t, n, ada, token, owners.Addition)
		if a := n.Do(t, token.Bearer(), tt.method, tt.path, nil); a.Status == 403 {
			t.Errorf("%s: with the addition %d %s", tt.name, a.Status, a.Body)
		}
	}
}

// TestExplanationsDoNotTellWhatExists: to a token, the explanation is the same whether what it may not
// see exists or not, and whether its owner may see it; to a person, whether it is somebody else's.
func TestExplanationsDoNotTellWhatExists(t *testing.T) {
	n := Start(t, Config{})
	ada, nowhere := n.Ada.ByKey(), strings.Repeat("0", 32)
	shapes := map[string][]Policy{
		"nothing":  nil,
		"one zone": {n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Read", "Zone Read")},
		"reader":   {n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Read")},
	}
	subject := n.Mint(t, ada, "subject", n.Allow(t, On(EveryZone), "DNS Read"), n.Deny(t, ZonesOf(n.Ada.Account), "DNS Read", "Zone Read"))
	ask := func(by Credential, zone, token string) string {
		var all strings.Builder
		for _, path := range []string{"/zones/" + zone + "/dns_records", "/zones/" + zone} {
			for _, method := range []string{"GET", "DELETE"} {
				body := Object{"method": method, "path": Base + path}
				if token != "" {
					body["token_id"] = token
				}
				all.WriteString(strings.ReplaceAll(string(n.Must(t, by, "POST", explainPath, body, nil).Body), zone, "ZONE"))
			}
		}
		return all.String()
	}
	for name, policies := range shapes {
		by := n.Mint(t, ada, name, policies...).Bearer()
		about := []string{""}
		if name == "reader" {
			about = append(about, subject.ID)
		}
		for _, token := range about {
			want := ask(by, nowhere, token)
			for _, zone := range []string{n.Ben.Zones[0], n.Ada.Zones[1]} {
				if got := ask(by, zone, token); got != want {
					t.Errorf("%s: exists\n%s\ndoes not\n%s", name, got, want)
				}
			}
		}
	}
	for _, token := range []string{"", subject.ID} {
		if got, want := ask(ada, n.Ben.Zones[0], token), ask(ada, nowhere, token); got != want {
			t.Errorf("a person: exists\n%s\ndoes not\n%s", got, want)
		}
	}
}

// TestExplainAboutAnotherToken: who may read a token may ask about it, in whatever state it is. What is
// not there and what is not theirs is answered alike.
func TestExplainAboutAnotherToken(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	token := n.Mint(t, ada, "subject", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Read"))
	accounts := n.MintFor(t, ada, n.Ada.Account, "of the account")
	question := Object{"method": "GET", "path": Base + "/zones/" + n.Ada.Zones[0] + "/dns_records", "token_id": token.ID}
	if e := explained(t, n, n.Mint(t, ada, "reader", n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Read")).Bearer(), question); !e.Allowed || e.Policy == nil {
		t.Errorf("%+v", e)
	}
	question["token_id"] = accounts.ID
	if e := explained(t, n, ada, question); e.Allowed || e.Addition == nil || !strings.HasPrefix(e.Addition.DashboardURL, DashboardURL+"/account/"+n.Ada.Account.String()+"/api-tokens/"+accounts.ID) {
		t.Errorf("%+v", e)
	}
	var refusals []string
	for _, by := range []Credential{n.Ben.ByKey(), n.Mint(t, ada, "weak").Bearer()} {
		for _, id := range []string{token.ID, strings.Repeat("0", 32)} {
			question["token_id"] = id
			a := n.Do(t, by, "POST", explainPath, question)
			if a.Status != http.StatusNotFound {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			refusals = append(refusals, string(a.Body))
		}
	}
	for _, body := range refusals {
		if body != refusals[0] {
			t.Errorf("%s\n%s", body, refusals[0])
		}
	}
	question["token_id"] = token.ID
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID, Object{"name": "subject", "policies": []Policy{}, "status": "disabled"}, nil)
	if e := explained(t, n, ada, question); e.Allowed || e.Status != 401 || e.Addition != nil || e.Instead != "Enable the credential." {
		t.Errorf("%+v", e)
	}
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID, Object{"name": "subject", "policies": []Policy{}, "status": "active",
		"condition": Object{"request.ip": Object{"in": []string{"198.51.100.0/24"}}}}, nil)
	if e := explained(t, n, ada, question); e.Allowed || e.Status != 403 || !strings.Contains(e.Instead, "Only from 198.51.100.0/24") {
		t.Errorf("%+v", e)
	}
	question["ip"] = "198.51.100.7"
	if e := explained(t, n, ada, question); e.Allowed || e.Addition == nil || !e.Addition.Certain || e.Request.IP != "198.51.100.7" {
		t.Errorf("%+v", e)
	}
}

// TestExplainOfAKey: a key is told what a token would need.
func TestExplainOfAKey(t *testing.T) {
	n := Start(t, Config{})
	e := explained(t, n, n.Ada.ByKey(), Object{"method": "POST", "path": "http://api.example" + Base + "/zones", "body": Object{"account": Object{"id": n.Ada.Account.String()}, "name": "x.example"}})
	if !e.Allowed || e.Policy != nil || e.Enough == nil || e.Enough.Policies[0].Groups[0].Name != "Zone Write" ||
		!strings.HasPrefix(e.Enough.DashboardURL, DashboardURL+"/profile/api-tokens/new?allow=") || e.Request.Host != "api.example" {
		t.Errorf("%+v", e)
	}
	token := n.Mint(t, n.Ada.ByKey(), "enough")
	applied(t, n, n.Ada.ByKey(), token, e.Enough)
	n.Must(t, token.Bearer(), "POST", "/zones", Object{"account": Object{"id": n.Ada.Account.String()}, "name": "x.example"}, nil)
	e = explained(t, n, n.Ada.ByKey(), Object{"method": "GET", "path": Base + "/zones/" + n.Ben.Zones[0]})
	if e.Allowed || e.Addition != nil || !strings.Contains(e.Instead, "role") {
		t.Errorf("%+v", e)
	}
}

// TestLaw6ExplainRepeatsNoSecret: a secret that is pasted anywhere is in no answer and no log.
func TestLaw6ExplainRepeatsNoSecret(t *testing.T) {
	n := Start(t, Config{})
	pasted := n.Mint(t, n.Ada.ByKey(), "pasted", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Read"))
	for _, body := range []Object{
		{"method": "GET", "path": Base + "/zones/" + pasted.Value},
		{"method": "GET", "path": Base + "/zones/" + n.Ada.Key},
		{"method": "GET", "path": Base + "/nothing/" + pasted.Value},
		{"method": "GET", "path": "https://" + pasted.Value + ".example" + Base + "/zones?token=" + pasted.Value},
		{"method": "GET", "path": "https://" + pasted.Value + "@example" + Base + "/zones"},
		{"method": pasted.Value, "path": Base + "/zones"},
		{"method": "GET", "path": Base + "/zones", "header": Object{"Authorization": "Bearer " + pasted.Value, "Upgrade": pasted.Value}},
		{"method": "POST", "path": Base + "/zones", "body": Object{"account": Object{"id": pasted.Value}}},
		{"method": "GET", "path": Base + "/zones", "ip": pasted.Value},
		{"method": "GET", "path": Base + "/zones", "token_id": pasted.Value},
	} {
		for _, by := range []Credential{pasted.Bearer(), n.Ada.ByKey()} {
			a := n.Do(t, by, "POST", explainPath, body)
			if text := string(a.Body); strings.Contains(text, pasted.Value) || strings.Contains(text, n.Ada.Key) {
				t.Errorf("%v: %s", body, text)
			}
		}
	}
	if log := n.Log.String(); strings.Contains(log, pasted.Value) || strings.Contains(log, n.Ada.Key) {
		t.Error("a secret is in the log")
	}
}

func TestExplainIsToldWhatIsWrong(t *testing.T) {
	n := Start(t, Config{})
	for pointer, body := range map[string]any{
		"":          []string{},
		"/method":   Object{"path": "/x"},
		"/path":     Object{"method": "GET"},
		"/ip":       Object{"method": "GET", "path": "/x", "ip": "here"},
		"/token_id": Object{"method": "GET", "path": "/x", "token_id": "mine"},
		"/header/a": Object{"method": "GET", "path": "/x", "header": Object{"a": 1}},
	} {
		a := n.Do(t, n.Ada.ByKey(), "POST", explainPath, body)
		e := a.Envelope(t)
		if a.Status != http.StatusBadRequest || pointer != "" && (e.Errors[0].Source == nil || e.Errors[0].Source.Pointer != pointer) {
			t.Errorf("%s: %d %s", pointer, a.Status, a.Body)
		}
	}
	if a := n.Do(t, Nobody, "POST", explainPath, Object{"method": "GET", "path": "/x"}); a.Status != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", a.Status, a.Body)
	}
}

func TestWhoami(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	var token Token
	n.Must(t, ada, "POST", "/user/tokens", Object{"name": "ci", "expires_on": n.Clock.Now().AddDate(0, 0, 8),
		"policies": []Policy{n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write")}, "condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/24"}}}}, &token)
	var self api.Self
	n.Must(t, token.Bearer(), "GET", "/leastkey/v1/whoami", nil, &self)
	if self.ID.String() != token.ID || self.Name != "ci" || self.Kind != "API token" || self.Status != api.StatusActive || self.Owner.Type != leastkey.UserType ||
		self.Owner.Email != n.Ada.Email || len(self.Policies) != 1 || self.May[0] != "May: DNS Write on zone "+n.Ada.Zones[0] || self.Where != "Only from 192.0.2.0/24" ||
		!strings.Contains(self.When, "in 8 days") || self.Address != "192.0.2.1" || !self.SecretEndsOn.IsZero() || self.Condition.IsZero() || self.ExpiresOn.IsZero() {
		t.Errorf("%+v", self)
	}
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/value", Object{"overlap_seconds": 60}, nil)
	n.Must(t, token.Bearer(), "GET", "/leastkey/v1/whoami", nil, &self)
	if self.SecretEndsOn.Sub(n.Clock.Now().Add(time.Minute)).Abs() > time.Second {
		t.Errorf("the rolled secret ends on %v", self.SecretEndsOn)
	}
	var key api.Self
	n.Must(t, ada, "GET", "/leastkey/v1/whoami", nil, &key)
	if key.Kind != "Global API Key" || key.Policies != nil || !strings.Contains(strings.Join(key.May, "\n"), "every permission on account "+n.Ada.Account.String()) {
		t.Errorf("%+v", key)
	}
	account := n.MintFor(t, ada, n.Ada.Account, "of the account")
	var of api.Self
	n.Must(t, account.Bearer(), "GET", "/leastkey/v1/whoami", nil, &of)
	if of.Owner.Type != leastkey.AccountType || of.Owner.Email != "" || of.Policies == nil && len(of.May) == 0 {
		t.Errorf("%+v", of)
	}
	if a := n.Do(t, Nobody, "GET", "/leastkey/v1/whoami", nil); a.Status != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", a.Status, a.Body)
	}
}
