package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/nodetest"
)

// Members are added, given other roles and removed on the pages, which say beforehand what that does to their tokens;
// the next request goes by it. Who may not is not offered it, and refused.
func TestMembersPages(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada := n.World.Ada
	cy := n.User(t, "cy@example.com")
	members := "/account/" + ada.Account.String() + "/members"
	dns, billing := n.Role(t, "DNS").String(), n.Role(t, "Billing").String()
	b := n.SignIn(t, ada)
	see := func(path string, words ...string) string {
		t.Helper()
		a := b.Send(b.Request(http.MethodGet, path, nil))
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d", path, a.Status)
		}
		for _, w := range words {
			if !strings.Contains(string(a.Body), w) {
				t.Errorf("%s says nothing of %q", path, w)
			}
		}
		return string(a.Body)
	}
	post := func(path string, form url.Values, status int, words string) {
		t.Helper()
		a := b.Send(b.Request(http.MethodPost, path, form))
		if a.Status != status || !strings.Contains(string(a.Body)+a.Header.Get("Location"), words) {
			t.Errorf("POST %s: %d %q, want %d and %q", path, a.Status, a.Header.Get("Location"), status, words)
		}
	}
	reads := func(want int) {
		t.Helper()
		if a := n.Do(t, cy.ByKey(), http.MethodGet, "/zones/"+ada.Zones[0]+"/dns_records", nil); a.Status != want {
			t.Errorf("the records for cy: %d, want %d", a.Status, want)
		}
	}
	see(members, "ada@example.com", "Super Administrator", "Add a member")
	post(members, url.Values{}, 422, "Choose at least one role")
	post(members, url.Values{"email": {"nobody@example.com"}, "roles": {dns}}, 422, "No user has the e-mail address")
	post(members, url.Values{"email": {"cy@example.com"}, "roles": {"x"}}, 422, "Choose roles from the list")
	reads(403)
	post(members, url.Values{"email": {"cy@example.com"}, "roles": {dns}}, 303, "?done=added")
	reads(200)
	post(members, url.Values{"email": {"cy@example.com"}, "roles": {dns}}, 422, "is a member of the account already")
	before, _, there := strings.Cut(see(members, "cy@example.com", "DNS"), `" dir="auto">cy@example.com`)
	if !there {
		t.Fatal("cy is not in the list")
	}
	path := before[strings.LastIndex(before, `"`)+1:]

	see(path, "Change roles", "Remove member")
	post(path+"/roles", url.Values{"roles": {billing}}, 200, "1 token or key of theirs can do less")
	reads(200)
	post(path+"/roles", url.Values{"roles": {billing}, "sure": {"yes"}}, 303, "?done=roles")
	reads(403)
	post(path+"/roles", url.Values{"roles": {dns}, "sure": {"yes"}}, 303, "?done=roles")
	reads(200)

	// Cy may see nothing of this page; with a role that reads settings they see it, and are offered nothing.
	own := b
	b = n.SignIn(t, cy)
	if a := b.Send(b.Request(http.MethodGet, members, nil)); a.Status != http.StatusForbidden {
		t.Errorf("the members, for one who may not read settings: %d", a.Status)
	}
	b = own
	post(path+"/roles", url.Values{"roles": {n.Role(t, "Administrator Read Only").String()}, "sure": {"yes"}}, 303, "?done=roles")
	b = n.SignIn(t, cy)
	if body := see(members, "ada@example.com"); strings.Contains(body, "Add a member") {
		t.Error("a reader is offered to add members")
	}
	post(members, url.Values{"email": {"cy@example.com"}, "roles": {dns}}, 403, "")
	post(path+"/roles", url.Values{"roles": {dns}, "sure": {"yes"}}, 403, "")
	post(path+"/remove", url.Values{"sure": {"yes"}}, 403, "")

	b = own
	post(path+"/remove", url.Values{}, 200, "Remove cy@example.com from")
	reads(200)
	post(path+"/remove", url.Values{"sure": {"yes"}}, 303, "?done=removed")
	reads(403)
	if a := b.Send(b.Request(http.MethodGet, path, nil)); a.Status != http.StatusNotFound {
		t.Errorf("a member who is gone: %d", a.Status)
	}
	post(members+"/"+ada.Member.String()+"/remove", url.Values{"sure": {"yes"}}, 422, "without a member who can manage")
}
