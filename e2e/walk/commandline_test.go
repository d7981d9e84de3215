package walk

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// templateToken makes a token from the template "Edit zone DNS" on staging.example, on the command line. Its maker is
// a token itself, which may make tokens and may do no more than that template.
func templateToken(t *testing.T, d *harness.Demo) harness.Token {
	t.Helper()
	maker := owner(d).Mint(t, "maker",
		owner(d).Allow(t, harness.OneUser(d.Owner().ID), harness.UserScope, "API Tokens Write"),
		owner(d).Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write"))
	out := d.CommandLine(t, maker.Value,
		"token", "create", "--name", "walk", "--template", "Edit zone DNS", "--zone", d.Staging().Name, "--yes", "--json")
	d.Ledger.Observe(http.MethodPost, "/user/tokens", http.StatusOK, nil, []byte(`{"result":`+out+`}`))
	var token harness.Token
	if err := json.Unmarshal([]byte(out), &token); err != nil {
		t.Fatalf("token create --json: %v", err)
	}
	if len(token.ID) != 32 || token.Value == "" {
		t.Fatalf("token create --json: an id of %d and a value of %d bytes", len(token.ID), len(token.Value))
	}
	return token
}

// What the command line makes is what the API describes; what it lists never shows the secret again.
func TestCommandLineManagesTokens(t *testing.T) {
	d := harness.Start(t)
	made := templateToken(t, d)
	var described harness.Token
	owner(d).Call(t, http.MethodGet, "/user/tokens/"+made.ID, nil).Want(t, http.StatusOK).Into(t, &described)
	if len(described.Policies) != 1 || len(described.Policies[0].PermissionGroups) != 1 ||
		described.Policies[0].PermissionGroups[0].Name != "DNS Write" ||
		described.Policies[0].Resources[harness.ZoneScope+"."+d.Staging().ID] != "*" {
		t.Errorf("the template made %+v", described.Policies)
	}
	if out := d.CommandLine(t, made.Value, "token", "verify", "--json"); !strings.Contains(out, "active") {
		t.Errorf("token verify: %s", out)
	}

	keeper := owner(d).Mint(t, "keeper",
		owner(d).Allow(t, harness.OneUser(d.Owner().ID), harness.UserScope, "API Tokens Write"),
		owner(d).Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write"))
	out := d.CommandLine(t, keeper.Value, "token", "list", "--json")
	if !strings.Contains(out, made.ID) || strings.Contains(out, made.Value) {
		t.Errorf("token list lacks the token or shows its secret")
	}
	d.CommandLine(t, keeper.Value, "token", "delete", made.ID, "--yes")
	d.As(harness.Bearer(made.Value)).Verify(t).Refused(t, harness.UnverifiedToken())
}
