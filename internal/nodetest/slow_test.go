package nodetest_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/edge/throttle"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// slowBody is a body in the middle of which something happens.
type slowBody struct {
	io.Reader
	after int // bytes
	event func()
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.after > 0 && len(p) > b.after {
		p = p[:b.after]
	}
	n, err := b.Reader.Read(p)
	if b.after -= n; b.after <= 0 && b.event != nil {
		b.event()
		b.event = nil
	}
	return n, err
}

func (b *slowBody) Close() error { return nil }

// Laws 7 and 3: a request whose body comes slowly is decided by what holds when it is there. A
// secret that was rolled or revoked in between, or a right that ended, is worth nothing.
func TestLaw7SlowBodiesAreDecidedWhenTheyAreThere(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	rights := []Policy{
		n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Write", "API Tokens Read"),
		n.Allow(t, On(EveryZone), "DNS Write", "Zone Write", "Zone Read"),
	}
	revoke := func(token Token) { n.Must(t, ada, "DELETE", "/user/tokens/"+token.ID, nil, nil) }
	roll := func(token Token) { n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/value", nil, nil) }
	disable := func(token Token) {
		n.Must(t, ada, "PUT", "/user/tokens/"+token.ID, Object{"name": token.Name, "status": "disabled", "policies": rights}, nil)
	}
	record := `{"type": "A", "name": "slow", "content": "192.0.2.1"}`
	child := `{"name": "child", "policies": []}`
	records := "/zones/" + n.Ada.Zones[0] + "/dns_records"
	zone := `{"name": "slow.example", "account": {"id": "` + n.Ada.Account.String() + `"}}`
	for _, row := range []struct {
		name, method, path, body string
		after                    int
		event                    func(Token)
	}{
		{"mint after a roll", "POST", "/user/tokens", child, 1, roll},
		{"mint after a revoke", "POST", "/user/tokens", child, 1, revoke},
		{"mint after it was disabled", "POST", "/user/tokens", child, 1, disable},
		{"create after a revoke", "POST", "/zones", zone, 1, revoke},
		{"list after a revoke", "GET", "/zones", "{}", 1, revoke},
		{"verify after a revoke", "GET", "/user/tokens/verify", "{}", 1, revoke},
		{"write after a revoke", "POST", records, record, 1, revoke},
		{"a long write, revoked late", "POST", records, record + strings.Repeat(" ", 2<<20), 3 << 19, revoke},
	} {
		token := n.Mint(t, ada, row.name, rights...)
		r := Request(t, token.Bearer(), row.method, row.path, row.body)
		r.Body = &slowBody{strings.NewReader(row.body), row.after, func() { row.event(token) }}
		if answer := n.Send(r); answer.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s, want 401", row.name, answer.Status, answer.Body)
		}
	}
	if found := n.Do(t, ada, "GET", records+"?name=slow.one.example", nil); bytes.Contains(found.Body, []byte("192.0.2.1")) {
		t.Errorf("a record was made: %s", found.Body)
	}
	token := n.Mint(t, ada, "in order", rights...)
	r := Request(t, token.Bearer(), "POST", records, record+strings.Repeat(" ", 2<<20))
	if answer := n.Send(r); answer.Status != http.StatusOK {
		t.Errorf("a long write that nothing happened to: %d %s", answer.Status, answer.Body)
	}
}

// Law 7: a secret in its overlap ends with it. Nothing that it makes is left after that, and it
// cannot give itself a successor.
func TestLaw7AnOverlapEnds(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	token := n.Mint(t, ada, "rolled", n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Write", "API Tokens Read"))
	at := "/user/tokens/" + token.ID
	var next string
	n.Must(t, ada, "PUT", at+"/value", Object{"overlap_seconds": 60}, &next)

	for name, answer := range map[string]Answer{
		"mint without end":   n.Do(t, token.Bearer(), "POST", "/user/tokens", Object{"name": "child", "policies": []Policy{}}),
		"mint past the end":  n.Do(t, token.Bearer(), "POST", "/user/tokens", Object{"name": "child", "policies": []Policy{}, "expires_on": Epoch.Add(time.Hour)}),
		"roll itself":        n.Do(t, token.Bearer(), "PUT", at+"/value", nil),
		"roll with overlap":  n.Do(t, token.Bearer(), "PUT", at+"/value", Object{"overlap_seconds": 3600}),
		"replace its rights": n.Do(t, token.Bearer(), "PUT", at, Object{"name": "x", "policies": []Policy{n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Read")}}),
	} {
		if answer.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s, want 400", name, answer.Status, answer.Body)
		}
	}
	n.Must(t, token.Bearer(), "POST", "/user/tokens", Object{"name": "within", "policies": []Policy{}, "expires_on": Epoch.Add(30 * time.Second)}, nil)
	n.Must(t, Bearer(next), "GET", at, nil, nil)
	n.Clock.Advance(time.Minute)
	if answer := n.Do(t, token.Bearer(), "GET", at, nil); answer.Status != http.StatusUnauthorized {
		t.Errorf("after the overlap: %d", answer.Status)
	}
	n.Must(t, Bearer(next), "GET", at, nil, nil)
}

// Law 4, for roles: a credential with an end or a place cannot give roles, which have neither;
// and nobody takes away a role that they could not give.
func TestLaw4RolesOutliveNothing(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	members := "/accounts/" + n.Ada.Account.String() + "/members"
	var everything []string
	for _, g := range n.Catalog.Groups() {
		if g.Type == "account" || g.Type == "zone" || g.Type == "r2_bucket" {
			everything = append(everything, g.ID.String())
		}
	}
	all := Policy{Effect: "allow", Resources: Object{
		AccountKey(n.Ada.Account): "*", EveryZone: "*", "com.cloudflare.edge.r2.bucket.*": "*"}}
	for _, id := range everything {
		all.Groups = append(all.Groups, GroupRef{ID: id})
	}
	mint := func(more Object) Token {
		body := Object{"name": "inviter", "policies": []Policy{all}}
		maps.Copy(body, more)
		var token Token
		n.Must(t, ada, "POST", "/user/tokens", body, &token)
		return token
	}
	guest := Object{"email": n.Ben.Email, "roles": []string{n.Role(t, "Administrator Read Only").String()}}
	for name, token := range map[string]Token{
		"with an end":  mint(Object{"expires_on": Epoch.Add(time.Hour)}),
		"with a place": mint(Object{"condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/24"}}}}),
		"in an overlap": func() Token {
			k := mint(nil)
			n.Must(t, ada, "PUT", "/user/tokens/"+k.ID+"/value", Object{"overlap_seconds": 60}, nil)
			return k
		}(),
	} {
		if answer := n.Do(t, token.Bearer(), "POST", members, guest); answer.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s, want 400", name, answer.Status, answer.Body)
		}
	}
	n.Must(t, mint(nil).Bearer(), "POST", members, guest, nil)

	scim := n.Mint(t, ada, "scim", n.Allow(t, On(AccountKey(n.Ada.Account)), "SCIM Provisioning"))
	if answer := n.Do(t, scim.Bearer(), "DELETE", members+"/"+n.Ada.Member.String(), nil); answer.Status != http.StatusBadRequest {
		t.Errorf("a SCIM token removes a Super Administrator: %d %s", answer.Status, answer.Body)
	}
}

// A credential that is not in order pays for itself, and its owner can always end a token.
func TestQuotaIsNotSpentByOthers(t *testing.T) {
	limited := Start(t, Config{Quota: throttle.Quota{Requests: 10, Per: time.Minute}})
	ada := limited.Ada.ByKey()
	dead := limited.Mint(t, ada, "dead", limited.Allow(t, On(EveryZone), "DNS Write"))
	live := limited.Mint(t, ada, "live", limited.Allow(t, On(EveryZone), "DNS Write"))
	limited.Must(t, ada, "PUT", "/user/tokens/"+dead.ID, Object{"name": "dead", "status": "disabled", "policies": dead.Policies}, nil)
	for range 50 {
		limited.Do(t, dead.Bearer(), "GET", "/zones", nil)
	}
	limited.Must(t, ada, "GET", "/user", nil, nil)
	for range 50 {
		limited.Do(t, live.Bearer(), "GET", "/zones", nil)
	}
	if answer := limited.Do(t, ada, "GET", "/user", nil); answer.Status != http.StatusTooManyRequests {
		t.Errorf("the quota of a user is not shared: %d", answer.Status)
	}
	limited.Must(t, ada, "DELETE", "/user/tokens/"+live.ID, nil, nil)
}
