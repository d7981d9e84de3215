package vectors

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/leastkeytest"
)

// Principal is the user or account with the name.
func (r Rows) Principal(name string) (leastkey.Principal, bool) {
	if _, ok := r.Accounts[name]; ok {
		return leastkey.AccountOf(leastkeytest.ID(name)), true
	}
	if user, ok := r.Users[name]; ok {
		return leastkey.UserOf(leastkeytest.ID(user.Email)), true
	}
	return leastkey.Principal{}, false
}

// Named is the account, user or resource with the name.
func (r Rows) Named(name string) (leastkey.Resource, bool) {
	if p, ok := r.Principal(name); ok {
		return p.Resource(), true
	}
	row, ok := r.Resources[name]
	if !ok {
		return leastkey.Resource{}, false
	}
	if row.ID == "" {
		row.ID = leastkeytest.ID(name).String()
	}
	return leastkey.Resource{Type: row.Type, ID: row.ID}, true
}

// Patterns reads "zone NAME", "every zone" and "every zone of NAME".
func (r Rows) Patterns(texts []string) ([]leastkey.Pattern, error) {
	patterns := make([]leastkey.Pattern, len(texts))
	for i, text := range texts {
		words := strings.Fields(text)
		last, known := r.Named(words[len(words)-1])
		switch {
		case len(words) == 2 && words[0] == "every":
			patterns[i] = leastkey.PatternEvery(leastkey.ResourceType(words[1]))
		case len(words) == 4 && words[0] == "every" && words[2] == "of" && known:
			patterns[i] = leastkey.PatternUnder(leastkey.ResourceType(words[1]), last)
		case len(words) == 2 && known && words[0] == string(last.Type):
			patterns[i] = leastkey.PatternOne(last)
		default:
			return nil, fmt.Errorf("no such pattern as %q", text)
		}
	}
	return patterns, nil
}

// values are the placeholders and what stands for each, in turn.
func (w *World) values() []string {
	var pairs []string
	for _, names := range [][]string{
		slices.Sorted(maps.Keys(w.Rows.Accounts)), slices.Sorted(maps.Keys(w.Rows.Users)), slices.Sorted(maps.Keys(w.Rows.Resources)),
	} {
		for _, name := range names {
			r, _ := w.Rows.Named(name)
			pairs = append(pairs, "{"+name+"}", r.ID)
		}
	}
	for name, secret := range w.secrets {
		pairs = append(pairs, "{secret."+name+"}", secret.Reveal())
	}
	return pairs
}

// Fill puts ids and secrets in the place of {NAME} and {secret.NAME}.
func (w *World) Fill(text string) string { return w.fill.Replace(text) }

// Secret is the secret with the name; zero when there is none.
func (w *World) Secret(name string) leastkey.Secret { return w.secrets[name] }
