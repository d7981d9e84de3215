// Package v0 drives the demo with cloudflare-go v0.119.0, unmodified: the client of most DNS tools in use.
package v0

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cloudflare/cloudflare-go"
	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// options point the client at the demo. Its own limit of four requests a second would only slow the tests down.
func options(d *harness.Demo) []cloudflare.Option {
	return []cloudflare.Option{
		cloudflare.BaseURL(d.API), cloudflare.HTTPClient(d.Client()), cloudflare.UsingRateLimit(1000),
	}
}

func withKey(t *testing.T, d *harness.Demo) *cloudflare.API {
	t.Helper()
	owner := d.Owner()
	api, err := cloudflare.New(owner.GlobalAPIKey, owner.Email, options(d)...)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func withToken(t *testing.T, d *harness.Demo, secret string) *cloudflare.API {
	t.Helper()
	api, err := cloudflare.NewWithAPIToken(secret, options(d)...)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// group looks a permission group up the way callers of this client do: in the whole list.
func group(t *testing.T, api *cloudflare.API, name, scope string) cloudflare.APITokenPermissionGroups {
	t.Helper()
	groups, err := api.ListAPITokensPermissionGroups(t.Context())
	if err != nil {
		t.Fatalf("permission groups: %v", err)
	}
	if len(groups) != 311 {
		t.Errorf("%d permission groups in one answer, want 311", len(groups))
	}
	i := slices.IndexFunc(groups, func(g cloudflare.APITokenPermissionGroups) bool {
		return g.Name == name && slices.Equal(g.Scopes, []string{scope})
	})
	if i < 0 {
		t.Fatalf("no permission group %q for %s", name, scope)
	}
	return groups[i]
}

// wantDenied fails the test unless the client reports a 403 with the code of a denial and what is missing.
func wantDenied(t *testing.T, what string, err error, mention ...string) {
	t.Helper()
	var denied *cloudflare.AuthenticationError // this client's name for 403
	if !errors.As(err, &denied) {
		t.Errorf("%s: %v; want a denial", what, err)
		return
	}
	if !denied.InternalErrorCodeIs(10000) {
		t.Errorf("%s: denied with codes %v, want 10000", what, denied.ErrorCodes())
	}
	for _, word := range append(mention, "Authentication error") {
		if !strings.Contains(denied.Error(), word) {
			t.Errorf("%s: denied with %q, which does not mention %q", what, denied.Error(), word)
		}
	}
}

func wantInvalid(t *testing.T, what string, err error) {
	t.Helper()
	if _, ok := errors.AsType[*cloudflare.AuthorizationError](err); !ok { // this client's name for 401
		t.Errorf("%s: %v; want a refused credential", what, err)
	}
}
