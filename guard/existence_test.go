package guard_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
)

// A refusal is the same whether what was asked for exists or not, but for the id that the caller
// sent: nothing tells a token, of whatever shape, what there is that it may not see.
func TestRefusalsDoNotTellWhatExists(t *testing.T) {
	w := newWorld(t)
	nowhere, nobody := zone(200), numbered('a', 200)
	var (
		adas = leastkey.AccountOf(w.ada.account).Resource()
		bens = leastkey.AccountOf(w.ben.account).Resource()
		none = leastkey.AccountOf(nobody).Resource()
	)
	zoneGroups := []string{"Zone Read", "Zone Write", "DNS Read"}
	allow := func(on leastkey.Pattern) leastkey.Policy { return w.policy(t, leastkey.Allow, on, zoneGroups...) }
	deny := func(on leastkey.Pattern) leastkey.Policy { return w.policy(t, leastkey.Deny, on, zoneGroups...) }
	accounts := func(e leastkey.Effect, on leastkey.Pattern) leastkey.Policy {
		return w.policy(t, e, on, "Account Settings Read", "Account Settings Write", "Account API Tokens Read")
	}
	every, everyAccount := leastkey.PatternEvery("zone"), leastkey.PatternEvery("account")
	shapes := map[string][]leastkey.Policy{
		"nothing":                      nil,
		"one zone":                     {allow(leastkey.PatternOne(w.one))},
		"every zone":                   {allow(every)},
		"every zone of one's account":  {allow(leastkey.PatternUnder("zone", adas))},
		"every zone of theirs":         {allow(leastkey.PatternUnder("zone", bens))},
		"every zone of no account":     {allow(leastkey.PatternUnder("zone", none))},
		"the very zone":                {allow(leastkey.PatternOne(w.three))},
		"the zone that does not exist": {allow(leastkey.PatternOne(nowhere))},
		"deny of their account":        {allow(every), deny(leastkey.PatternUnder("zone", bens))},
		"deny of the very zone":        {allow(every), deny(leastkey.PatternOne(w.three))},
		"deny of what does not exist":  {allow(every), deny(leastkey.PatternOne(nowhere))},
		"deny of every zone":           {allow(every), deny(every)},
		"deny of one's own account":    {allow(every), deny(leastkey.PatternUnder("zone", adas))},
		"every account":                {accounts(leastkey.Allow, everyAccount)},
		"one's account":                {accounts(leastkey.Allow, leastkey.PatternOne(adas))},
		"their account":                {accounts(leastkey.Allow, leastkey.PatternOne(bens))},
		"every account but theirs":     {accounts(leastkey.Allow, everyAccount), accounts(leastkey.Deny, leastkey.PatternOne(bens))},
		"every account but one's own":  {accounts(leastkey.Allow, everyAccount), accounts(leastkey.Deny, leastkey.PatternOne(adas))},
		"every account but no account": {accounts(leastkey.Allow, everyAccount), accounts(leastkey.Deny, leastkey.PatternOne(none))},
		"every zone and every account": {allow(every), accounts(leastkey.Allow, everyAccount)},
	}
	presented := map[string][]string{"a Global API Key": w.ada.byKey()}
	n := byte(1)
	for name, policies := range shapes {
		s := secret(t, leastkey.UserTokenSecret, n)
		w.apply(t, w.token(n, s, policies...))
		presented[name] = bearer(s)
		n++
	}
	for shape, by := range presented {
		for _, path := range []string{"GET /zones/ZONE", "DELETE /zones/ZONE", "PATCH /zones/ZONE", "GET /zones/ZONE/dns_records", "POST /zones/ZONE/dns_records",
			"DELETE /zones/ZONE/dns_records/" + strings.Repeat("1", 32), "GET /zones/ZONE/settings", "GET /accounts/ACCOUNT", "PUT /accounts/ACCOUNT", "GET /accounts/ACCOUNT/members",
			"GET /accounts/ACCOUNT/tokens", "DELETE /accounts/ACCOUNT/tokens/" + strings.Repeat("1", 32), "GET /accounts/ACCOUNT/load_balancers/pools", "POST /zones"} {
			method, path, _ := strings.Cut(path, " ")
			ask := func(zone leastkey.Resource, account leastkey.ID) (int, string, string) {
				ids := strings.NewReplacer("ZONE", zone.ID, "ACCOUNT", account.String())
				a := w.answer(t, request(method, ids.Replace(path), ids.Replace(`{"account":{"id":"ACCOUNT"}}`), by...))
				back := strings.NewReplacer(zone.ID, "ZONE", account.String(), "ACCOUNT")
				header := a.Header().Clone()
				challenge := header.Get("Www-Authenticate")
				header.Del("Www-Authenticate")
				if len(header) != 3 || !maps.Equal(map[string]bool{"Content-Type": true, "Cache-Control": true, "X-Content-Type-Options": true}, names(header)) {
					t.Errorf("%s %s: header %v", method, path, header)
				}
				return a.Code, back.Replace(challenge), back.Replace(a.Body.String())
			}
			status, challenge, body := ask(w.three, w.ben.account)
			status2, challenge2, body2 := ask(nowhere, nobody)
			if status != status2 || challenge != challenge2 || body != body2 {
				t.Errorf("%s: %s %s\nexists: %d %s %s\ndoes not: %d %s %s", shape, method, path, status, challenge, body, status2, challenge2, body2)
			}
			if status != 403 {
				t.Errorf("%s: %s %s: %d %s", shape, method, path, status, body)
			}
		}
	}
}

func names(h map[string][]string) map[string]bool {
	m := map[string]bool{}
	for name := range h {
		m[name] = true
	}
	return m
}

// What a caller sends comes back in challenges, and cannot leave its place there.
func TestChallengesStayInTheirQuotes(t *testing.T) {
	w := newWorld(t)
	s := secret(t, leastkey.UserTokenSecret, 1)
	w.apply(t, w.token(1, s))
	for _, id := range []string{"a%22,realm=%22b", "a%20b", "%3Cscript%3E", "x%7By%7D", strings.Repeat("a", 1900)} {
		challenge := w.answer(t, request("GET", "/zones/"+id+"/dns_records", "", bearer(s)...)).Header().Get("Www-Authenticate")
		if strings.Count(challenge, `"`) != 6 || strings.ContainsAny(challenge, "\r\n\\") || !strings.HasPrefix(challenge, `Bearer realm="leastkey", error="insufficient_scope", error_description="needs `) {
			t.Errorf("%s: %s", id, challenge)
		}
	}
	body := `{"account":{"id":"a\r\nSet-Cookie: b\" \u0000 \u202e é"}}`
	a := w.answer(t, request("POST", "/zones", body, bearer(s)...))
	if got := a.Header().Get("Www-Authenticate"); !strings.HasSuffix(got, `on every zone of account a??Set-Cookie: b' ? ? ?"`) {
		t.Errorf("%s", got)
	}
}
