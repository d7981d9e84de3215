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
	w.people = w.n.Users(t, "user0@example.com", "user1@example.com", "user2@example.com")
	for _, p := range w.people {
		w.secrets = append(w.secrets, known{secret: p.Key, email: p.Email})
	}
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
	return w.n.Guard.Check(context.Background(), guard.Request{Can: guard.AllAbilities, Method: method, Target: path, Header: header, Addr: addr,
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
				if !want && (v.Denial().Status == http.StatusForbidden) != usable && admits(c, addr) {
					rt.Fatalf("secret %d from %s, %+v: refused with %d, and usable is %t", i, addr, p, v.Denial().Status, usable)
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
func (w *walk) noEscalation(rt *rapid.T, before oracle, giver, given known, fresh func(probe, netip.Addr) bool) {
	after, at := consult(w.t, w.n), w.n.Clock.Now()
	c, _ := after.whose(given.secret, at)
	for _, addr := range addrs {
		_, usable := after.usable(given.secret, addr, at)
		for _, p := range append(selfProbes(c.Principal), w.probes()...) {
			if usable && after.reaches(c, p) && !before.allows(giver.secret, addr, at, p) && fresh(p, addr) {
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
