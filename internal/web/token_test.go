package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	. "github.com/leastkey/leastkey/internal/nodetest"
)

// holds checks that an answer has all of these texts, as a reader sees them, in this order.
func holds(t *testing.T, a Answer, status int, texts ...string) {
	t.Helper()
	page := html.UnescapeString(string(a.Body))
	if a.Status != status {
		t.Errorf("status %d, want %d\n%s", a.Status, status, page)
	}
	at := 0
	for _, text := range texts {
		i := strings.Index(page[at:], text)
		if i < 0 {
			t.Errorf("after byte %d there is no %q in\n%s", at, text, page)
			return
		}
		at += i
	}
}

func lacks(t *testing.T, a Answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(string(a.Body)), text) {
			t.Errorf("there is %q in\n%s", text, a.Body)
		}
	}
}

func TestTokenPage(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	var token Token
	n.Must(t, ada, "POST", "/user/tokens", Object{
		"name": "<b>deploy</b>", "policies": []Policy{n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write", "Zone Read"), n.Deny(t, ZonesOf(n.Ada.Account), "Zone Write")},
		"expires_on": n.Clock.Now().AddDate(0, 0, 8), "condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/24"}}},
	}, &token)
	browser, path := n.SignIn(t, n.Ada), "/profile/api-tokens/"+token.ID
	page := browser.Get(path)
	holds(t, page, http.StatusOK, "<h1", "<b>deploy</b>", "Active", path+"/edit", path+"/roll", path+"/status", "Disable", path+"/delete",
		"May: DNS Write and Zone Read on zone one.example.", "May not: Zone Write on every zone of account Ada's, also zones added later.", "Nothing else: ",
		"Only from 192.0.2.0/24", "Until ", "(in 8 days)", token.ID, n.Ada.Email, "Never", "Policies as JSON", "com.cloudflare.api.account.zone."+n.Ada.Zones[0],
		"Secrets that work now", token.Value[len(token.Value)-4:], "Try it", "Not used yet", "History", n.Ada.Email, "made the token", "May: DNS Write")
	lacks(t, page, token.Value, "End now")
	if strings.Contains(string(page.Body), "<b>deploy</b>") {
		t.Error("a name is markup")
	}

	t.Run("two secrets", func(t *testing.T) {
		var rolled string
		n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/value", `{"overlap_seconds":3600}`, &rolled)
		n.Do(t, token.Bearer(), "GET", "/zones/"+n.Ada.Zones[0], nil)
		n.Uses.Flush(t.Context())
		holds(t, browser.Get(path), http.StatusOK, rolled[len(rolled)-4:], token.Value[len(token.Value)-4:], path+"/end-overlap", "End now",
			"Last uses", "192.0.2.1", "with the secret that ends in", token.Value[len(token.Value)-4:], "GET /client/v4/zones/{zone_id}", "zone one.example", "Allowed", "rolled the token")
		page := browser.Post(path+"/end-overlap", url.Values{})
		holds(t, page, http.StatusOK, "The earlier secret of <b>deploy</b> no longer works.", rolled[len(rolled)-4:])
		lacks(t, page, "End now")
	})
	t.Run("of others", func(t *testing.T) {
		ben := n.SignIn(t, n.Ben)
		for _, at := range []string{path, "/account/" + n.Ada.Account.String() + "/api-tokens/" + token.ID, "/account/" + n.Ben.Account.String() + "/api-tokens/" + token.ID} {
			for _, a := range []Answer{ben.Get(at), ben.Post(at+"/try", url.Values{"method": {"GET"}, "path": {"/user/tokens/verify"}})} {
				holds(t, a, http.StatusNotFound)
				lacks(t, a, "deploy")
			}
		}
		holds(t, browser.Get("/account/"+n.Ada.Account.String()+"/api-tokens/"+token.ID), http.StatusNotFound)
		holds(t, browser.Get("/profile/api-tokens/0123"), http.StatusNotFound)
	})
	t.Run("of an account", func(t *testing.T) {
		owned := n.MintFor(t, ada, n.Ada.Account, "owned", n.Allow(t, On(AccountKey(n.Ada.Account)), "Account API Tokens Write"))
		at := "/account/" + n.Ada.Account.String() + "/api-tokens/" + owned.ID
		holds(t, browser.Get(at), http.StatusOK, "Worth a second look", "It may make tokens", "May: Account API Tokens Write on account Ada's.", "Ada's", "made the token")
	})
}

// TestUsesTellNothing: what a token was tried on shows by its name only to an owner with a right on it.
func TestUsesTellNothing(t *testing.T) {
	n := Start(t, Config{})
	token := n.Mint(t, n.Ada.ByKey(), "probe", n.Allow(t, On(EveryZone), "Zone Read"))
	unknown := strings.Repeat("0", 32)
	for _, id := range []string{n.Ben.Zones[0], unknown} {
		n.Do(t, token.Bearer(), "GET", "/zones/"+id, nil)
	}
	n.Uses.Flush(t.Context())
	page := n.SignIn(t, n.Ada).Get("/profile/api-tokens/" + token.ID)
	holds(t, page, http.StatusOK, "Last uses", "Refused", "The credential, or its owner, does not have the permission on this resource.")
	lacks(t, page, n.Ben.Zones[0], unknown, "three.example")
	if rows := strings.Split(uses(page), "<tr>"); len(rows) != 4 || !strings.HasPrefix(rows[3], rows[2]) {
		t.Errorf("%d rows, which differ:\n%q", len(rows), rows)
	}
}

func uses(a Answer) string {
	_, rest, _ := strings.Cut(string(a.Body), `id="uses"`)
	rest, _, _ = strings.Cut(rest, `<section`)
	return rest
}

func TestTry(t *testing.T) {
	n := Start(t, Config{})
	ada, browser := n.Ada.ByKey(), n.SignIn(t, n.Ada)
	one, two, ben := n.Ada.Zones[0], n.Ada.Zones[1], n.Ben.Zones[0]
	var token Token
	n.Must(t, ada, "POST", "/user/tokens", Object{"name": "n", "policies": []Policy{
		n.Allow(t, On(EveryZone), "DNS Write", "Zone Read"), n.Deny(t, On(ZoneKey(two)), "DNS Write"), n.Deny(t, ZonesOf(n.Ben.Account), "DNS Write"),
		n.Allow(t, On(AccountKey(n.Ada.Account)), "Account Settings Read"),
	}, "condition": Object{"request.ip": Object{"not_in": []string{"198.51.100.0/24"}}}}, &token)
	const words = "The credential, or its owner, does not have the permission on this resource."
	for name, row := range map[string]struct {
		method, path, body, address string
		want                        []string
	}{
		"allowed": {"PATCH", "/client/v4/zones/" + one + "/dns_records/" + one, "", "192.0.2.1", []string{
			"Allowed", "A policy allows it, and its owner may do it too: May: DNS Write on every zone, also zones added later.",
			"PATCH /client/v4/zones/" + one + "/dns_records/" + one, "From</dt><dd>192.0.2.1", "Needs", "DNS Write on zone one.example"}},
		"a whole address": {"GET", "https://api.example.com:8443/client/v4/zones/" + one + "?a=b#c", "", "192.0.2.1", []string{
			"Allowed", "<code>GET /client/v4/zones/" + one + "?a=b</code>", "From</dt><dd>192.0.2.1</dd>"}},
		"without the base path":   {"GET", "zones/" + one + "/", "", "::ffff:192.0.2.1", []string{"Allowed", "<code>GET /client/v4/zones/" + one + "/</code>", "<dd>192.0.2.1</dd>"}},
		"without the scheme":      {"GET", "api.example.com/client/v4/zones", "", "192.0.2.1", []string{"Allowed", "The list is cut to what the token may see.", "<code>GET /client/v4/zones</code>", "on at least one zone"}},
		"denied by a policy":      {"POST", "/zones/" + two + "/dns_records", "", "192.0.2.1", []string{"Refused", "A policy denies it: May not: DNS Write on zone two.example.", "DNS Write on zone two.example", "403: Authentication error"}},
		"not allowed":             {"PUT", "/accounts/" + n.Ada.Account.String(), "", "192.0.2.1", []string{"Refused", "No policy of the token allows it.", "Account Settings Write on account Ada's", "403: "}},
		"of somebody else":        {"POST", "/zones/" + ben + "/dns_records", "", "192.0.2.1", []string{"Refused", words, "DNS Write on zone " + ben, "403: "}},
		"of nobody":               {"POST", "/zones/" + strings.Repeat("0", 32) + "/dns_records", "", "192.0.2.1", []string{"Refused", words, "403: "}},
		"made in an account":      {"POST", "/zones", `{"name":"x.example","account":{"id":"` + n.Ada.Account.String() + `"}}`, "192.0.2.1", []string{"Refused", words, "Zone Write", "on every zone of the account in which it is made"}},
		"made, and not said what": {"POST", "/zones", "", "192.0.2.1", []string{"Refused", "This does not depend on the token", "400: "}},
		"itself":                  {"GET", "/user/tokens/verify", "", "192.0.2.1", []string{"Allowed", "Every token that works may do this."}},
		"no such operation":       {"GET", "/nowhere", "", "192.0.2.1", []string{"Refused", "This does not depend on the token", "<code>GET /nowhere</code>", "404: "}},
		"another method":          {"DELETE", "/user/tokens/verify", "", "192.0.2.1", []string{"Refused", "<code>DELETE /client/v4/user/tokens/verify</code>"}},
		"not a path":              {"GET", "/client/v4/zones/../user", "", "192.0.2.1", []string{"Refused", "This does not depend on the token", "400: "}},
		"from who knows where":    {"GET", "/zones", "", "", []string{"Refused", "The credential may not be used from this address.", "An address that is not known is let in only where any is.", "an address that is not known"}},
		"from elsewhere":          {"GET", "/zones", "", "198.51.100.7", []string{"Refused", "The credential may not be used from this address.", "It works: From any address but 198.51.100.0/24."}},
	} {
		t.Run(name, func(t *testing.T) {
			form := url.Values{"method": {row.method}, "path": {" " + row.path + " "}, "body": {row.body}, "address": {row.address}}
			at := "/profile/api-tokens/" + token.ID + "/try"
			whole := browser.Post(at, form)
			holds(t, whole, http.StatusOK, append([]string{"<!doctype html>", "<h1"}, row.want...)...)
			request := browser.Request(http.MethodPost, at, form)
			request.Header.Set("HX-Request", "true")
			part := browser.Send(request)
			holds(t, part, http.StatusOK, row.want...)
			lacks(t, part, "<h1", "<main")
			if name != "of somebody else" {
				lacks(t, part, "three.example", "Ben's")
			}
		})
	}
	t.Run("nothing is recorded", func(t *testing.T) {
		n.Uses.Flush(t.Context())
		holds(t, browser.Get("/profile/api-tokens/"+token.ID+"/try"), http.StatusOK, "Not used yet")
	})
	t.Run("what cannot be read", func(t *testing.T) {
		form := url.Values{"method": {"BREW"}, "path": {" "}, "address": {"fe80::1%eth0"}}
		holds(t, browser.Post("/profile/api-tokens/"+token.ID+"/try", form), http.StatusUnprocessableEntity,
			"There are 3 problems", "#field-method", "#field-path", "#field-address", "fe80::1%eth0")
		request := browser.Request(http.MethodPost, "/profile/api-tokens/"+token.ID+"/try", form)
		request.Header.Set("HX-Request", "true")
		holds(t, browser.Send(request), http.StatusUnprocessableEntity, "There are 3 problems", "Choose a method.")
	})
	t.Run("disabled", func(t *testing.T) {
		off := browser.Post("/profile/api-tokens/"+token.ID+"/status", url.Values{"status": {"disabled"}})
		holds(t, off, http.StatusOK, "Disabled", "Enable")
		holds(t, browser.Post("/profile/api-tokens/"+token.ID+"/try", url.Values{"method": {"GET"}, "path": {"/zones"}}), http.StatusOK, "Refused", "The credential is disabled.", "401: ")
	})
	t.Run("expired", func(t *testing.T) {
		var brief Token
		n.Must(t, ada, "POST", "/user/tokens", Object{"name": "brief", "policies": []Policy{}, "expires_on": n.Clock.Now().Add(time.Hour)}, &brief)
		n.Clock.Advance(2 * time.Hour)
		fresh := n.SignIn(t, n.Ada)
		holds(t, fresh.Post("/profile/api-tokens/"+brief.ID+"/try", url.Values{"method": {"GET"}, "path": {"/zones"}}), http.StatusOK,
			"Refused", "The credential has expired.", "It works: Ended ", "401: ")
	})
}

// TestTryTellsNothing: a deny on the zones of somebody else's account does not tell which are in it.
func TestTryTellsNothing(t *testing.T) {
	n := Start(t, Config{})
	token := n.Mint(t, n.Ada.ByKey(), "probe", n.Allow(t, On(EveryZone), "DNS Write"), n.Deny(t, ZonesOf(n.Ben.Account), "DNS Write"))
	browser := n.SignIn(t, n.Ada)
	said := map[string]bool{}
	for _, id := range []string{n.Ben.Zones[0], strings.Repeat("0", 32), strings.Repeat("f", 32)} {
		request := browser.Request(http.MethodPost, "/profile/api-tokens/"+token.ID+"/try", url.Values{"method": {"POST"}, "path": {"/zones/" + id + "/dns_records"}})
		request.Header.Set("HX-Request", "true")
		a := browser.Send(request)
		holds(t, a, http.StatusOK, "Refused")
		said[strings.ReplaceAll(string(a.Body), id, "ID")] = true
	}
	if len(said) != 1 {
		t.Errorf("%d different answers: %v", len(said), said)
	}
}
