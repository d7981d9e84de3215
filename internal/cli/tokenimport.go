package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

type tokenImport struct {
	dataFlag
	DryRun bool   `help:"Say what would be done, and do nothing."`
	File   string `arg:"" help:"File of JSON lines, each {\"owner\": \"user:EMAIL\" or \"account:NAME\", \"sha256\" or \"secret\", \"name\", \"policies\", ...}, or with \"kind\": \"global_api_key\" or \"origin_ca_key\"; - for standard input."`
}

// longestLine is more than any token with policies takes.
const longestLine = 4 << 20

// Run implements the command. What is wrong with a line is said, and its batch is not imported; the
// others are.
func (cmd *tokenImport) Run(ctx context.Context, a *app) error {
	in := a.stdin
	if cmd.File != "-" {
		file, err := os.Open(cmd.File)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	run := credentialRun{app: a, operator: o, dryRun: cmd.DryRun}
	if err := run.all(ctx, in); err != nil {
		return err
	}
	if run.refused > 0 {
		if a.json {
			if err := a.show(run.sum, nil); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: lines that cannot be imported: %d. Mend them and import the file again: what is there stays as it is", run.said(), run.refused)
	}
	run.sum.Done = !cmd.DryRun
	return a.show(run.sum, line("%s.", run.said()))
}

// credentialRun is one run through a file.
type credentialRun struct {
	*app
	operator *client.Operator
	dryRun   bool
	sum      api.ImportedCredentials
	refused  int
	read     int // lines
}

func (r *credentialRun) said() string {
	if r.dryRun {
		return fmt.Sprintf("%d would be imported, %d are there already", r.sum.Imported, r.sum.Unchanged)
	}
	return fmt.Sprintf("%d imported, %d were there already", r.sum.Imported, r.sum.Unchanged)
}

func (r *credentialRun) all(ctx context.Context, in io.Reader) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, longestLine)
	var lines api.CredentialLines
	var at []int
	first := true
	send := func() error {
		if len(lines) == 0 {
			return nil
		}
		err := r.batch(ctx, lines, at)
		if !first || len(lines) == importBatch {
			_, _ = fmt.Fprintf(r.stderr, "%d lines\n", r.read)
		}
		lines, at, first = nil, nil, false
		return err
	}
	for scanner.Scan() {
		r.read++
		text := bytes.TrimSpace(scanner.Bytes())
		if len(text) == 0 {
			continue
		}
		if !json.Valid(text) {
			text = []byte("null") // refused with its batch, as what is no object
		}
		lines, at = append(lines, bytes.Clone(text)), append(at, r.read)
		if len(lines) == importBatch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("line %d: %w; what stands before it was done", r.read+1, err)
	}
	return send()
}

func (r *credentialRun) batch(ctx context.Context, lines api.CredentialLines, at []int) error {
	got, err := r.operator.ImportCredentials(ctx, lines, r.dryRun)
	if err != nil {
		return fmt.Errorf("from line %d on nothing was imported; import again to go on: %w", at[0], err)
	}
	for _, refused := range got.Refused {
		message := fmt.Sprintf("line %d: %s", at[refused.Index], refused.Message)
		_, _ = fmt.Fprintln(r.stderr, oneLine(message))
		r.sum.Refused = append(r.sum.Refused, api.ResourceRefusal{Index: at[refused.Index] - 1, Message: refused.Message})
	}
	r.refused += len(got.Refused)
	if len(got.Refused) > 0 && !r.dryRun {
		_, _ = fmt.Fprintf(r.stderr, "lines %d to %d: none of them was imported\n", at[0], at[len(at)-1])
		return nil
	}
	r.sum.Imported, r.sum.Unchanged = r.sum.Imported+got.Imported, r.sum.Unchanged+got.Unchanged
	return nil
}
