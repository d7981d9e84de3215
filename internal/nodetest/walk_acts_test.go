package nodetest_test

// What the people of a walk do.

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// owner draws whose tokens to work on: those of an account, or of whoever asks.
func (w *walk) owner(rt *rapid.T) string {
	if rapid.IntRange(0, 2).Draw(rt, "of an account") == 2 {
		id := rapid.SampledFrom(w.accounts).Draw(rt, "account")
		return "/accounts/" + id.String() + "/tokens"
	}
	return "/user/tokens"
}

// who draws somebody, mostly one who may do it, and with a token rather than a key: little is
// learnt of what is refused at the door, or of those who may do everything.
func (w *walk) who(rt *rapid.T, may func(known) bool) known {
	able := slices.DeleteFunc(slices.Clone(w.secrets), func(k known) bool { return !may(k) })
	tokens := slices.DeleteFunc(slices.Clone(able), func(k known) bool { return k.id == "" })
	among := [][]known{tokens, tokens, tokens, tokens, able, w.secrets}[rapid.IntRange(0, 5).Draw(rt, "among")]
	for _, wider := range [][]known{able, w.secrets} {
		if len(among) == 0 {
			among = wider
		}
	}
	return rapid.SampledFrom(among).Draw(rt, "who")
}

// whoMay draws somebody for one request.
func (w *walk) whoMay(rt *rapid.T, needs func(known) probe) known {
	o, at := consult(w.t, w.n), w.n.Clock.Now()
	return w.who(rt, func(k known) bool { return o.allows(k.secret, addrs[0], at, needs(k)) })
}

func (w *walk) mint(rt *rapid.T) {
	path := w.owner(rt)
	needs := func(k known) probe { return w.needs(k, known{path: path}, "POST OWNER/tokens") }
	k := w.whoMay(rt, needs)
	before, body := consult(w.t, w.n), w.token(rt, k, path)
	a := w.act(rt, k, "POST", path, needs(k), body)
	if a.Status != http.StatusOK {
		return
	}
	var token Token
	a.Result(w.t, &token)
	made := known{secret: token.Value, id: token.ID, path: path}
	w.secrets = append(w.secrets, made)
	w.pool = append(w.pool, body["policies"].([]Policy)...)
	w.noEscalation(rt, before, k, made, always)
}

// one draws a token; a path of a user's tokens is only found by the user.
func (w *walk) one(rt *rapid.T) (known, bool) {
	var tokens []known
	o, at := consult(w.t, w.n), w.n.Clock.Now()
	dead := rapid.IntRange(0, 7).Draw(rt, "dead as well") == 7
	for _, k := range w.secrets {
		if _, lives := o.whose(k.secret, at); k.id != "" && (lives || dead) {
			tokens = append(tokens, k)
		}
	}
	if len(tokens) == 0 {
		return known{}, false
	}
	return rapid.SampledFrom(tokens).Draw(rt, "token"), true
}

func (w *walk) needs(k, token known, operation string) probe {
	if token.path == "/user/tokens" {
		c, _ := consult(w.t, w.n).whose(k.secret, w.n.Clock.Now())
		return probe{operation: strings.Replace(operation, "OWNER", "/client/v4/user", 1), on: c.Principal.Resource()}
	}
	id := strings.Split(token.path, "/")[2]
	return probe{operation: strings.Replace(operation, "OWNER", "/client/v4/accounts/{account_id}", 1), on: leastkey.Resource{Type: "account", ID: id}}
}

func (w *walk) edit(rt *rapid.T) {
	token, found := w.one(rt)
	if !found {
		return
	}
	needs := func(k known) probe { return w.needs(k, token, "PUT OWNER/tokens/{token_id}") }
	k := w.whoMay(rt, needs)
	before := consult(w.t, w.n)
	a := w.act(rt, k, "PUT", token.path+"/"+token.id, needs(k), w.token(rt, k, token.path))
	if a.Status == http.StatusOK {
		for _, same := range w.secrets {
			if same.id == token.id {
				w.noEscalation(rt, before, k, same, always)
			}
		}
	}
}

func (w *walk) roll(rt *rapid.T) {
	token, found := w.one(rt)
	if !found {
		return
	}
	needs := func(k known) probe { return w.needs(k, token, "PUT OWNER/tokens/{token_id}/value") }
	k := w.whoMay(rt, needs)
	before := consult(w.t, w.n)
	overlap := Object{"overlap_seconds": rapid.SampledFrom([]int{0, 0, 1, 3600}).Draw(rt, "overlap")}
	a := w.act(rt, k, "PUT", token.path+"/"+token.id+"/value", needs(k), overlap)
	if a.Status != http.StatusOK {
		return
	}
	made := known{id: token.id, path: token.path}
	a.Result(w.t, &made.secret)
	w.secrets = append(w.secrets, made)
	w.noEscalation(rt, before, k, made, always)
}

func (w *walk) remove(rt *rapid.T) {
	if token, found := w.one(rt); found {
		needs := func(k known) probe { return w.needs(k, token, "DELETE OWNER/tokens/{token_id}") }
		k := w.whoMay(rt, needs)
		w.act(rt, k, "DELETE", token.path+"/"+token.id, needs(k), nil)
	}
}

// token draws a body of a create or replace: often with policies that some token has or had, and
// with the right to make more tokens or members.
func (w *walk) token(rt *rapid.T, by known, path string) Object {
	w.made++
	body, policies := Object{"name": fmt.Sprint("token ", w.made)}, []Policy{}
	for range rapid.IntRange(0, 3).Draw(rt, "policies") {
		if len(w.pool) > 0 && rapid.Bool().Draw(rt, "known") {
			policies = append(policies, rapid.SampledFrom(w.pool).Draw(rt, "policy"))
			continue
		}
		policies = append(policies, w.policy(rt))
	}
	rights := rapid.IntRange(0, 3).Draw(rt, "further rights")
	if rights == 0 {
		policies = append(policies, w.n.Allow(w.t, On(AccountKey(w.accounts[0])), "Account Settings Write"))
	}
	if rights < 3 {
		c, _ := consult(w.t, w.n).whose(by.secret, w.n.Clock.Now())
		if path == "/user/tokens" {
			policies = append(policies, w.n.Allow(w.t, On(UserKey(c.Principal.ID)), "API Tokens Write"))
		} else {
			policies = append(policies, w.n.Allow(w.t, On("com.cloudflare.api.account."+strings.Split(path, "/")[2]), "Account API Tokens Write"))
		}
	}
	body["policies"] = policies
	switch rapid.IntRange(0, 7).Draw(rt, "limit") {
	case 7:
		body["expires_on"] = w.n.Clock.Now().Add(time.Duration(rapid.IntRange(1, 4).Draw(rt, "hours")) * time.Hour)
	case 1:
		body["not_before"] = w.n.Clock.Now().Add(time.Hour)
	case 2:
		body["condition"] = Object{"request.ip": Object{"in": []string{rapid.SampledFrom([]string{"192.0.2.0/24", "192.0.2.1", "198.51.100.0/24"}).Draw(rt, "in")}}}
	case 3:
		body["condition"] = Object{"request.ip": Object{"not_in": []string{rapid.SampledFrom([]string{"192.0.2.0/24", "198.51.100.7"}).Draw(rt, "not in")}}}
	case 4:
		body["status"] = rapid.SampledFrom([]string{"active", "disabled"}).Draw(rt, "status")
	}
	return body
}

// policy draws a policy, mostly about the first account.
func (w *walk) policy(rt *rapid.T) Policy {
	var keys []string
	var groups []string
	resources := Object{}
	switch rapid.IntRange(0, 7).Draw(rt, "type") {
	case 7:
		for _, p := range w.people {
			keys = append(keys, UserKey(p.ID))
		}
		groups = []string{"API Tokens Write", "User Details Read"}
	case 1, 2:
		keys = []string{AccountKey(w.accounts[0]), AccountKey(w.accounts[0]), AccountKey(w.accounts[1]), EveryAccount}
		groups = []string{"Account Settings Read", "Account Settings Write", "Account API Tokens Write"}
	default:
		keys = []string{EveryZone, AccountKey(w.accounts[0]), AccountKey(w.accounts[0]), AccountKey(w.accounts[1])}
		for _, id := range w.zones {
			keys = append(keys, ZoneKey(id))
		}
		groups = []string{"DNS Read", "DNS Write", "Zone Read", "Zone Write"}
	}
	for _, key := range rapid.SliceOfN(rapid.SampledFrom(keys), 1, 2).Draw(rt, "resources") {
		resources[key] = "*"
		if groups[0] == "DNS Read" && strings.HasPrefix(key, "com.cloudflare.api.account.") && !strings.HasPrefix(key, "com.cloudflare.api.account.zone.") {
			resources[key] = On(EveryZone)
		}
	}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 1, 2, rapid.ID[string]).Draw(rt, "groups")
	if rapid.IntRange(0, 3).Draw(rt, "effect") == 3 {
		return w.n.Deny(w.t, resources, names...)
	}
	return w.n.Allow(w.t, resources, names...)
}

// member adds, promotes, demotes or removes somebody.
func (w *walk) member(rt *rapid.T) {
	account := rapid.SampledFrom(w.accounts).Draw(rt, "account")
	k := w.whoMay(rt, func(known) probe {
		return probe{operation: "POST /client/v4/accounts/{account_id}/members", on: leastkey.AccountOf(account).Resource()}
	})
	i := rapid.IntRange(0, len(w.people)-1).Draw(rt, "person")
	person, path := w.people[i], "/accounts/"+account.String()+"/members"
	roles := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Super Administrator", "Administrator", "Administrator Read Only"}), 1, 2, rapid.ID[string]).Draw(rt, "roles")
	var ids []string
	for _, role := range roles {
		ids = append(ids, w.n.Role(w.t, role).String())
	}
	before := consult(w.t, w.n)
	on := leastkey.AccountOf(account).Resource()
	const operation = "/client/v4/accounts/{account_id}/members"
	j := slices.IndexFunc(before.members, func(m control.Member) bool { return m.User == person.ID && m.Account == account })
	var a Answer
	switch {
	case j < 0:
		a = w.act(rt, k, "POST", path, probe{operation: "POST " + operation, on: on}, Object{"email": person.Email, "roles": ids})
	case rapid.Bool().Draw(rt, "remove"):
		w.act(rt, k, "DELETE", path+"/"+before.members[j].ID.String(), probe{operation: "DELETE " + operation + "/{member_id}", on: on}, nil)
		return
	default:
		a = w.act(rt, k, "PUT", path+"/"+before.members[j].ID.String(), probe{operation: "PUT " + operation + "/{member_id}", on: on}, Object{"roles": ids})
	}
	if a.Status == http.StatusOK {
		at := w.n.Clock.Now()
		w.noEscalation(rt, before, k, w.secrets[i], func(p probe, addr netip.Addr) bool { return !before.allows(w.secrets[i].secret, addr, at, p) })
	}
}

func (w *walk) createZone(rt *rapid.T) {
	if len(w.zones) < 6 {
		account := rapid.SampledFrom(w.accounts).Draw(rt, "account")
		w.newZone(rt, w.whoMay(rt, func(known) probe { return zoneUnder(account) }), account)
	}
}

func (w *walk) newZone(rt *rapid.T, k known, account leastkey.ID) {
	w.made++
	a := w.act(rt, k, "POST", "/zones", zoneUnder(account),
		Object{"name": fmt.Sprintf("zone%d.example", w.made), "account": Object{"id": account}})
	if a.Status == http.StatusOK {
		var zone struct{ ID string }
		a.Result(w.t, &zone)
		w.zones = append(w.zones, zone.ID)
	}
}

func zoneUnder(account leastkey.ID) probe {
	return probe{operation: "POST /client/v4/zones", on: leastkey.Resource{Type: "zone"}, under: leastkey.AccountOf(account).Resource()}
}

func (w *walk) deleteZone(rt *rapid.T) {
	id := rapid.SampledFrom(w.zones).Draw(rt, "zone")
	p := probe{operation: "DELETE /client/v4/zones/{zone_id}", on: Zone(id)}
	w.act(rt, w.whoMay(rt, func(known) probe { return p }), "DELETE", "/zones/"+id, p, nil)
}

// disableUser disables somebody, or enables them again.
func (w *walk) disableUser(rt *rapid.T) {
	person := rapid.SampledFrom(w.people).Draw(rt, "person")
	disabled := rapid.IntRange(0, 9).Draw(rt, "disabled") > 7
	if _, err := w.n.Control.SetUserDisabled(context.Background(), control.Operator(), person.ID, disabled); err != nil {
		rt.Fatal(err)
	}
}

// restart starts the node anew: what it reads from the store is what it knew before.
func (w *walk) restart(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "really") > 6 {
		w.n.Restart(w.t)
	}
}
