package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/web"
)

// rowNames are the names in the first table of a page.
func rowNames(t *testing.T, a nodetest.Answer) []string {
	t.Helper()
	list, ok := lookFor(written(t, a), "id", "list")
	if !ok {
		return nil
	}
	var names []string
	for n := range list.Descendants() {
		if n.Data != "th" || !slices.Contains(n.Attr, html.Attribute{Key: "scope", Val: "row"}) {
			continue
		}
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				names = append(names, d.Data)
			}
		}
	}
	return names
}

func TestTokensPage(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	want(t, b.Get(ownTokens), http.StatusOK, "No tokens yet", "Start with “Edit zone DNS”", "Global API Key", "Origin CA Key", n.Ada.Key[len(n.Ada.Key)-4:])
	account := "/account/" + n.Ada.Account.String() + "/api-tokens"
	a := b.Get(account)
	want(t, a, http.StatusOK, "API tokens of Ada's", "No tokens yet")
	if strings.Contains(string(a.Body), "Origin CA Key") {
		t.Error("an account has no keys")
	}

	ada := n.Ada.ByKey()
	one, two := nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), nodetest.On(nodetest.ZoneKey(n.Ada.Zones[1]))
	mint := func(name string, more nodetest.Object, policies ...nodetest.Policy) nodetest.Token {
		body := nodetest.Object{"name": name, "policies": policies}
		maps.Copy(body, more)
		var token nodetest.Token
		n.Must(t, ada, "POST", "/user/tokens", body, &token)
		return token
	}
	first := mint("deploy-bot", nil, n.Allow(t, one, "DNS Write"))
	mint("Backup", nodetest.Object{"condition": nodetest.Object{"request.ip": nodetest.Object{"in": []string{"192.0.2.0/24", "198.51.100.1"}}}},
		n.Allow(t, nodetest.ZonesOf(n.Ada.Account), "DNS Read", "Zone Read"))
	mint("Next year", nodetest.Object{"not_before": nodetest.Epoch.AddDate(1, 0, 0)}, n.Allow(t, two, "Cache Purge"))
	mint("Short", nodetest.Object{"expires_on": nodetest.Epoch.Add(time.Minute)}, n.Allow(t, nodetest.On(nodetest.UserKey(n.Ada.ID)), "User Details Read"))
	off := mint("Old CI", nil, n.Allow(t, two, "DNS Write"))
	n.Must(t, ada, "PUT", "/user/tokens/"+off.ID, nodetest.Object{"name": off.Name, "status": "disabled", "policies": off.Policies}, nil)
	n.MintFor(t, ada, n.Ada.Account, "the account's", n.Allow(t, one, "DNS Write"))
	n.Mint(t, n.Ben.ByKey(), "Ben's")
	n.Clock.Advance(time.Hour)

	want(t, b.Get(ownTokens), http.StatusOK, "DNS Write", "Zone one.example", "Every zone of account Ada's", "from 192.0.2.0/24, +1 more",
		"Not yet valid", "From 2031-01-01 00:00 UTC", "Expired", "2030-01-01 00:01 UTC", "Disabled", "Actions for deploy-bot")
	for _, c := range []struct {
		query string
		names []string
	}{
		{"", []string{"Old CI", "Short", "Next year", "Backup", "deploy-bot"}},
		{"?q=deploy", []string{"deploy-bot"}},
		{"?q=+DEPLOY+", []string{"deploy-bot"}},
		{"?q=dns+w", []string{"Old CI", "deploy-bot"}},
		{"?q=one.exa", []string{"deploy-bot"}},
		{"?q=two.example", []string{"Old CI", "Next year"}},
		{"?q=Ada%27s", []string{"Backup"}},
		{"?q=" + n.Ada.Email, []string{"Short"}},
		{"?q=" + first.ID, []string{"deploy-bot"}},
		{"?q=" + n.Ada.Zones[0], []string{"deploy-bot"}},
		{"?q=three.example", nil},
		{"?q=nothing", nil},
		{"?status=active", []string{"Backup", "deploy-bot"}},
		{"?status=disabled", []string{"Old CI"}},
		{"?status=expired", []string{"Short"}},
		{"?status=not-yet-valid", []string{"Next year"}},
		{"?status=no-such", nil},
		{"?q=two.example&status=disabled", []string{"Old CI"}},
	} {
		if is := rowNames(t, b.Get(ownTokens+c.query)); !slices.Equal(is, c.names) {
			t.Errorf("%s shows %q, want %q", c.query, is, c.names)
		}
	}
	want(t, b.Get(ownTokens+"?q=nothing"), http.StatusOK, "No token matches", "Show all tokens")
	if is := rowNames(t, b.Get(account)); !slices.Equal(is, []string{"the account's"}) {
		t.Errorf("the account shows %q", is)
	}

	r := b.Request("GET", ownTokens+"?q=deploy", nil)
	r.Header.Set("HX-Request", "true")
	if a = b.Send(r); strings.Contains(string(a.Body), "<html") || !slices.Equal(rowNames(t, a), []string{"deploy-bot"}) {
		t.Errorf("htmx is given %s", a.Body)
	}
}

// TestPrefillLinks: the links of other tools lead to the form, as they are.
func TestPrefillLinks(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	for _, home := range []string{"/profile", "/account/" + n.Ada.Account.String()} {
		for _, query := range []string{"name=x", "zoneId=all", "accountId=*&x=y", "permissionGroupKeys=%5B%7B%22key%22%3A%22dns%22%2C%22type%22%3A%22edit%22%7D%5D&zoneId=all&name=a%20b%0D%0A"} {
			a := b.Send(b.Request("GET", home+"/api-tokens?"+query, nil))
			if to := home + "/api-tokens/new?" + query; a.Status != http.StatusSeeOther || a.Header.Get("Location") != to {
				t.Errorf("%d to %q, want %q", a.Status, a.Header.Get("Location"), to)
			}
		}
	}
}

// TestManyTokens turns the pages of a list of 500, each with the longest name there can be.
func TestManyTokens(t *testing.T) {
	const many = 500
	n := nodetest.Start(t, nodetest.Config{Limits: control.Limits{UserTokens: many, AccountTokens: many, Overlap: time.Hour}})
	_, err := n.Store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
		for i := range many {
			token := control.Credential{Name: fmt.Sprintf("%03d %s", i, strings.Repeat("<", 116)), IssuedOn: n.Clock.Now()}
			token.ID = leastkey.ID{1, byte(i >> 8), byte(i)}
			token.Kind, token.Principal, token.Status = leastkey.Token, leastkey.UserOf(n.Ada.ID), leastkey.Active
			token.Policies = []leastkey.Policy{{ID: token.ID, Effect: leastkey.Allow, Groups: []leastkey.ID{n.Group(t, "DNS Write")},
				Patterns: []leastkey.Pattern{leastkey.PatternOne(nodetest.Zone(n.Ada.Zones[i%2]))}}}
			hash := leastkey.SecretHash{1, byte(i >> 8), byte(i)}
			token.Secrets = []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: hash}, Tail: "abcd", CreatedOn: token.IssuedOn}}
			if err := tx.PutCredential(token); err != nil {
				return control.Act{}, err
			}
		}
		return control.Act{Audit: control.Audit{ID: leastkey.ID{1}, At: n.Clock.Now(), Action: "test.fill"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := n.SignIn(t, n.Ada)
	seen := map[string]bool{}
	pages := 0
	for at := ownTokens + "?q=example"; at != ""; pages++ {
		a := b.Get(at)
		want(t, a, http.StatusOK)
		names := rowNames(t, a)
		if len(names) != 50 {
			t.Fatalf("%s has %d rows", at, len(names))
		}
		for _, name := range names {
			seen[name] = true
		}
		at = ""
		if next, ok := lookFor(written(t, a), "rel", "next"); ok {
			for _, attr := range next.Attr {
				if attr.Key == "href" {
					at = attr.Val
				}
			}
		}
	}
	if len(seen) != many || pages != many/50 {
		t.Errorf("%d tokens on %d pages", len(seen), pages)
	}
	if is := rowNames(t, b.Get(ownTokens+"?page=99")); len(is) != 50 || !strings.HasPrefix(is[49], "000") {
		t.Errorf("beyond the last page are %q", is)
	}
	for _, page := range []string{"0", "-1", "x", "99999999999999999999"} {
		if is := rowNames(t, b.Get(ownTokens+"?page="+page)); len(is) != 50 || !strings.HasPrefix(is[0], "499") {
			t.Errorf("page %s has %q", page, is)
		}
	}
}

// TestAnotherOwner asks for what belongs to somebody else, and is told what is told of nothing.
func TestAnotherOwner(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	mine := n.Mint(t, n.Ada.ByKey(), "Ada's token")
	its := n.MintFor(t, n.Ada.ByKey(), n.Ada.Account, "the account's token")
	bens := n.Mint(t, n.Ben.ByKey(), "Ben's token")
	b := n.SignIn(t, n.Ben)
	anything := url.Values{"once": {bens.ID}, "overlap": {"0"}, "status": {"disabled"}, "name": {"Ada's token"}}
	nothing := b.Get(ownTokens + "/" + n.Ada.ID.String() + "/roll").Body
	before, _ := n.Acts(t)
	for _, path := range []string{
		ownTokens + "/" + mine.ID, ownTokens + "/" + its.ID, ownTokens + "/" + strings.ToUpper(bens.ID), ownTokens + "/x",
		"/account/" + n.Ben.Account.String() + "/api-tokens/" + its.ID,
		"/account/" + n.Ben.Account.String() + "/api-tokens/" + bens.ID,
		"/account/" + n.Ada.Account.String() + "/api-tokens/" + its.ID,
		"/account/" + n.Ada.Account.String() + "/api-tokens/" + bens.ID,
		"/account/" + strings.Repeat("0", 32) + "/api-tokens/" + bens.ID,
	} {
		for _, method := range []string{"GET /roll", "GET /delete", "POST /roll", "POST /delete", "POST /status", "POST /end-overlap"} {
			method, sub, _ := strings.Cut(method, " ")
			form := anything
			if method == "GET" {
				form = nil
			}
			a := b.Send(b.Request(method, path+sub, form))
			if a.Status != http.StatusNotFound || string(a.Body) != string(nothing) {
				t.Errorf("%s %s%s: %d %s", method, path, sub, a.Status, a.Body)
			}
		}
	}
	for _, path := range []string{"/api-tokens", "/audit", "/audit.csv"} {
		if a := b.Get("/account/" + n.Ada.Account.String() + path); a.Status != http.StatusNotFound || string(a.Body) != string(nothing) {
			t.Errorf("GET %s of another account: %d %s", path, a.Status, a.Body)
		}
	}
	if now, _ := n.Acts(t); len(now) != len(before) || !accepted(t, n, mine.Value) {
		t.Error("something was done")
	}
}

// TestMemberWithoutRights is a member who may see an account and neither its tokens nor its log.
func TestMemberWithoutRights(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	guest := n.User(t, "guest@example.com")
	n.Join(t, guest, n.Ada.Account, "DNS")
	its := n.MintFor(t, n.Ada.ByKey(), n.Ada.Account, "the account's token")
	b := n.SignIn(t, guest)
	home := "/account/" + n.Ada.Account.String()
	for _, path := range []string{"/api-tokens", "/audit", "/audit.csv", "/api-tokens/" + its.ID + "/roll", "/api-tokens/" + its.ID + "/delete"} {
		a := b.Get(home + path)
		want(t, a, http.StatusForbidden, "Refused")
		if strings.Contains(string(a.Body), "the account's token") {
			t.Errorf("%s tells the name", path)
		}
	}
	reader := n.User(t, "reader@example.com")
	n.Join(t, reader, n.Ada.Account, "Administrator Read Only")
	b = n.SignIn(t, reader)
	want(t, b.Get(home+"/api-tokens"), http.StatusOK, "the account's token")
	form := url.Values{"once": {its.ID}, "overlap": {"0"}, "status": {"disabled"}, "name": {its.Name}}
	before, _ := n.Acts(t)
	for _, sub := range []string{"/roll", "/delete", "/status", "/end-overlap"} {
		want(t, b.Post(home+"/api-tokens/"+its.ID+sub, form), http.StatusForbidden)
	}
	if now, _ := n.Acts(t); len(now) != len(before) {
		t.Error("something was done")
	}
}

// TestNamesAreInert puts markup wherever people choose the words, and reads the pages as a browser.
func TestNamesAreInert(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	const email = `"><img/src=x/onerror=alert(1)><script>alert(2)</script>'@example.com`
	eve := n.Person(t, email, web.Hostile)
	zoneID := strings.Repeat("e", 32)
	if _, err := n.Control.Register(t.Context(), control.Operator(), nodetest.Zone(zoneID), web.Hostile, leastkey.AccountOf(eve.Account).Resource()); err != nil {
		t.Fatal(err)
	}
	const name = web.Hostile
	zone := n.Allow(t, nodetest.On(nodetest.ZoneKey(zoneID)), "DNS Write")
	b := n.SignIn(t, eve)
	account := "/account/" + eve.Account.String()
	for home, token := range map[string]nodetest.Token{
		"/profile": n.Mint(t, eve.ByKey(), name, zone),
		account:    n.MintFor(t, eve.ByKey(), eve.Account, name, zone),
	} {
		token := home + "/api-tokens/" + token.ID
		for _, path := range []string{
			home + "/api-tokens", home + "/api-tokens?q=" + url.QueryEscape(web.Hostile), home + "/api-tokens?status=" + url.QueryEscape(web.Hostile),
			home + "/api-tokens?done=" + url.QueryEscape(web.Hostile), token + "/roll", token + "/delete",
			home + "/audit", home + "/audit?" + url.Values{"from": {web.Hostile}, "to": {web.Hostile}, "actor": {web.Hostile}, "token": {web.Hostile}, "before": {web.Hostile}}.Encode(),
			"/profile/global-api-key", "/profile/origin-ca-key/change",
		} {
			holdInert(t, path, b.Get(path))
		}
		once := func(path string) string { return valueOf(t, b.Get(path), "once") }
		a := b.Post(token+"/roll", url.Values{"once": {once(token + "/roll")}, "overlap": {"1"}})
		want(t, a, http.StatusOK, name)
		holdInert(t, token+"/roll", a)
		holdInert(t, token+"/roll", b.Post(token+"/roll", url.Values{"once": {once(token + "/roll")}, "overlap": {web.Hostile}, "hours": {web.Hostile}}))
		holdInert(t, token+"/delete", b.Post(token+"/delete", url.Values{"name": {web.Hostile}}))
		holdInert(t, home+"/api-tokens", b.Post(token+"/status", url.Values{"status": {"disabled"}, "list": {"q=" + url.QueryEscape(web.Hostile)}}))
		want(t, b.Get(home+"/audit"), http.StatusOK, name)
	}
	a := b.Post("/profile/global-api-key/change", url.Values{"once": {valueOf(t, b.Get("/profile/global-api-key/change"), "once")}})
	want(t, a, http.StatusOK)
	holdInert(t, "the new key", a)
}

func holdInert(t *testing.T, path string, a nodetest.Answer) {
	t.Helper()
	if a.Status >= http.StatusInternalServerError {
		t.Errorf("%s: %d", path, a.Status)
	}
	for _, fault := range web.PageFaults(string(a.Body)) {
		t.Errorf("%s: %s", path, fault)
	}
}
