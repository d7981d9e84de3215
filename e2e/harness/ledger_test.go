package harness

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	planted = "lkut_0123456789abcdefghijABCDEFGHIJ012345deadbeef"
	seed    = "0123456789abcdef0123456789abcdef01234"
)

// A search that cannot find anything would make every end-to-end test pass: each place is tried with a planted secret.
func TestLedgerFindsWhatIsThere(t *testing.T) {
	cases := []struct {
		name  string
		place func(t *testing.T, l *Ledger, secret string)
	}{
		{"file in a folder", func(t *testing.T, l *Ledger, secret string) {
			root := t.TempDir()
			if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "a", "b", "wal"), []byte("\x00\x01"+secret+"\xff"), 0o600); err != nil {
				t.Fatal(err)
			}
			l.searchTree(t, root)
		}},
		{"log", func(t *testing.T, l *Ledger, secret string) {
			l.searchLog(t, "log", []byte("level=INFO token="+secret))
		}},
		{"error body", func(_ *testing.T, l *Ledger, secret string) {
			l.Observe("GET", "/zones", http.StatusForbidden, nil, []byte(`{"errors":[{"message":"`+secret+`"}]}`))
		}},
		{"header", func(_ *testing.T, l *Ledger, secret string) {
			l.Observe("GET", "/zones", http.StatusForbidden, http.Header{"Www-Authenticate": {secret}}, nil)
		}},
		{"second showing", func(_ *testing.T, l *Ledger, secret string) {
			l.Observe("GET", "/user/tokens/x", http.StatusOK, nil, []byte(`{"result":{"value":"`+secret+`"}}`))
		}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			for _, shown := range []string{planted, planted[5:], planted[:45], seed} {
				ledger := NewLedger()
				ledger.Add(planted)
				ledger.AddSeed(seed)
				test.place(t, ledger, shown)
				if len(ledger.findings) != 1 {
					t.Errorf("a planted secret of %d bytes: findings %q, want one", len(shown), ledger.findings)
				}
				for _, finding := range ledger.findings {
					if strings.Contains(finding, needle(shown)) {
						t.Errorf("the finding repeats the secret: %s", finding)
					}
				}
			}
			clean := NewLedger()
			clean.Add(planted)
			test.place(t, clean, "nothing of interest")
			if len(clean.findings) != 0 {
				t.Errorf("findings without a secret: %q", clean.findings)
			}
		})
	}
}

// The greeting may tell the seeds to whoever started the demo; a token is never the demo's to tell.
func TestGreetingMayShowSeedsOnly(t *testing.T) {
	ledger := NewLedger()
	ledger.Add(planted)
	ledger.AddSeed(seed)
	ledger.searchGreeting(t, []byte("your key is "+seed))
	if len(ledger.findings) != 0 {
		t.Errorf("a seed in the greeting: %q", ledger.findings)
	}
	ledger.searchGreeting(t, []byte("your token is "+planted))
	if len(ledger.findings) != 1 {
		t.Errorf("a token in the greeting: findings %q, want one", ledger.findings)
	}
}

// Secrets are learned from the answers that hand them out, whichever client asked.
func TestLedgerLearnsFromCreateAndRoll(t *testing.T) {
	for name, body := range map[string]string{
		"create": `{"result":{"id":"1","value":"` + planted + `"},"success":true}`,
		"roll":   `{"result":"` + planted + `","success":true}`,
	} {
		ledger := NewLedger()
		ledger.Observe("POST", "/client/v4/user/tokens", http.StatusOK, nil, []byte(body))
		if ledger.Secrets() != 1 || len(ledger.findings) != 0 {
			t.Errorf("%s: knows %d secrets with findings %q, want 1 and none", name, ledger.Secrets(), ledger.findings)
		}
	}
}

// A client that retries would hide a failure of the server; the ledger does not.
func TestLedgerReportsServerFailures(t *testing.T) {
	ledger := NewLedger()
	ledger.Observe("GET", "/zones", http.StatusBadGateway, nil, []byte("{}"))
	if len(ledger.findings) != 1 {
		t.Errorf("a 502: findings %q, want one", ledger.findings)
	}
}
