package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

const newToken = ownTokens + "/new"

// token reads a token through the API.
func token(t *testing.T, n *nodetest.Node, by nodetest.Person, id string) nodetest.Token {
	t.Helper()
	var made nodetest.Token
	n.Must(t, by.ByKey(), "GET", "/user/tokens/"+id, nil, &made)
	return made
}

// only is the one token that somebody has.
func only(t *testing.T, n *nodetest.Node, by nodetest.Person) nodetest.Token {
	t.Helper()
	var all []nodetest.Token
	n.Must(t, by.ByKey(), "GET", "/user/tokens", nil, &all)
	if len(all) != 1 {
		t.Fatalf("%d tokens, want one", len(all))
	}
	return all[0]
}

// plain is what policies say, without their ids.
func plain(policies []nodetest.Policy) []nodetest.Policy {
	var all []nodetest.Policy
	for _, p := range policies {
		p.ID = ""
		all = append(all, p)
	}
	return all
}

func template(t *testing.T, n *nodetest.Node, name string) string {
	t.Helper()
	found, ok := n.Catalog.TemplateNamed(name)
	if !ok {
		t.Fatalf("no template %q", name)
	}
	return "?template=" + found.ID.String()
}

// The walk of the announcement, without scripts: a template, a zone, the summary, the secret.
func TestCreateFromTemplate(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	want(t, b.Get(newToken), http.StatusOK, "Edit zone DNS", "DNS Write on zones you choose", "Custom", "API Tokens Write on yourself", "and 101 more", "every zone")

	w := begin(t, b, newToken+template(t, n, "Edit zone DNS"))
	w.press("summary", http.StatusUnprocessableEntity, "Choose at least one zone.", "#field-rule-0-resource-0-find")
	w.set("name", "deploy-bot")
	w.tick("one.example")
	w.press("summary", http.StatusOK, "Summary of deploy-bot", "May: DNS Write on zone one.example", "Nothing else", "Terraform", "leastkey token create")
	w.press("back", http.StatusOK, `value="deploy-bot"`)
	w.press("summary", http.StatusOK)
	once := url.Values{}
	maps.Copy(once, w.values)
	w.press("", http.StatusOK, "Created deploy-bot", "Verify now", "/client/v4/user/tokens/verify")
	secret := shownSecret(t, w.at)
	if w.at.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", w.at.Header.Get("Cache-Control"))
	}

	made := only(t, n, n.Ada)
	zone := n.Ada.Zones[0]
	expect := []nodetest.Policy{n.Allow(t, nodetest.On(nodetest.ZoneKey(zone)), "DNS Write")}
	expect[0].Groups[0].Name = "DNS Write"
	if diff := cmp.Diff(expect, plain(made.Policies)); diff != "" {
		t.Error(diff)
	}
	if a := n.Do(t, nodetest.Bearer(secret), "GET", "/zones/"+zone+"/dns_records", nil); a.Status != http.StatusOK {
		t.Errorf("the token may not: %d %s", a.Status, a.Body)
	}

	// What the button shows is what the API answers.
	w.action = ownTokens + "/verify"
	w.values = url.Values{"secret": {secret}}
	a := b.Post(w.action, w.values)
	want(t, a, http.StatusOK, "The token works", "200 OK", "This API Token is valid and active", made.ID)
	if strings.Contains(string(a.Body), secret) {
		t.Error("the secret is shown again")
	}

	// The form that made it does not make it again.
	a = b.Post(ownTokens, once)
	want(t, a, http.StatusConflict, "The token was created by this form, once.")
	if strings.Contains(string(a.Body), secret) || len(only(t, n, n.Ada).ID) == 0 {
		t.Error("made again")
	}
}

// Two permissions, a deny, an address and an end, from nothing and by buttons alone.
func TestCreateCustom(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	w := begin(t, b, newToken+"?template=custom")
	w.press("summary", http.StatusUnprocessableEntity, "Give the token a name", "Choose a permission", "Choose at least one zone.")
	w.set("name", "two and a deny", "rule-0-permission-0-group", "dns", "rule-0-permission-0-access", "write")
	w.set("rule-0-resource-0-extent", "under")
	w.press("add-permission:0", http.StatusOK)
	w.set("rule-0-permission-1-group", "Zone Settings")
	w.press("add-resource:0", http.StatusOK)
	w.set("rule-0-resource-1-mode", "exclude")
	w.tick("two.example")
	w.press("add-rule:deny", http.StatusOK)
	w.set("rule-1-permission-0-group", "Zone Settings", "rule-1-permission-0-access", "read", "rule-1-resource-0-find", "one.ex")
	w.press("find:1:0", http.StatusOK, "one.example")
	w.tick("one.example")
	w.press("add-ip:in:192.0.2.1", http.StatusOK, ">\n192.0.2.1</textarea>")
	w.set("in", w.values.Get("in")+"\r\n2001:db8::/32", "expires_on", "2032-01-31", "not_before", "2031-12-01", "not_before_time", "08:30")
	w.press("summary", http.StatusOK, "May not: Zone Settings Read on zone one.example", "May not: DNS Write", "zone two.example", "192.0.2.1", "2032-01-31")
	w.press("", http.StatusOK, "Created two and a deny")
	made := only(t, n, n.Ada)
	allow := n.Allow(t, nodetest.ZonesOf(n.Ada.Account), "DNS Write", "Zone Settings Read")
	excluded := n.Deny(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[1])), "DNS Write", "Zone Settings Read")
	deny := n.Deny(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "Zone Settings Read")
	expect := []nodetest.Policy{allow, excluded, deny}
	for _, p := range expect {
		for i := range p.Groups {
			p.Groups[i].Name = map[bool]string{true: "DNS Write", false: "Zone Settings Read"}[p.Groups[i].ID == n.Group(t, "DNS Write").String()]
		}
	}
	if diff := cmp.Diff(expect, plain(made.Policies)); diff != "" {
		t.Error(diff)
	}
	if made.ExpiresOn != "2032-01-31T23:59:59Z" || made.NotBefore != "2031-12-01T08:30:00Z" {
		t.Errorf("from %s until %s", made.NotBefore, made.ExpiresOn)
	}
	if got := fmt.Sprint(made.Condition["request_ip"]); got != "map[in:[192.0.2.1 2001:db8::/32]]" {
		t.Errorf("condition %s", got)
	}
}

// A list that refuses whoever makes it is said to, on the form and in the summary.
func TestShutOut(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	w := begin(t, b, newToken+template(t, n, "Edit zone DNS"))
	want(t, w.at, http.StatusOK, "Your address now, IPv4", "192.0.2.1", "Your address now, IPv6: none seen")
	w.tick("one.example").set("in", "198.51.100.0/24")
	w.press("refresh", http.StatusOK, "With these lists the token is refused from your address now, 192.0.2.1.")
	w.press("summary", http.StatusOK, "Your address now, 192.0.2.1, is shut out.")
	w.press("back", http.StatusOK).set("in", "")
	w.press("add-ip:not_in:192.0.2.1", http.StatusOK, "With these lists the token is refused")
	b.From = "[2001:db8::7]"
	w.press("refresh", http.StatusOK, "2001:db8::7", "192.0.2.1", "add-ip:in:2001:db8::7")
}

// What somebody may not give is refused before it is made, beside the permission, and nothing that
// was entered is lost.
func TestRefusalsAreBesideTheField(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ben := n.Ben.Zones[0]
	n.Join(t, n.Ben, n.Ada.Account, "Administrator Read Only")
	b := n.SignIn(t, n.Ben)
	form := url.Values{
		"do": {"summary"}, "name": {"more than I may"}, "expires_on": {"2032-01-31"}, "in": {"192.0.2.1"},
		"rule-0-effect": {"allow"}, "rule-0-permission-0": {"zone/read/DNS"}, "rule-0-permission-1": {"zone/write/DNS"},
		"rule-0-resource-0-type": {"zone"}, "rule-0-resource-0-mode": {"include"}, "rule-0-resource-0-extent": {"one"},
		"rule-0-resource-0-id": {ben, n.Ada.Zones[0]},
	}
	const beside = `<a href="#field-rule-0-permission-1-group">`
	for _, target := range []string{n.Ada.Zones[0], strings.Repeat("0", 32)} {
		form["rule-0-resource-0-id"] = []string{ben, target}
		form.Set("rule-0-permission-0", "zone/read/DNS")
		if target != n.Ada.Zones[0] {
			form.Set("rule-0-permission-0", "zone/write/DNS Write")
		}
		a := b.Post(newToken, form)
		want(t, a, http.StatusUnprocessableEntity, "does not have DNS Write on zone "+target, `value="more than I may"`, "2032-01-31", "192.0.2.1", `value="`+ben+`"`)
		if target == n.Ada.Zones[0] {
			want(t, a, http.StatusUnprocessableEntity, beside)
		}
	}
	// Of a zone that belongs to others, nothing tells that there is one.
	stranger := n.User(t, "eve@example.com")
	e := n.SignIn(t, stranger)
	said := func(id string) string {
		form["rule-0-resource-0-id"] = []string{id}
		a := e.Post(newToken, form)
		want(t, a, http.StatusUnprocessableEntity)
		return strings.ReplaceAll(string(a.Body), id, "ID")
	}
	if diff := cmp.Diff(said(strings.Repeat("f", 32)), said(n.Ada.Zones[0])); diff != "" {
		t.Errorf("a zone of others and none at all are told apart:\n%s", diff)
	}
	// Created without the summary, it is refused in the same way.
	form.Set("once", strings.Repeat("ab", 16))
	want(t, e.Post(ownTokens, form), http.StatusUnprocessableEntity, "#field-rule-0-permission-0-group", `value="more than I may"`)
	var none []nodetest.Token
	n.Must(t, stranger.ByKey(), "GET", "/user/tokens", nil, &none)
	if len(none) != 0 {
		t.Errorf("made %v", none)
	}
}

// The password is asked for with the summary, when it was not proven of late, and a wrong one loses nothing.
func TestCreateAsksForThePassword(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	user := withPassword(t, n, "carl@example.com")
	b := n.SignIn(t, nodetest.Person{ID: user.ID})
	n.Clock.Advance(11 * time.Minute)
	w := begin(t, b, newToken+template(t, n, "Create additional tokens"))
	w.press("summary", http.StatusOK, "Your password", "It may make tokens")
	w.press("", http.StatusUnprocessableEntity, "Enter your password to go on.")
	w.set("password", "wrong")
	w.press("", http.StatusUnprocessableEntity, "The password is not right.")
	w.set("password", password)
	w.press("", http.StatusOK, "Created Create additional tokens")
	if shownSecret(t, w.at) == "" {
		t.Error("no secret")
	}
}

// An edit shows line by line what it changes, keeps the secret, and what it does not touch.
func TestEdit(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	one, two := nodetest.ZoneKey(n.Ada.Zones[0]), nodetest.ZoneKey(n.Ada.Zones[1])
	old := n.Mint(t, n.Ada.ByKey(), "deploy-bot", n.Allow(t, nodetest.On(one), "DNS Write"), n.Deny(t, nodetest.On(two), "Zone Read"),
		n.Allow(t, nodetest.On(nodetest.UserKey(n.Ada.ID)), "User Details Read"))
	b := n.SignIn(t, n.Ada)
	path := ownTokens + "/" + old.ID
	w := begin(t, b, path+"/edit")
	w.press("summary", http.StatusOK, "Nothing: the token would stay as it is.")
	w.press("back", http.StatusOK)
	w.set("name", "deploy-bot 2")
	w.press("add-permission:0", http.StatusOK)
	w.set("rule-0-permission-1-group", "Zone Settings")
	w.press("summary", http.StatusOK, "Changes to deploy-bot", "deploy-bot 2", "Zone Settings Read on zone one.example", "<ins>", "Save")
	w.press("", http.StatusOK)
	is := token(t, n, n.Ada, old.ID)
	if is.Name != "deploy-bot 2" || len(is.Policies) != 3 || len(is.Policies[0].Groups) != 2 || is.Policies[0].ID != old.Policies[0].ID {
		t.Errorf("saved %+v", is)
	}
	if diff := cmp.Diff(old.Policies[1:], is.Policies[1:]); diff != "" {
		t.Error(diff)
	}
	if !accepted(t, n, old.Value) {
		t.Error("the secret no longer works")
	}

	// Disabled, and past its end, it is edited all the same.
	w = begin(t, b, path+"/edit")
	w.set("status", "disabled", "expires_on", "2030-01-03", "expires_on_time", "")
	w.press("summary", http.StatusOK).press("", http.StatusOK)
	n.Clock.Advance(5 * 24 * time.Hour)
	b = n.SignIn(t, n.Ada)
	w = begin(t, b, path+"/edit")
	want(t, w.at, http.StatusOK, `value="disabled" checked`, `value="23:59:59"`)
	w.set("name", "late").press("summary", http.StatusOK).press("", http.StatusOK)
	if is := token(t, n, n.Ada, old.ID); is.Name != "late" || is.Status != "disabled" || is.ExpiresOn != "2030-01-03T23:59:59Z" {
		t.Errorf("saved %+v", is)
	}
}

// Whoever saves over the change of another is told, and sees the difference first.
func TestEditIsNotOvertaken(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	old := n.Mint(t, n.Ada.ByKey(), "deploy-bot", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	path := ownTokens + "/" + old.ID
	first, second := begin(t, n.SignIn(t, n.Ada), path+"/edit"), begin(t, n.SignIn(t, n.Ada), path+"/edit")
	first.set("name", "first").press("summary", http.StatusOK)
	second.set("name", "second").press("summary", http.StatusOK).press("", http.StatusOK)
	first.press("", http.StatusUnprocessableEntity, "The token was changed since you opened this form.", `value="first"`)
	if name := token(t, n, n.Ada, old.ID).Name; name != "second" {
		t.Errorf("saved as %q", name)
	}
	first.press("summary", http.StatusOK, "Changes to second", "first").press("", http.StatusOK)
	if name := token(t, n, n.Ada, old.ID).Name; name != "first" {
		t.Errorf("saved as %q", name)
	}
}

// The pages of a token are there for its owner alone, by every path.
func TestTokensOfOthersAreNotThere(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	of := n.Mint(t, n.Ada.ByKey(), "Ada's own", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	form := url.Values{"do": {"summary"}, "name": {"taken"}, "read": {"0"}}
	for _, b := range []*nodetest.Browser{n.SignIn(t, n.Ben)} {
		for _, home := range []string{"/profile", "/account/" + n.Ben.Account.String(), "/account/" + n.Ada.Account.String()} {
			path := home + "/api-tokens/" + of.ID
			for _, a := range []nodetest.Answer{b.Get(path + "/edit"), b.Post(path+"/edit", form), b.Post(path, form)} {
				if a.Status != http.StatusNotFound || strings.Contains(string(a.Body), "Ada's own") {
					t.Errorf("%s: %d", path, a.Status)
				}
			}
		}
	}
	b := n.SignIn(t, n.Ada)
	for _, path := range []string{ownTokens + "/" + strings.Repeat("0", 32) + "/edit", ownTokens + "/x/edit", newToken + "?template=" + strings.Repeat("0", 32), newToken + "?template=x"} {
		want(t, b.Get(path), http.StatusNotFound)
	}
	want(t, b.Post(newToken, url.Values{"do": {"explode"}}), http.StatusUnsupportedMediaType)
	want(t, b.Post(ownTokens, url.Values{"name": {"x"}}), http.StatusUnsupportedMediaType) // a form of ours has "once"
}

// A link fills in the form, says so, and says what of it was not understood. It makes nothing.
func TestLinkPrefills(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	query := url.Values{
		"permissionGroupKeys": {`[{"key":"dns","type":"edit"},{"key":"account_settings","type":"read"},{"key":"teleport","type":"edit"}]`},
		"zoneId":              {n.Ada.Zones[0]}, "accountId": {n.Ada.Account.String()}, "name": {"from <b>a link</b>"},
	}
	w := begin(t, b, ownTokens+"?"+query.Encode())
	want(t, w.at, http.StatusOK, "A link filled in this form.", "The link asks for “teleport: edit”, which is no permission here.", "one.example", `value="from <b>a link</b>"`)
	w.press("summary", http.StatusOK, "May: DNS Write on zone one.example", "May: Account Settings Read on account Ada's").press("", http.StatusOK)
	if got := only(t, n, n.Ada); got.Name != "from <b>a link</b>" || len(got.Policies) != 1 {
		t.Errorf("made %+v", got)
	}
	// A zone of others is not named, and not granted.
	query.Set("zoneId", n.Ben.Zones[0])
	w = begin(t, b, newToken+"?"+query.Encode())
	if strings.Contains(string(w.at.Body), "three.example") {
		t.Error("the name of a zone of others is shown")
	}
	w.press("summary", http.StatusUnprocessableEntity, "DNS Write on zone "+n.Ben.Zones[0])
}

// What left the catalogue stays in the token through an edit, is shown, and can be removed.
func TestEditKeepsWhatHasNoForm(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	made := n.Mint(t, n.Ada.ByKey(), "old", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	gone := leastkey.Policy{ID: leastkey.ID{1}, Effect: leastkey.Deny, Groups: []leastkey.ID{{2}}, Patterns: []leastkey.Pattern{leastkey.PatternEvery("zone")}}
	_, err := n.Store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
		old, err := tx.Credential(leastkey.MustParseID(made.ID))
		if err != nil {
			return control.Act{}, err
		}
		old.Policies = append([]leastkey.Policy{gone}, old.Policies...)
		return control.Act{Audit: control.Audit{ID: leastkey.ID{3}, At: n.Clock.Now(), Action: "token.update"}}, tx.PutCredential(old)
	})
	if err != nil {
		t.Fatal(err)
	}
	n.State.Doubt()
	n.Control.Heal(t.Context())
	path := ownTokens + "/" + made.ID
	w := begin(t, n.SignIn(t, n.Ada), path+"/edit")
	want(t, w.at, http.StatusOK, "This rule has no form here.", "02000000000000000000000000000000")
	w.set("name", "renamed", "rule-0-effect", "allow").press("summary", http.StatusOK, "Changes to old").press("", http.StatusOK)
	is := token(t, n, n.Ada, made.ID)
	if is.Name != "renamed" || len(is.Policies) != 2 || is.Policies[0].Effect != "deny" || is.Policies[0].ID != gone.ID.String() {
		t.Errorf("saved %+v", is)
	}
	w = begin(t, n.SignIn(t, n.Ada), path+"/edit")
	w.set("rule-1-permission-0-access", "read").press("summary", http.StatusUnprocessableEntity, "#field-rule-0-effect", "No permission group has the id")
	w.press("remove-rule:0", http.StatusOK)
	w.press("summary", http.StatusOK).press("", http.StatusOK)
	if is := token(t, n, n.Ada, made.ID); len(is.Policies) != 1 || is.Policies[0].Groups[0].Name != "DNS Read" {
		t.Errorf("saved %+v", is)
	}
}
