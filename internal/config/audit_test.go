package config_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/audit"
)

func TestAudit(t *testing.T) {
	key, err := audit.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problem := load(t, sound+"audit: {keep_days: 400, key: {file: "+file+"}}\n")
	if problem != "" || c.AuditKeep != 400*24*time.Hour || c.AuditKey != key {
		t.Error(problem, c.AuditKeep)
	}
	if c, problem := load(t, sound); problem != "" || c.AuditKeep != 0 || c.AuditKey != "" {
		t.Error(problem, c.AuditKeep)
	}
	for text, want := range map[string]string{
		"audit: {keep_days: 0}\n":   `leastkey.yaml:6: audit.keep_days: "0" is not a number of days from 1 to 36500; leave it out to keep all`,
		"audit: {keep_days: 1y}\n":  `leastkey.yaml:6: audit.keep_days: "1y" is not a number of days from 1 to 36500; leave it out to keep all`,
		"audit: {key: {}}\n":        `leastkey.yaml:6: audit.key: give exactly one of env and file`,
		"audit: {retention: 400}\n": `leastkey.yaml:6: unknown key retention; the keys here are keep_days, key`,
	} {
		if _, got := load(t, sound+text); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
