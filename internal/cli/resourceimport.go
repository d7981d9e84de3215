package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

type resourceImport struct {
	dataFlag
	DryRun bool   `help:"Say what would be done, and do nothing."`
	File   string `arg:"" help:"File of JSON lines; - for standard input."`
}

// importBatch is how many lines are registered together, all or none.
const importBatch = 1000

// Run implements the command. All lines are tried out before the first is registered.
func (cmd *resourceImport) Run(ctx context.Context, a *app) error {
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
	rows, lines, refused, err := importLines(ctx, o, in)
	if err != nil {
		return err
	}
	total, err := o.ImportResources(ctx, rows, true)
	if err != nil {
		return err
	}
	for _, r := range total.Refused {
		refused = append(refused, fmt.Sprintf("line %d: %s", lines[r.Index], r.Message))
	}
	for _, text := range refused {
		_, _ = fmt.Fprintln(a.stderr, oneLine(text))
	}
	if len(refused) > 0 {
		return fmt.Errorf("nothing was registered: lines that cannot be: %d", len(refused))
	}
	if cmd.DryRun {
		return a.show(total, line("%d would be registered, %d renamed, %d are as they should be.", total.Registered, total.Renamed, total.Unchanged))
	}
	sum := api.ResourceImport{Done: true}
	for at := 0; at < len(rows); at += importBatch {
		got, err := o.ImportResources(ctx, rows[at:min(at+importBatch, len(rows))], false)
		if err == nil && !got.Done {
			err = errors.New("the registry was changed meanwhile")
		}
		if err != nil {
			return fmt.Errorf("from line %d on nothing was registered; import again to go on: %w", lines[at], err)
		}
		sum.Registered, sum.Renamed, sum.Unchanged = sum.Registered+got.Registered, sum.Renamed+got.Renamed, sum.Unchanged+got.Unchanged
		if len(rows) > importBatch {
			_, _ = fmt.Fprintf(a.stderr, "%d of %d lines\n", min(at+importBatch, len(rows)), len(rows))
		}
	}
	return a.show(sum, line("%d registered, %d renamed, %d were as they should be.", sum.Registered, sum.Renamed, sum.Unchanged))
}

// importLines reads resources, each with the number of its line, and names the lines that hold none.
func importLines(ctx context.Context, o *client.Operator, in io.Reader) (rows []api.Resource, lines []int, refused []string, err error) {
	scanner := bufio.NewScanner(in)
	parents := map[string]leastkey.Resource{}
	for n := 1; scanner.Scan(); n++ {
		text := bytes.TrimSpace(scanner.Bytes())
		if len(text) == 0 {
			continue
		}
		var row struct {
			Type   leastkey.ResourceType `json:"type"`
			ID     string                `json:"id"`
			Name   string                `json:"name"`
			Parent string                `json:"parent"`
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&row); err != nil || decoder.More() {
			refused = append(refused, fmt.Sprintf("line %d: not a resource such as {\"type\": \"zone\", \"id\": \"...\", \"parent\": \"account:NAME\"}", n))
			continue
		}
		parent, known := parents[row.Parent]
		if !known {
			if parent, err = parentArg(ctx, o, row.Parent); err != nil {
				refused = append(refused, fmt.Sprintf("line %d: parent: %s", n, err))
				continue
			}
			parents[row.Parent] = parent
		}
		rows, lines = append(rows, api.Resource{Type: row.Type, ID: row.ID, Name: row.Name, Parent: &parent}), append(lines, n)
	}
	return rows, lines, refused, scanner.Err()
}
