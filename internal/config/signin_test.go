package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/config"
)

func TestSignIn(t *testing.T) {
	const reached = sound + "url: https://tokens.example.com\n"
	c, problem := load(t, reached+`sign_in:
  oidc:
    issuer: https://login.example.com/realms/main
    client_id: leastkey
    client_secret: {env: KEY}
    name: Example ID
    scopes: [groups]
    create_users: true
    accounts:
      - {account: Main, roles: [Administrator, Billing], when: {claim: groups, is: dns-team}}
`)
	want := config.OIDC{
		Issuer: "https://login.example.com/realms/main", ClientID: "leastkey", Secret: "k", Name: "Example ID", Scopes: []string{"groups"}, CreateUsers: true,
		Rules: []config.Membership{{Account: "Main", Roles: []string{"Administrator", "Billing"}, Claim: "groups", Is: "dns-team"}},
	}
	if diff := cmp.Diff(c.OIDC, want, cmpopts.IgnoreFields(config.Membership{}, "Where")); problem != "" || diff != "" {
		t.Fatal(problem, diff)
	}
	if where := c.OIDC.Rules[0].Where; !regexp.MustCompile(`leastkey\.yaml:16$`).MatchString(where) {
		t.Errorf("the roles are at %s", where)
	}
	const least = "issuer: 'http://127.0.0.1:5556', client_id: a, client_secret: {env: KEY}"
	if c, problem := load(t, reached+"sign_in: {oidc: {"+least+"}}\n"); problem != "" || c.OIDC.Name != "127.0.0.1" || c.OIDC.CreateUsers || c.OIDC.Rules != nil {
		t.Error(problem, c.OIDC)
	}
	for text, want := range map[string]string{
		reached + "sign_in: {}\n":                    `leastkey.yaml:7: sign_in: say at which provider, with oidc: {issuer: ..., client_id: ..., client_secret: {env: ...}}`,
		sound + "sign_in: {oidc: {" + least + "}}\n": `leastkey.yaml:6: sign_in.oidc: the provider sends people back to this site: say at the top how they reach it, such as url: https://tokens.example.com`,
		reached + "sign_in: {oidc: {issuer: 'http://login.example.com', client_id: a, client_secret: {env: KEY}}}\n": `leastkey.yaml:7: sign_in.oidc.issuer: "http://login.example.com" needs https: whoever can answer in its place can sign in as anybody`,
		reached + "sign_in: {oidc: {issuer: login, client_id: a, client_secret: {env: KEY}}}\n":                      `leastkey.yaml:7: sign_in.oidc.issuer: "login" is not what a provider calls itself, such as https://login.example.com`,
		reached + "sign_in: {oidc: {issuer: 'https://a.example', client_secret: {env: KEY}}}\n":                      `leastkey.yaml:7: sign_in.oidc.client_id: say what the provider calls this client`,
		reached + "sign_in: {oidc: {issuer: 'https://a.example', client_id: a}}\n":                                   `leastkey.yaml:7: sign_in.oidc.client_secret: give exactly one of env and file`,
		reached + "sign_in: {oidc: {issuer: 'https://a.example', client_id: a, client_secret: k}}\n":                 `leastkey.yaml:7: sign_in.oidc.client_secret: want keys and values, such as env: ...`,
		reached + "sign_in: {oidc: {" + least + ", create_users: yes}}\n":                                            `leastkey.yaml:7: sign_in.oidc.create_users: "yes" is neither true nor false`,
		reached + "sign_in: {oidc: {" + least + ", scopes: ['a b']}}\n":                                              `leastkey.yaml:7: sign_in.oidc.scopes: "a b" is not a scope, such as groups`,
		reached + "sign_in: {oidc: {" + least + ", accounts: [{account: a, roles: [b]}]}}\n":                         `leastkey.yaml:7: sign_in.oidc.accounts[0].when: say of whom it holds, such as {claim: groups, is: dns-team}`,
		reached + "sign_in: {oidc: {" + least + ", accounts: [{roles: [b], when: {claim: a, is: b}}]}}\n":            `leastkey.yaml:7: sign_in.oidc.accounts[0].account: write the name or the id of an account`,
		reached + "sign_in: {oidc: {" + least + ", accounts: [{account: a, when: {claim: a, is: b}}]}}\n":            "leastkey.yaml:7: sign_in.oidc.accounts[0].roles: name at least one role, such as [Administrator]; `leastkey role list` has them",
		reached + "sign_in: {oidc: {" + least + ", accounts: [{user: a}]}}\n":                                        `leastkey.yaml:7: unknown key user; the keys here are account, roles, when`,
	} {
		if _, got := load(t, text); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// TestDocumentedSignIn: the example in docs/oidc.md is a configuration.
func TestDocumentedSignIn(t *testing.T) {
	document, err := os.ReadFile("../../docs/oidc.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)<!-- yaml: leastkey.yaml -->\n```yaml\n(.*?)```").FindSubmatch(document)
	if example == nil {
		t.Fatal("docs/oidc.md has no example")
	}
	file := filepath.Join(t.TempDir(), "leastkey.yaml")
	if err := os.WriteFile(file, example[1], 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, func(name string) string { return map[string]string{"API_KEY": "k", "OIDC_CLIENT_SECRET": "s"}[name] })
	if err != nil || c.OIDC.Secret != "s" || !c.OIDC.CreateUsers || len(c.OIDC.Rules) != 2 || c.OIDC.Rules[1].Is != "helpers" {
		t.Error(err, c.OIDC.Rules)
	}
	roles, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range c.OIDC.Rules {
		for _, name := range rule.Roles {
			if _, known := roles.RoleNamed(name); !known {
				t.Errorf("the example gives the role %q, which there is not", name)
			}
		}
	}
}
