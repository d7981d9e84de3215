package config_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLeaks(t *testing.T) {
	dir := t.TempDir()
	keys, broken := filepath.Join(dir, "keys.json"), filepath.Join(dir, "broken.json")
	for file, text := range map[string]string{
		keys: `{"public_keys": [{"key_identifier": "a", "key": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP\n` +
			`HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==\n-----END PUBLIC KEY-----"}]}`,
		broken: `{"public_keys": []}`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, problem := load(t, sound+"leaks: {keys: "+keys+", only_warn: true}\n")
	if problem != "" || len(c.LeakKeys) != 1 || !c.LeakWarnOnly {
		t.Error(problem, c.LeakKeys, c.LeakWarnOnly)
	}
	if c, problem := load(t, sound); problem != "" || c.LeakKeys != nil || c.LeakWarnOnly {
		t.Error(problem, c.LeakKeys)
	}
	for text, want := range map[string]string{
		"leaks: {only_warn: true}\n":                    `leastkey.yaml:6: leaks.keys: name the file with the public keys of who may report leaked secrets; docs/leaks.md says where to get it`,
		"leaks: {keys: " + broken + "}\n":               `leastkey.yaml:6: leaks.keys: ` + broken + `: there is no key under public_keys`,
		"leaks: {keys: " + keys + ", only_warn: yes}\n": `leastkey.yaml:6: leaks.only_warn: "yes" is neither true nor false`,
	} {
		if _, got := load(t, sound+text); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
