package leak_test

import (
	"crypto/rand"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/leak"
)

// What the programme publishes for receivers to try themselves on.
const (
	published = `{"public_keys": [{"key_identifier": "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c", "is_current": true,
		"key": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\nHzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----"}]}`
	identifier = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c"
	signature  = "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY="
	body       = `[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]`
)

func TestPublishedReport(t *testing.T) {
	keys, err := leak.ParseKeys([]byte(published))
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Verify([]byte(body), identifier, signature); err != nil {
		t.Error(err)
	}
	for i := range len(body) {
		broken := []byte(body)
		broken[i] ^= 1
		if keys.Verify(broken, identifier, signature) == nil {
			t.Errorf("with another byte %d it is signed", i)
		}
	}
	for name, test := range map[string][3]string{
		"another key":    {body, "0" + identifier[1:], signature},
		"no key":         {body, "", signature},
		"no signature":   {body, identifier, ""},
		"no base64":      {body, identifier, "!" + signature[1:]},
		"another":        {body, identifier, "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJa="},
		"something more": {body + "\n", identifier, signature},
		"nothing":        {"", identifier, signature},
	} {
		if keys.Verify([]byte(test[0]), test[1], test[2]) == nil {
			t.Errorf("%s: it is signed", name)
		}
	}
	matches, err := leak.ParseReport([]byte(body))
	if err != nil || !slices.Equal(matches, []leak.Match{{Token: "some_token", Type: "some_type", URL: "some_url", Source: "some_source"}}) {
		t.Error(matches, err)
	}
}

func TestKeysAreChecked(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"public_keys": []}`, `{"public_keys": [{"key_identifier": "a", "key": "b"}]}`, strings.Replace(published, identifier, "", 1), strings.Replace(published, "MFkw", "MFkx", 1)} {
		if keys, err := leak.ParseKeys([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, keys)
		}
	}
}

func TestRulesFindTokens(t *testing.T) {
	for _, brand := range []leastkey.Brand{leastkey.DefaultBrand, "abc"} {
		var config struct {
			Detectors []struct {
				Keywords []string
				Regex    map[string]string
			}
		}
		if err := yaml.Unmarshal([]byte(leak.Trufflehog(brand)), &config); err != nil || len(config.Detectors) != 1 {
			t.Fatal(config, err)
		}
		pattern := regexp.MustCompile(config.Detectors[0].Regex["token"])
		if !strings.Contains(leak.Gitleaks(brand), "'''"+pattern.String()+"'''") {
			t.Errorf("gitleaks is told another pattern: %s", leak.Gitleaks(brand))
		}
		for _, kind := range []leastkey.SecretKind{leastkey.UserTokenSecret, leastkey.AccountTokenSecret} {
			secret, err := brand.Mint(kind, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			text := "TOKEN=\"" + secret.Reveal() + "\"\n"
			if found := pattern.FindStringSubmatch(text); len(found) != 2 || found[1] != secret.Reveal() {
				t.Errorf("in %s is found %q", text, found)
			}
			if !slices.ContainsFunc(config.Detectors[0].Keywords, func(k string) bool { return strings.Contains(text, k) }) {
				t.Errorf("no keyword of %v is in %s", config.Detectors[0].Keywords, text)
			}
		}
		if found := pattern.FindString(string(brand) + "ut_" + strings.Repeat("x", 30)); found != "" {
			t.Errorf("found %s", found)
		}
	}
}

func TestLabels(t *testing.T) {
	text, err := json.Marshal([]leak.Label{leak.LabelOf(leak.Match{Token: "abc", Type: "t"}, true), leak.LabelOf(leak.Match{}, false)})
	const want = `[{"token_hash":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=","token_type":"t","label":"true_positive"},` +
		`{"token_hash":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","token_type":"","label":"false_positive"}]`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}
