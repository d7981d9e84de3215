package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// printable keeps control characters out of the terminal: names are whatever their owner typed.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// oneLine is printable, for a cell of a table.
func oneLine(s string) string { return strings.ReplaceAll(printable(s), "\n", "?") }

// show prints v as JSON with --json, and otherwise as forPeople writes it.
func (a *app) show(v any, forPeople func(io.Writer) error) error {
	if a.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	return forPeople(a.stdout)
}

// table prints rows under headings.
func table(headings []string, rows [][]string) func(io.Writer) error {
	return func(w io.Writer) error {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{headings}, rows...) {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = oneLine(cell)
			}
			if _, err := fmt.Fprintln(t, strings.Join(cells, "\t")); err != nil {
				return err
			}
		}
		return t.Flush()
	}
}

// line prints one line.
func line(format string, args ...any) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := fmt.Fprintln(w, oneLine(fmt.Sprintf(format, args...)))
		return err
	}
}

// yesFlag skips the question.
type yesFlag struct {
	Yes bool `short:"y" help:"Do not ask."`
}

// possible fails early where a question would have to be asked and nobody is there to answer.
func (y yesFlag) possible(a *app) error {
	if y.Yes || isTerminal(a.stdin) {
		return nil
	}
	return errors.New("this asks before it acts, and standard input is no terminal: add --yes")
}

// confirm asks. Only a yes is one.
func (y yesFlag) confirm(ctx context.Context, a *app, question string) error {
	if y.Yes {
		return nil
	}
	if err := y.possible(a); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.stderr, "%s [y/N] ", oneLine(question))
	answer, err := interruptible(ctx, func() (string, error) { return firstLine(a.stdin) })
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	default:
		return errors.New("not done: the answer was not yes")
	}
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// readSecret reads one line from standard input, unseen when somebody types it.
func (a *app) readSecret(ctx context.Context, prompt string) (string, error) {
	f, ok := a.stdin.(*os.File)
	if !ok || !isTerminal(f) {
		return interruptible(ctx, func() (string, error) { return firstLine(a.stdin) })
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprint(a.stderr, prompt+": ")
	typed, err := interruptible(ctx, func() (string, error) {
		typed, err := term.ReadPassword(int(f.Fd()))
		return string(typed), err
	})
	_, _ = fmt.Fprintln(a.stderr)
	return typed, errors.Join(err, term.Restore(int(f.Fd()), before)) // who interrupts gets their echo back
}

func firstLine(r io.Reader) (string, error) {
	const most = 4096
	text, err := bufio.NewReader(io.LimitReader(r, most)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(text, "\r\n"), nil
}

// interruptible gives up on read when the context ends, which a read from a terminal would not.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", errors.New("interrupted")
	}
}
