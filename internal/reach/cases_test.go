package reach_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/reach"
	"github.com/leastkey/leastkey/leastkeytest"
)

// instant is when it is asked.
var instant = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

const codeHead = `namespace: com.example.code
resources:
  repo: {}
  issue: {parent: repo}
permission_groups:
  - {id: 00000000000000000000000000000001, name: Repo Read, resource: repo}
  - {id: 00000000000000000000000000000002, name: Repo Write, resource: repo}
  - {id: 00000000000000000000000000000003, name: Issue Write, resource: issue}
operations:
`

func codeCatalog(t *testing.T, rows ...string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load("code.yaml", []byte(codeHead+"  - "+strings.Join(rows, "\n  - ")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each change of a row, and what it means for a token that may all on one repo, and all issues of another.
func TestTokensByCase(t *testing.T) {
	acme, bob := leastkey.AccountOf(leastkeytest.ID("acme")), leastkey.UserOf(leastkeytest.ID("bob"))
	hello := leastkey.Resource{Type: "repo", ID: "octo/hello"}
	world := leastkey.Resource{Type: "repo", ID: "octo/world"}
	token := leastkey.Credential{
		ID: leastkeytest.ID("token"), Kind: leastkey.Token, Status: leastkey.Disabled, Principal: acme,
		Policies: []leastkey.Policy{
			{Effect: leastkey.Allow, Groups: []leastkey.ID{{15: 1}, {15: 2}}, Patterns: []leastkey.Pattern{leastkey.PatternOne(hello)}},
			{Effect: leastkey.Allow, Groups: []leastkey.ID{{15: 3}}, Patterns: []leastkey.Pattern{leastkey.PatternUnder("issue", world)}},
		},
	}
	key := token
	key.ID, key.Kind, key.Principal = leastkeytest.ID("key"), leastkey.GlobalAPIKey, bob
	changes := []leastkey.Change{
		{Principal: &leastkey.PrincipalRecord{Principal: acme, Active: true}},
		{Principal: &leastkey.PrincipalRecord{Principal: bob, Email: "bob@example.com", Active: true}},
		{Resource: &leastkey.ResourceRecord{Resource: hello, Parent: acme.Resource()}},
		{Resource: &leastkey.ResourceRecord{Resource: world, Parent: acme.Resource()}},
	}
	for i, c := range []leastkey.Credential{token, key} {
		changes = append(changes, leastkey.Change{Credential: &leastkey.CredentialRecord{Credential: c, Secrets: []leastkey.LiveSecret{{Hash: leastkey.SecretHash{0: byte(i + 1)}}}}})
	}
	const (
		show    = `{route: "GET /repos/{o}/{r}", any_of: [Repo Read], target: {repo: path.o/path.r}}`
		issue   = `{route: "PUT /repos/{o}/{r}/issues/{n}", any_of: [Issue Write], target: {issue: path.n}}`
		checked = `{route: "PUT /repos/{owner}/{name}/issues/{n}", any_of: [Issue Write], target: {issue: path.n, in: {repo: path.owner/path.name}}}`
		open    = `{route: "POST /repos/{o}/{r}/issues", any_of: [Issue Write], target: {create: issue, under: {repo: path.o/path.r}}}`
		me      = `{route: GET /me, access: token, target: self}`
		nobody  = `{route: GET /repos/octo/hello, access: nobody}`
	)
	every := "every issue of repo octo/world"
	for _, test := range []struct {
		name          string
		before, after []string
		want          string
	}{
		{"nothing", []string{show, issue, me}, []string{show, issue, me}, ""},
		{"a row that goes", []string{show, issue}, []string{issue}, "loses GET /repos/{o}/{r}: repo octo/hello"},
		{"a row that comes", []string{show}, []string{show, issue}, "gains PUT /repos/{o}/{r}/issues/{n}: " + every},
		{"a parent that is checked from now on", []string{issue}, []string{checked}, ""},
		{"a new issue", []string{show}, []string{show, open}, "gains POST /repos/{o}/{r}/issues: a new issue in repo octo/world"},
		{"another group", []string{show}, []string{strings.Replace(show, "Repo Read", "Repo Write", 1)}, ""},
		{"what no permission is needed for", []string{show, me}, []string{show}, "loses GET /me: the token itself"},
		{"a row for nobody", []string{show}, []string{show, nobody}, "loses GET /repos/{o}/{r}: repo octo/hello"},
		{"a wider row that takes over", []string{show}, []string{`{route: "GET /{kind}/{o}/{r}", any_of: [Repo Read], target: {repo: path.o/path.r}}`},
			"gains GET /{kind}/{o}/{r}: repo octo/hello"}, // with any word in front; GET /repos is as it was
		{"another host", []string{show}, []string{strings.Replace(show, "GET /", "GET code.example.com/", 1)}, "loses GET /repos/{o}/{r}: repo octo/hello"},
	} {
		got, err := reach.Tokens(codeCatalog(t, test.before...), codeCatalog(t, test.after...), instant, func(yield func(leastkey.Change) error) error {
			for _, c := range changes {
				if err := yield(c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, said(got)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

func said(changes []api.TokenChange) string {
	var lines []string
	for _, c := range changes {
		for _, r := range c.Loses {
			lines = append(lines, fmt.Sprintf("loses %s: %s", r.Operation, strings.Join(r.On, ", ")))
		}
		for _, r := range c.Gains {
			lines = append(lines, fmt.Sprintf("gains %s: %s", r.Operation, strings.Join(r.On, ", ")))
		}
	}
	return strings.Join(lines, "\n")
}

func BenchmarkTokens(b *testing.B) {
	before, err := catalog.Default()
	if err != nil {
		b.Fatal(err)
	}
	acme := leastkey.AccountOf(leastkeytest.ID("acme"))
	changes := []leastkey.Change{{Principal: &leastkey.PrincipalRecord{Principal: acme, Active: true}}}
	var groups []leastkey.ID
	for _, g := range before.Groups() {
		if g.Type == "zone" {
			groups = append(groups, g.ID)
		}
	}
	for i := range 500 {
		zone := leastkey.Resource{Type: "zone", ID: leastkeytest.ID(fmt.Sprint("zone ", i)).String()}
		changes = append(changes,
			leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: zone, Parent: acme.Resource()}},
			leastkey.Change{Credential: &leastkey.CredentialRecord{
				Credential: leastkey.Credential{ID: leastkeytest.ID(fmt.Sprint("token ", i)), Kind: leastkey.Token, Principal: acme, Policies: []leastkey.Policy{
					{Effect: leastkey.Allow, Groups: groups, Patterns: []leastkey.Pattern{leastkey.PatternOne(zone), leastkey.PatternEvery("zone")}},
				}},
				Secrets: []leastkey.LiveSecret{{Hash: leastkey.SecretHash{0: byte(i), 1: byte(i >> 8), 2: 1}}},
			}})
	}
	for b.Loop() {
		if _, err := reach.Tokens(before, before, instant, func(yield func(leastkey.Change) error) error {
			for _, c := range changes {
				if err := yield(c); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}
