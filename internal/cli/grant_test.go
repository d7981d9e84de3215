package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey"
)

func TestParseGrant(t *testing.T) {
	exactly := cmp.AllowUnexported(grant{}, place{})
	example := place{kind: "account", name: "Hands on, of course: Ltd"}
	for text, want := range map[string]grant{
		"DNS Write on zone:staging.example":                                       {leastkey.Allow, "DNS Write", place{kind: "zone", name: "staging.example"}},
		"DNS Write on every zone":                                                 {leastkey.Allow, "DNS Write", place{kind: "zone", every: true}},
		"DNS Write on every zone of account:Hands on, of course: Ltd":             {leastkey.Allow, "DNS Write", place{kind: "zone", every: true, parent: &example}},
		"Logs Read on account:Hands on, of course: Ltd":                           {leastkey.Allow, "Logs Read", example},
		"Access: Organizations, Identity Providers, and Groups Read on account:x": {leastkey.Allow, "Access: Organizations, Identity Providers, and Groups Read", place{kind: "account", name: "x"}},
		"API Tokens Read on user":                                                 {leastkey.Allow, "API Tokens Read", place{kind: "user"}},
	} {
		got, err := parseGrant(leastkey.Allow, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, exactly); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"", "DNS Write", " on zone:x", "DNS Write on ", "DNS Write on zone", "DNS Write on zone:", "DNS Write on zone:*",
		"DNS Write on every", "DNS Write on every zone of every account", "DNS Write on every zone of account", "DNS Write on :x", "DNS Write on every zone:x"} {
		if got, err := parseGrant(leastkey.Deny, text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}
