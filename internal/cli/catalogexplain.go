package cli

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

type catalogExplainCommand struct {
	catalogFlag
	Method string `arg:"" help:"The method, such as GET."`
	Path   string `arg:"" help:"The path of the request, or its whole URL."`
}

// located is what a catalogue makes of a request.
type located struct {
	Operation string       `json:"operation"` // as the catalogue spells it, below its base
	Control   bool         `json:"control"`   // answered by Leastkey itself
	AnyOf     []namedGroup `json:"any_of"`    // none: any usable credential will do
	Target    string       `json:"target"`
	Needs     []string     `json:"needs"` // abilities that not every way to the API has
}

// Run implements the command.
func (cmd *catalogExplainCommand) Run(a *app) error {
	cat, err := cmd.catalog(a)
	if err != nil {
		return err
	}
	at, err := url.Parse(cmd.Path)
	if err != nil {
		return fmt.Errorf("%q is neither a path nor a URL", cmd.Path)
	}
	// The bytes as typed, which a guard looks at, not what they stand for.
	target := cmd.Path
	if at.Host != "" {
		_, rest, _ := strings.Cut(cmd.Path, "//")
		if _, path, slash := strings.Cut(rest, "/"); slash {
			target = "/" + path
		} else {
			target = "/"
		}
	}
	op, err := a.matched(cat, cmd.Method, at.Host, target)
	if err != nil {
		return err
	}
	found := located{Operation: op.String(), Control: op.Control, AnyOf: []namedGroup{}, Target: op.Target.String(), Needs: needed(op)}
	for _, p := range op.AnyOf {
		if g, ok := cat.Group(p.Group); ok {
			found.AnyOf = append(found.AnyOf, shownGroup(g))
		}
	}
	return a.show(found, found.print)
}

// matched asks a guard that knows the catalogue and nobody, so that what it refuses for its form is
// refused here in the same words.
func (a *app) matched(cat *catalog.Catalog, method, host, target string) (*catalog.Operation, error) {
	state := guard.NewState(cat)
	if err := state.Load(1, func(func(leastkey.Change) error) error { return nil }); err != nil {
		return nil, err
	}
	g, err := guard.New(guard.Config{State: state, Brand: leastkey.DefaultBrand, Now: a.now})
	if err != nil {
		return nil, err
	}
	outcome := g.Try(guard.Trial{Method: method, Host: host, Target: target})
	switch {
	case outcome.Operation != nil:
		return outcome.Operation, nil
	case outcome.Denial != nil && outcome.Denial.Status == 400:
		return nil, fmt.Errorf("every node refuses this request: %s", outcome.Denial.Errors[0].Message)
	default:
		return nil, &hinted{fmt.Errorf("no operation matches %s %s, so it is refused", method, target), other(cat, method, target)}
	}
}

// other says what may have been meant.
func other(cat *catalog.Catalog, method, target string) string {
	path, _, _ := strings.Cut(target, "?")
	if cat.HasPath(strings.TrimSuffix(path, "/")) {
		return "the path matches with another method than " + method
	}
	return "paths are matched whole, with the catalogue's base in front, and methods in upper case"
}

func needed(op *catalog.Operation) []string {
	names := []string{}
	for _, one := range []struct {
		ability guard.Ability
		name    string
	}{{guard.Bodies, "bodies"}, {guard.Lists, "lists"}, {guard.Effects, "effects"}} {
		if guard.Needs(op)&one.ability != 0 {
			names = append(names, one.name)
		}
	}
	return names
}

func (l located) print(w io.Writer) error {
	rows := [][]string{{"operation", l.Operation}, {"acts on", l.Target}}
	if l.Control {
		rows = append(rows, []string{"answered by", "Leastkey itself"})
	}
	if len(l.AnyOf) == 0 {
		rows = append(rows, []string{"needs", "any usable credential, no permission"})
	}
	for i, g := range l.AnyOf {
		label := "or"
		if i == 0 {
			label = "needs"
		}
		rows = append(rows, []string{label, fmt.Sprintf("%s (%s) %s", g.Name, g.Type, g.ID)})
	}
	if len(l.Needs) > 0 {
		rows = append(rows, []string{"only where", "the node handles " + strings.Join(l.Needs, ", ") + ": the gateway does, forward-auth does not"})
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(w, "%-12s %s\n", row[0], printable(row[1])); err != nil {
			return err
		}
	}
	return nil
}
