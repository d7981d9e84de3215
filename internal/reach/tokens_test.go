package reach_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/reach"
	"github.com/leastkey/leastkey/leastkeytest"
)

const zoneHead = `namespace: com.example.dns
resources:
  server: {}
  zone: {parent: server}
permission_groups:
  - {id: 00000000000000000000000000000001, name: Zone Read, resource: zone}
  - {id: 00000000000000000000000000000002, name: Zone Write, resource: zone}
  - {id: 00000000000000000000000000000003, name: Server Read, resource: server}
  - {id: 00000000000000000000000000000004, name: Server Write, resource: server}
roles:
  - {id: 00000000000000000000000000000009, name: Member, permissions: [%s]}
operations:
`

// routes are the requests of the random API: what each can act on, and the request about one resource.
var routes = []struct {
	route   string
	kind    leastkey.ResourceType
	targets []string
	request func(server, zone string) (method, target, body string)
}{
	{"GET /servers/{s}/zones/{z}", "zone", []string{"{zone: path.z}", "{zone: path.z, in: {server: path.s}}"},
		func(s, z string) (string, string, string) { return "GET", "/servers/" + s + "/zones/" + z, "" }},
	{"PUT /zones", "zone", []string{"{zone: query.z}", "{zone: body./zone/id}", "{zone: query.z, in: {server: body./server}}"},
		func(s, z string) (string, string, string) {
			return "PUT", "/zones?z=" + z, fmt.Sprintf(`{"zone":{"id":%q},"server":%q}`, z, s)
		}},
	{"GET /zones", "zone", []string{"{list: zone}"}, func(string, string) (string, string, string) { return "GET", "/zones", "" }},
	{"GET /servers/{s}/zones", "zone", []string{"{list: zone}", "{list: zone, in: {server: path.s}}"},
		func(s, _ string) (string, string, string) { return "GET", "/servers/" + s + "/zones", "" }},
	{"DELETE /servers/{s}", "server", []string{"{server: path.s}"}, func(s, _ string) (string, string, string) { return "DELETE", "/servers/" + s, "" }},
	{"POST /servers/{s}/zones", "", []string{"{create: zone, under: {server: path.s}}"},
		func(s, _ string) (string, string, string) { return "POST", "/servers/" + s + "/zones", "" }},
}

func drawCatalog(t *rapid.T, label string) *catalog.Catalog {
	groups := []string{"Zone Read", "Zone Write", "Server Read", "Server Write"}
	held := rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 1, 4, rapid.ID).Draw(t, label+" role")
	text := fmt.Sprintf(zoneHead, strings.Join(held, ", "))
	none := true
	for _, r := range routes {
		if rapid.IntRange(0, 4).Draw(t, label+" "+r.route) == 0 && (!none || r.route != routes[len(routes)-1].route) {
			continue
		}
		none = false
		of := groups[:2]
		if r.kind == "server" {
			of = groups[2:]
		}
		accepted := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 2, rapid.ID).Draw(t, label+" accepts")
		target := rapid.SampledFrom(r.targets).Draw(t, label+" target")
		items := ""
		if strings.Contains(target, "list") {
			items = `, items: {at: "", id: /id}`
		}
		text += fmt.Sprintf("  - {route: %q, any_of: [%s], target: %s%s}\n", r.route, strings.Join(accepted, ", "), target, items)
	}
	c, err := catalog.Load("random.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

var (
	alpha, beta = leastkey.AccountOf(leastkeytest.ID("alpha")), leastkey.AccountOf(leastkeytest.ID("beta"))
	ada         = leastkey.UserOf(leastkeytest.ID("ada"))
)

type placed struct{ account, server, zone leastkey.Resource }

func everyZone() []placed {
	var all []placed
	for i, account := range []leastkey.Principal{alpha, beta} {
		for s := range 2 {
			for z := range 2 {
				all = append(all, placed{
					account.Resource(), leastkey.Resource{Type: "server", ID: fmt.Sprintf("s%d%d", i, s)}, leastkey.Resource{Type: "zone", ID: fmt.Sprintf("z%d%d%d", i, s, z)},
				})
			}
		}
	}
	return all
}

func drawPolicy(t *rapid.T) leastkey.Policy {
	zones := everyZone()
	p := leastkey.Policy{Effect: leastkey.Allow}
	if rapid.IntRange(0, 3).Draw(t, "deny") == 0 {
		p.Effect = leastkey.Deny
	}
	for _, n := range rapid.SliceOfNDistinct(rapid.ByteRange(1, 4), 1, 3, rapid.ID).Draw(t, "groups") {
		p.Groups = append(p.Groups, leastkey.ID{15: n})
	}
	for range rapid.IntRange(1, 3).Draw(t, "patterns") {
		at := rapid.SampledFrom(zones).Draw(t, "at")
		p.Patterns = append(p.Patterns, rapid.SampledFrom([]leastkey.Pattern{
			leastkey.PatternOne(at.zone), leastkey.PatternOne(at.server), leastkey.PatternUnder("zone", at.server), leastkey.PatternUnder("zone", at.account),
			leastkey.PatternUnder("server", at.account), leastkey.PatternEvery("zone"), leastkey.PatternEvery("server"),
		}).Draw(t, "pattern"))
	}
	return p
}

// label is what stands for the resource in the reach of a token, as the policies have it.
func label(token leastkey.Credential, accounts []leastkey.Resource, r leastkey.Resource, ancestors ...leastkey.Resource) string {
	nearest := len(ancestors)
	for _, policy := range token.Policies {
		for _, pattern := range policy.Patterns {
			if pattern == leastkey.PatternOne(r) {
				return r.String()
			}
			if pattern.Type != r.Type {
				continue
			}
			for i, a := range ancestors {
				if pattern.Extent == leastkey.Under && pattern.Parent == a || pattern.Extent == leastkey.Every && slices.Contains(accounts, a) {
					nearest = min(nearest, i)
				}
			}
		}
	}
	if nearest == len(ancestors) {
		return ""
	}
	return leastkey.PatternUnder(r.Type, ancestors[nearest]).String()
}

// createLabel is what stands for a new zone in a server: the server itself, if a policy leads to it, and otherwise any.
func createLabel(token leastkey.Credential, accounts []leastkey.Resource, at placed) string {
	whole := false
	for _, policy := range token.Policies {
		for _, pattern := range policy.Patterns {
			inServer := slices.ContainsFunc(everyZone(), func(p placed) bool { return p.server == at.server && pattern == leastkey.PatternOne(p.zone) })
			if inServer || pattern == leastkey.PatternOne(at.server) || pattern.Extent == leastkey.Under && pattern.Parent == at.server {
				return "a new zone in " + at.server.String()
			}
			whole = whole || pattern.Extent == leastkey.Under && pattern.Parent == at.account || pattern.Extent == leastkey.Every && slices.Contains(accounts, at.account)
		}
	}
	if !whole {
		return ""
	}
	return "a new zone in " + leastkey.PatternUnder("server", at.account).String()
}

// A token loses an operation on a resource exactly when the guard allows it under the one catalogue and refuses it
// under the other, and gains it the other way round.
func TestTokensAgreeWithTheGuard(t *testing.T) {
	differences := 0
	rapid.Check(t, func(rt *rapid.T) {
		catalogs := []*catalog.Catalog{drawCatalog(rt, "before"), drawCatalog(rt, "after")}
		changes := []leastkey.Change{
			{Principal: &leastkey.PrincipalRecord{Principal: alpha, Active: true}}, {Principal: &leastkey.PrincipalRecord{Principal: beta, Active: true}},
			{Principal: &leastkey.PrincipalRecord{Principal: ada, Email: "ada@example.com", Active: true}},
		}
		for _, at := range everyZone() {
			changes = append(changes,
				leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: at.server, Parent: at.account}},
				leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: at.zone, Parent: at.server}})
		}
		token := leastkey.Credential{ID: leastkeytest.ID("token"), Kind: leastkey.Token, Status: leastkey.Active}
		var accounts []leastkey.Resource
		if token.Principal = rapid.SampledFrom([]leastkey.Principal{alpha, ada}).Draw(rt, "owner"); token.Principal == alpha {
			accounts = append(accounts, alpha.Resource())
		} else {
			for _, account := range rapid.SampledFrom([][]leastkey.Principal{{}, {alpha}, {alpha, beta}}).Draw(rt, "member of") {
				accounts = append(accounts, account.Resource())
				changes = append(changes, leastkey.Change{Membership: &leastkey.Membership{User: ada.ID, Account: account.ID, Roles: []leastkey.ID{{15: 9}}}})
			}
		}
		for range rapid.IntRange(1, 3).Draw(rt, "policies") {
			token.Policies = append(token.Policies, drawPolicy(rt))
		}
		worlds := make([]*leastkeytest.World, 2)
		var secret leastkey.Secret
		for i, c := range catalogs {
			worlds[i] = leastkeytest.New(t, c)
			secret, _ = worlds[i].Mint(leastkey.UserTokenSecret)
			record := leastkey.Change{Credential: &leastkey.CredentialRecord{Credential: token, Secrets: []leastkey.LiveSecret{{Hash: secret.Hash()}}}}
			if i == 0 {
				changes = append(changes, record)
			}
			worlds[i].Apply(changes...)
		}
		got, err := reach.Tokens(catalogs[0], catalogs[1], worlds[0].Now(), func(yield func(leastkey.Change) error) error {
			for _, c := range changes {
				if err := yield(c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(got) > 1 {
			rt.Fatalf("%+v, %v", got, err)
		}
		if len(got) == 0 {
			got = []api.TokenChange{{}}
		}
		bearer := worlds[0].Token(alpha) // carries the secret of the token that is asked about
		bearer.Secret = secret
		for _, r := range routes {
			for _, at := range everyZone() {
				on, ancestors := at.zone, []leastkey.Resource{at.server, at.account}
				if r.kind == "server" {
					on, ancestors = at.server, ancestors[1:]
				}
				method, target, body := r.request(at.server.ID, at.zone.ID)
				var may [2]bool
				for i, w := range worlds {
					v := w.Check(bearer.Request(method, target, body))
					may[i] = v.Allowed()
					if may[i] && v.Operation.Target.Kind == catalog.RuleList {
						may[i] = v.Sees(on)
					}
				}
				said := label(token, accounts, on, ancestors...)
				if r.kind == "" {
					said = createLabel(token, accounts, at)
				}
				if may[0] != may[1] {
					differences++
				}
				if loses := has(got[0].Loses, r.route, said); loses != (may[0] && !may[1]) {
					rt.Fatalf("%s on %s: %v; loses %q: %v\n%+v", r.route, on, may, said, loses, got)
				}
				if gains := has(got[0].Gains, r.route, said); gains != (may[1] && !may[0]) {
					rt.Fatalf("%s on %s: %v; gains %q: %v\n%+v", r.route, on, may, said, gains, got)
				}
			}
		}
	})
	if differences == 0 {
		t.Error("the property saw no difference")
	}
}

func has(rights []api.TokenRight, route, on string) bool {
	return on != "" && slices.ContainsFunc(rights, func(r api.TokenRight) bool { return r.Operation == route && slices.Contains(r.On, on) })
}
