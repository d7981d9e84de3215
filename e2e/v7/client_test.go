// Package v7 drives the demo with cloudflare-go v7.9.0, unmodified: the generated client, which pages until empty,
// retries by itself and reads its credentials from the environment. It compiles for minutes, so it has a package alone.
package v7

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cloudflare/cloudflare-go/v7"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// clean keeps the credentials of whoever runs the tests out of the client, which takes all it finds.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_USER_SERVICE_KEY",
		"CLOUDFLARE_BASE_URL", "CLOUDFLARE_CUSTOM_HEADERS",
	} {
		t.Setenv(name, "") // restores the old value when the test ends
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

func withKey(t *testing.T, d *harness.Demo) *cloudflare.Client {
	t.Helper()
	clean(t)
	return cloudflare.NewClient(option.WithBaseURL(d.API), option.WithHTTPClient(d.Client()),
		option.WithAPIKey(d.Owner().GlobalAPIKey), option.WithAPIEmail(d.Owner().Email))
}

func withToken(t *testing.T, d *harness.Demo, secret string) *cloudflare.Client {
	t.Helper()
	clean(t)
	return cloudflare.NewClient(option.WithBaseURL(d.API), option.WithHTTPClient(d.Client()), option.WithAPIToken(secret))
}

// allow is a policy in this client's words.
func allow(group string, resources shared.TokenPolicyResourcesUnionParam) shared.TokenPolicyParam {
	return shared.TokenPolicyParam{
		Effect:           cloudflare.F(shared.TokenPolicyEffectAllow),
		PermissionGroups: cloudflare.F([]shared.TokenPolicyPermissionGroupParam{{ID: cloudflare.F(group)}}),
		Resources:        cloudflare.F(resources),
	}
}

// flat is `{"<zone>": "*"}`.
func flat(zone string) shared.TokenPolicyResourcesUnionParam {
	return shared.TokenPolicyResourcesIAMResourcesTypeObjectStringParam{harness.ZoneScope + "." + zone: "*"}
}

// nested is `{"<account>": {"<every zone>": "*"}}`.
func nested(account string) shared.TokenPolicyResourcesUnionParam {
	return shared.TokenPolicyResourcesIAMResourcesTypeObjectNestedParam{
		harness.AccountScope + "." + account: {harness.ZoneScope + ".*": "*"},
	}
}

// wantRefused fails the test unless the error has this status and first code and mentions these words.
func wantRefused(t *testing.T, what string, err error, status int, code int64, mention ...string) {
	t.Helper()
	var refused *cloudflare.Error
	if !errors.As(err, &refused) || len(refused.Errors) == 0 {
		t.Errorf("%s: %v; want %d with code %d", what, err, status, code)
		return
	}
	if refused.StatusCode != status || refused.Errors[0].Code != code {
		t.Errorf("%s: %d with code %d, want %d with %d", what, refused.StatusCode, refused.Errors[0].Code, status, code)
	}
	for _, word := range mention {
		if !strings.Contains(refused.Errors[0].Message, word) {
			t.Errorf("%s: refused with %q, which does not mention %q", what, refused.Errors[0].Message, word)
		}
	}
}

// wantDenied is the refusal of a product route.
func wantDenied(t *testing.T, what string, err error, mention ...string) {
	t.Helper()
	wantRefused(t, what, err, 403, 10000, append(mention, "Authentication error")...)
}
