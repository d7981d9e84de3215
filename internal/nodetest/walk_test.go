package nodetest_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// A walk starts a node, which takes a while: fewer and longer ones than rapid does by itself,
// unless it is told.
func TestMain(m *testing.M) {
	flag.Parse()
	told := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { told[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": "4", "rapid.steps": "40"} {
		if told[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// Laws 1 to 4 and 7 at a running node: people, members and operators do whatever they can think
// of, and after every step the node says of every secret that there ever was, on every request
// that there is, what the oracle says from the rows of the store. Whoever makes or edits a token,
// or gives somebody a role, gives nothing that they could not do themselves.
func TestNodeAgreesWithOracle(t *testing.T) {
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWalk(t, rt)
		rt.Repeat(map[string]func(*rapid.T){
			"":             w.agree,
			"mint":         w.mint,
			"mint again":   w.mint,
			"mint more":    w.mint,
			"roll again":   w.roll,
			"edit again":   w.edit,
			"edit":         w.edit,
			"roll":         w.roll,
			"delete":       w.remove,
			"member":       w.member,
			"create zone":  w.createZone,
			"delete zone":  w.deleteZone,
			"disable user": w.disableUser,
			"time": func(rt *rapid.T) {
				w.n.Clock.Advance(time.Duration(rapid.IntRange(1, 4).Draw(rt, "half hours")) * 30 * time.Minute)
			},
			"restart": w.restart,
		})
		w.n.Stop(t)
		for operation, times := range w.done {
			done[operation] += times
		}
	})
	// To see that the walks lead somewhere. They are random: a floor would fail for no fault.
	t.Log(done)
}

// known is a secret that was handed out once, whatever has become of it.
type known struct {
	secret string
	email  string // of a Global API Key
	id     string
	path   string // of the tokens among which it is
}

func (k known) by() Credential {
	if k.email != "" {
		return Fields("X-Auth-Email", k.email, "X-Auth-Key", k.secret)
	}
	return Bearer(k.secret)
}

// walk is one node and what was done to it.
type walk struct {
	t        *testing.T
	n        *Node
	people   []Person
	accounts []leastkey.ID
	zones    []string // all that ever were, and one that never was
	secrets  []known
	pool     []Policy // of tokens that were made
	made     int
	done     map[string]int // acts that succeeded
}

// addrs are where requests come from.
var addrs = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.7")}

func newWalk(t *testing.T, rt *rapid.T) *walk {
	w := &walk{t: t, n: Start(t, Config{Empty: true}), done: map[string]int{}, zones: []string{strings.Repeat("0", 32)}}
	for i := range 3 {
		w.people = append(w.people, Person{Email: fmt.Sprintf("user%d@example.com", i)})
	}
	w.putPeople()
	ctx := context.Background()
	for i := range 2 {
		account, err := w.n.Control.CreateAccount(ctx, control.Operator(), fmt.Sprint("account ", i))
		if err != nil {
			rt.Fatal(err)
		}
		if err := w.n.Product.PutAccount(ctx, account.ID.String(), account.Name); err != nil {
			rt.Fatal(err)
		}
		w.accounts = append(w.accounts, account.ID)
		w.n.Join(t, w.people[i], account.ID, "Super Administrator")
		w.newZone(rt, w.secrets[i], account.ID)
	}
	w.n.Join(t, w.people[2], w.accounts[0], "Administrator")
	return w
}

// putPeople puts users below the node's feet: to hash their passwords would take most of the time.
func (w *walk) putPeople() {
	random := NewRandom(5)
	_, err := w.n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		var id leastkey.ID
		for i := range w.people {
			secret, err := leastkey.DefaultBrand.Mint(leastkey.GlobalKeySecret, random)
			if err != nil {
				return control.Act{}, err
			}
			if id, err = leastkey.NewID(random); err != nil {
				return control.Act{}, err
			}
			w.people[i].ID = id
			w.secrets = append(w.secrets, known{secret: secret.Reveal(), email: w.people[i].Email})
			key := control.Credential{Name: "key", IssuedOn: Epoch, ModifiedOn: Epoch, Secrets: []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: secret.Hash()}}}}
			key.ID, key.Kind, key.Principal, key.Status = id, leastkey.GlobalAPIKey, leastkey.UserOf(id), leastkey.Active
			if err := tx.PutUser(control.User{ID: id, Email: w.people[i].Email, CreatedOn: Epoch, ModifiedOn: Epoch}); err != nil {
				return control.Act{}, err
			}
			if err := tx.PutCredential(key); err != nil {
				return control.Act{}, err
			}
		}
		return control.Act{Audit: control.Audit{ID: id, Action: "people"}}, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.n.State.Doubt()
	w.n.Control.Heal(context.Background())
}

// probes are the requests that are compared.
func (w *walk) probes() (list []probe) {
	const base = "/client/v4"
	for _, id := range w.zones {
		for _, operation := range []string{"GET " + base + "/zones/{zone_id}/dns_records", "POST " + base + "/zones/{zone_id}/dns_records", "GET " + base + "/zones/{zone_id}", "DELETE " + base + "/zones/{zone_id}"} {
			list = append(list, probe{operation: operation, on: Zone(id)})
		}
	}
	for _, id := range append([]leastkey.ID{{}}, w.accounts...) {
		account := leastkey.AccountOf(id).Resource()
		for _, operation := range []string{"GET ", "PUT ", "GET /members", "POST /members", "GET /tokens", "POST /tokens"} {
			method, rest, _ := strings.Cut(operation, " ")
			list = append(list, probe{operation: method + " " + base + "/accounts/{account_id}" + rest, on: account})
		}
		list = append(list, probe{operation: "POST " + base + "/zones", on: leastkey.Resource{Type: "zone"}, under: account})
	}
	return list
}

// selfProbes are about the user who asks.
func selfProbes(of leastkey.Principal) (list []probe) {
	for _, operation := range []string{"GET /client/v4/user", "PATCH /client/v4/user", "GET /client/v4/user/tokens", "POST /client/v4/user/tokens", "GET /client/v4/memberships"} {
		if of.Kind == leastkey.UserPrincipal {
			list = append(list, probe{operation: operation, on: of.Resource()})
		}
	}
	return list
}

// ask has the guard decide a probe.
func (w *walk) ask(k known, addr netip.Addr, p probe) guard.Verdict {
	method, path, _ := strings.Cut(p.operation, " ")
	path = strings.Replace(strings.Replace(path, "{zone_id}", p.on.ID, 1), "{account_id}", p.on.ID, 1)
	header := http.Header{}
	k.by()(header)
	return w.n.Guard.Check(context.Background(), guard.Request{Method: method, Target: path, Header: header, Addr: addr,
		Body: func(int64) ([]byte, error) { return []byte(`{"account":{"id":"` + p.under.ID + `"}}`), nil }})
}

// agree compares node and oracle on everything.
func (w *walk) agree(rt *rapid.T) {
	o, probes := consult(w.t, w.n), w.probes()
	for i, k := range w.secrets {
		for _, addr := range addrs {
			c, usable := o.usable(k.secret, addr, w.n.Clock.Now())
			for _, p := range append(selfProbes(c.Principal), probes...) {
				v, want := w.ask(k, addr, p), usable && o.reaches(c, p)
				if v.Allowed() != want {
					rt.Fatalf("secret %d (%s) from %s, %+v: the node says %t (%v), the oracle %t\n%+v", i, k.path, addr, p, v.Allowed(), v.Decision.Reason, want, c)
				}
				if !want && (v.Denial.Status == http.StatusForbidden) != usable && admits(c, addr) {
					rt.Fatalf("secret %d from %s, %+v: refused with %d, and usable is %t", i, addr, p, v.Denial.Status, usable)
				}
			}
		}
	}
	k := rapid.SampledFrom(w.secrets).Draw(rt, "who lists")
	for path, t := range map[string]leastkey.ResourceType{"/zones": "zone", "/accounts": "account"} {
		w.agreeOnList(rt, o, k, path, t)
	}
}

// admits says that the address is not what is wrong: that is a 403 of its own.
func admits(c control.Credential, addr netip.Addr) bool {
	return (len(c.Condition.In) == 0 || within(c.Condition.In, addr)) && !within(c.Condition.NotIn, addr)
}

// agreeOnList compares a whole list as the gateway gives it.
func (w *walk) agreeOnList(rt *rapid.T, o oracle, k known, path string, t leastkey.ResourceType) {
	at := w.n.Clock.Now()
	var want, got []string
	all := map[leastkey.ResourceType][]string{"zone": w.zones, "account": {w.accounts[0].String(), w.accounts[1].String()}}
	for _, id := range all[t] {
		if o.allows(k.secret, addrs[0], at, probe{operation: "GET /client/v4" + path, on: leastkey.Resource{Type: t, ID: id}}) {
			want = append(want, id)
		}
	}
	a := w.n.Do(w.t, k.by(), "GET", path+"?per_page=50", nil)
	if a.Status == http.StatusOK {
		var items []struct{ ID string }
		a.Result(w.t, &items)
		for _, item := range items {
			got = append(got, item.ID)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		rt.Fatalf("GET %s: %d, the node lists %v, the oracle %v", path, a.Status, got, want)
	}
}

// act makes a request and holds its status to the oracle's word on the operation.
func (w *walk) act(rt *rapid.T, k known, method, path string, p probe, body any) Answer {
	o, at := consult(w.t, w.n), w.n.Clock.Now()
	want := o.allows(k.secret, addrs[0], at, p)
	a := w.n.Do(w.t, k.by(), method, path, body)
	if refused := a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden; refused == want {
		rt.Fatalf("%s %s: %d, and the oracle says %t: %s", method, path, a.Status, want, a.Body)
	}
	if a.Status >= 500 || a.Status == http.StatusConflict {
		rt.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	if a.Status == http.StatusOK {
		w.done[p.operation]++
	}
	return a
}

// noEscalation holds that whoever gave can do all that was given, at the moment of giving.
func (w *walk) noEscalation(rt *rapid.T, before oracle, giver, given known, new func(probe, netip.Addr) bool) {
	after, at := consult(w.t, w.n), w.n.Clock.Now()
	c, _ := after.whose(given.secret, at)
	for _, addr := range addrs {
		_, usable := after.usable(given.secret, addr, at)
		for _, p := range append(selfProbes(c.Principal), w.probes()...) {
			if usable && after.reaches(c, p) && !before.allows(giver.secret, addr, at, p) && new(p, addr) {
				m, _ := before.whose(giver.secret, at)
				rt.Fatalf("%+v from %s: given, and the giver may not\ngiver %+v\ngiven %+v", p, addr, m, c)
			}
		}
	}
	giving, _ := before.whose(giver.secret, at)
	was, there := before.whose(given.secret, at)
	renamed := there && was.Validity.ExpiresOn.Equal(c.Validity.ExpiresOn)
	if end := giving.Validity.ExpiresOn; given.email == "" && !renamed && !end.IsZero() && (c.Validity.ExpiresOn.IsZero() || c.Validity.ExpiresOn.After(end)) {
		rt.Fatalf("made to live until %s by one that lives until %s", c.Validity.ExpiresOn, end)
	}
}

func always(probe, netip.Addr) bool { return true }

// owner draws whose tokens to work on: those of an account, or of whoever asks.
func (w *walk) owner(rt *rapid.T) (path string, operation string) {
	if rapid.IntRange(0, 2).Draw(rt, "of an account") == 2 {
		id := rapid.SampledFrom(w.accounts).Draw(rt, "account")
		return "/accounts/" + id.String() + "/tokens", "OWNER/tokens"
	}
	return "/user/tokens", "OWNER/tokens"
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
	path, operation := w.owner(rt)
	needs := func(k known) probe { return w.needs(k, known{path: path}, "POST "+operation) }
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
	token, any := w.one(rt)
	if !any {
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
	token, any := w.one(rt)
	if !any {
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
	if token, any := w.one(rt); any {
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
