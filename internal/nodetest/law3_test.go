package nodetest_test

import (
	"net/http"
	"testing"

	"github.com/leastkey/leastkey/guard"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// Law 3: a token never exceeds its principal, now. What changes for the principal holds for its
// tokens from the very next request on.
func TestLaw3ATokenNeverExceedsItsPrincipal(t *testing.T) {
	n := Start(t, Config{})
	ada, ben := n.Ada.ByKey(), n.Ben.ByKey()
	records := "/zones/" + n.Ada.Zones[0] + "/dns_records"
	record := Object{"type": "A", "name": "law3", "content": "192.0.2.1"}
	member := n.Join(t, n.Ben, n.Ada.Account, "Administrator").String()
	at := "/accounts/" + n.Ada.Account.String() + "/members/" + member
	token := n.Mint(t, ben, "ben's",
		n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Read", "DNS Write"),
		n.Allow(t, On(EveryAccount), "Account Settings Read"),
		n.Allow(t, On(ZoneKey(n.Ben.Zones[0])), "DNS Read"))
	status := func(method, path string, body any) int { return n.Do(t, token.Bearer(), method, path, body).Status }
	wants := func(when string, reads, writes, own int) {
		t.Helper()
		if got := status("GET", records, nil); got != reads {
			t.Errorf("%s: GET %d, want %d", when, got, reads)
		}
		if got := status("POST", records, record); got != writes {
			t.Errorf("%s: POST %d, want %d", when, got, writes)
		}
		if got := status("GET", "/zones/"+n.Ben.Zones[0]+"/dns_records", nil); got != own {
			t.Errorf("%s: his own %d, want %d", when, got, own)
		}
	}
	roles := func(names ...string) {
		t.Helper()
		var ids []string
		for _, name := range names {
			ids = append(ids, n.Role(t, name).String())
		}
		n.Must(t, ada, "PUT", at, Object{"roles": ids}, nil)
	}
	const ok, no, unknown = http.StatusOK, http.StatusForbidden, http.StatusUnauthorized

	wants("as Administrator", ok, ok, ok)
	record["name"] = "law3b"
	roles("Administrator Read Only")
	wants("made Read Only", ok, no, ok)
	roles("Administrator Read Only", "Administrator")
	wants("both roles", ok, ok, ok)
	n.Must(t, ada, "DELETE", at, nil, nil)
	wants("removed", no, no, ok)
	if got := n.Must(t, token.Bearer(), "GET", "/accounts", nil, nil).Envelope(t).ResultInfo.TotalCount; got != 1 {
		t.Errorf("he still sees %d accounts", got)
	}
	if got := n.Do(t, ben, "GET", records, nil).Status; got != no {
		t.Errorf("his key: %d", got)
	}
	n.Join(t, n.Ben, n.Ada.Account, "Administrator")
	record["name"] = "law3c"
	wants("back again", ok, ok, ok)
	n.Operate(t, "PATCH", "/users/"+n.Ben.ID.String(), Object{"disabled": true})
	wants("disabled", unknown, unknown, unknown)
	if got := n.Do(t, ben, "GET", records, nil).Status; got != unknown {
		t.Errorf("his key: %d", got)
	}
	n.Operate(t, "PATCH", "/users/"+n.Ben.ID.String(), Object{"disabled": false})
	record["name"] = "law3d"
	wants("enabled", ok, ok, ok)
}

// Law 3 where the request was decided before the change and is served after it: the control plane
// decides once more, where nothing can change in between.
func TestLaw3InTheTransaction(t *testing.T) {
	n := Start(t, Config{})
	path := "/accounts/" + n.Ada.Account.String() + "/tokens"
	for name, change := range map[string]func(token Token, member string){
		"token revoked": func(token Token, _ string) { n.Must(t, n.Ben.ByKey(), "DELETE", "/user/tokens/"+token.ID, nil, nil) },
		"token disabled": func(token Token, _ string) {
			n.Must(t, n.Ben.ByKey(), "PUT", "/user/tokens/"+token.ID, Object{"name": "n", "status": "disabled", "policies": token.Policies}, nil)
		},
		"member removed": func(_ Token, member string) {
			n.Must(t, n.Ada.ByKey(), "DELETE", "/accounts/"+n.Ada.Account.String()+"/members/"+member, nil, nil)
		},
		"role taken": func(_ Token, member string) {
			n.Must(t, n.Ada.ByKey(), "PUT", "/accounts/"+n.Ada.Account.String()+"/members/"+member, Object{"roles": []string{n.Role(t, "Administrator Read Only").String()}}, nil)
		},
		"user disabled": func(Token, string) { n.Operate(t, "PATCH", "/users/"+n.Ben.ID.String(), Object{"disabled": true}) },
	} {
		t.Run(name, func(t *testing.T) {
			member := n.Join(t, n.Ben, n.Ada.Account, "Super Administrator").String()
			defer func() {
				n.Operate(t, "PATCH", "/users/"+n.Ben.ID.String(), Object{"disabled": false})
				n.Do(t, n.Ada.ByKey(), "DELETE", "/accounts/"+n.Ada.Account.String()+"/members/"+member, nil)
			}()
			token := n.Mint(t, n.Ben.ByKey(), "n", n.Allow(t, On(AccountKey(n.Ada.Account)), "Account API Tokens Write"))
			r := Request(t, token.Bearer(), "POST", path, Object{"name": "late", "policies": []Policy{}})
			v := n.Guard.Check(t.Context(), guard.Request{Can: guard.AllAbilities, Method: r.Method, Target: r.RequestURI, Header: r.Header})
			if !v.Allowed() {
				t.Fatalf("refused before the change: %+v", v.Denial())
			}
			change(token, member)
			done, _ := n.Acts(t)
			if a := n.Serve(r, v); a.Status != http.StatusForbidden {
				t.Errorf("served after the change: %d %s", a.Status, a.Body)
			}
			if now, _ := n.Acts(t); len(now) != len(done) {
				t.Errorf("something was done: %+v", now[len(done):])
			}
		})
	}
	var tokens []Token
	if n.Must(t, n.Ada.ByKey(), "GET", path, nil, &tokens); len(tokens) != 0 {
		t.Errorf("%d tokens were made", len(tokens))
	}
}
