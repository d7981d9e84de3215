package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/leastkey/leastkey/api"
)

// dryRunFlag is for commands that say beforehand what becomes of tokens.
type dryRunFlag struct {
	DryRun bool `help:"Say which tokens and keys it touches, and how, and do nothing."`
}

// sayEffects says which tokens and keys a change touches, and how, beside the output proper.
func sayEffects(a *app, touched []api.TokenLoss) error {
	if len(touched) == 0 {
		_, err := fmt.Fprintln(a.stderr, "No token or key loses or gains anything by it.")
		return err
	}
	for _, t := range touched {
		var how []string
		if len(t.Loses) > 0 {
			how = append(how, "loses "+strings.Join(t.Loses, "; "))
		}
		if len(t.Gains) > 0 {
			how = append(how, "gains "+strings.Join(t.Gains, "; "))
		}
		if _, err := fmt.Fprintln(a.stderr, oneLine(fmt.Sprintf("%s %q (%s) of %s %s.", t.Kind, t.Name, t.ID, cmp.Or(t.OwnerName, t.Owner), strings.Join(how, ", and ")))); err != nil {
			return err
		}
	}
	return nil
}

// foreseen says what a change would do, and whether that was all that was asked for.
func (d dryRunFlag) foreseen(a *app, will api.Consequences, err error) (done bool, _ error) {
	switch {
	case err != nil:
		return true, err
	case !d.DryRun:
		return false, sayEffects(a, will.Tokens)
	case a.json:
		return true, a.show(will, nil)
	default:
		return true, sayEffects(a, will.Tokens)
	}
}
