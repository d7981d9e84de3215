package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/reach"
)

type catalogDiffCommand struct {
	dataFlag
	Files []string `arg:"" name:"file" help:"OLD and NEW, two files; or NEW alone, which is compared with the catalogue of the running server, together with what each token would lose and gain. Nothing is changed."`
}

// Run implements the command.
func (cmd *catalogDiffCommand) Run(ctx context.Context, a *app) error {
	if len(cmd.Files) > 2 {
		return fmt.Errorf("%d catalogues: want OLD and NEW, or NEW alone", len(cmd.Files))
	}
	var loaded []*catalog.Catalog
	var text []byte
	for _, file := range cmd.Files {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return err
		}
		c, err := catalog.Load(file, text)
		if err != nil {
			return err
		}
		loaded = append(loaded, c)
	}
	if len(loaded) == 2 {
		if cmd.Data != "" {
			return errors.New("--data is for NEW alone: the server compares with the catalogue that it has")
		}
		diff := api.CatalogDiff{Changes: reach.Catalogues(loaded[0], loaded[1])}
		return a.show(diff, func(w io.Writer) error { return printDiff(w, diff) })
	}
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	diff, err := o.CatalogDiff(ctx, text)
	if err != nil {
		return err
	}
	return a.show(diff, func(w io.Writer) error { return printDiff(w, diff) })
}

func printDiff(w io.Writer, diff api.CatalogDiff) error {
	var b strings.Builder
	if len(diff.Changes) == 0 {
		b.WriteString("The catalogues do not differ.\n")
	}
	kind := ""
	for _, c := range diff.Changes {
		if c.Kind != kind {
			kind = c.Kind
			fmt.Fprintf(&b, "%ss:\n", kind)
		}
		fmt.Fprintf(&b, "  %-8s %s\n", c.Change, oneLine(c.Name))
		for _, d := range c.What {
			was, is := fewer(d.Was), fewer(d.Is)
			switch {
			case c.Change == "added":
				fmt.Fprintf(&b, "             %s: %s\n", d.What, is)
			case c.Change == "removed":
				fmt.Fprintf(&b, "             %s: %s\n", d.What, was)
			case d.What == "permissions":
				if was != "" {
					fmt.Fprintf(&b, "             without: %s\n", was)
				}
				if is != "" {
					fmt.Fprintf(&b, "             with: %s\n", is)
				}
			default:
				fmt.Fprintf(&b, "             %s: %s -> %s\n", d.What, orNone(was), orNone(is))
			}
		}
	}
	if diff.Tokens != nil {
		printTokens(&b, diff.Tokens)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printTokens(b *strings.Builder, tokens []api.TokenChange) {
	losing, gaining := 0, 0
	for _, t := range tokens {
		if len(t.Loses) > 0 {
			losing++
		}
		if len(t.Gains) > 0 {
			gaining++
		}
	}
	fmt.Fprintf(b, "\nTokens that lose something: %d; that gain something: %d.\n", losing, gaining)
	for _, t := range tokens {
		fmt.Fprintf(b, "%q (%s) of %s\n", t.Name, t.ID, oneLine(orElse(t.OwnerName, t.Owner)))
		for _, r := range t.Loses {
			fmt.Fprintf(b, "  loses  %s: %s\n", oneLine(r.Operation), fewer(strings.Join(r.On, ", ")))
		}
		for _, r := range t.Gains {
			fmt.Fprintf(b, "  gains  %s: %s\n", oneLine(r.Operation), fewer(strings.Join(r.On, ", ")))
		}
	}
}

// fewer shows some of a long list, and how many there are beside; --json has them all.
func fewer(list string) string {
	const most = 8
	items := strings.Split(oneLine(list), ", ")
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most-1], ", "), len(items)-most+1)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
