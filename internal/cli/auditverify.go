package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
)

type auditVerify struct {
	dataFlag
	Checkpoint []string `placeholder:"FILE" help:"Also hold the log against what was signed before. May be given more than once."`
	Verifier   string   `placeholder:"PUBLIC_KEY" help:"The key with which checkpoints are checked, as audit checkpoint --json shows it. Without it the running server is asked for its own."`
	File       string   `placeholder:"FILE" help:"Check an export instead of a running server. Needs --checkpoint and --verifier."`
}

// auditReport is what --json prints.
type auditReport struct {
	Whole    bool           `json:"whole"`
	Size     uint64         `json:"size"`
	Rows     int            `json:"rows"`
	Pruned   uint64         `json:"pruned_through,omitempty"`
	Findings []auditFinding `json:"findings"`
	More     int            `json:"more,omitempty"`
}

type auditFinding struct {
	Revision uint64 `json:"revision,omitempty"`
	Last     uint64 `json:"last,omitempty"`
	Message  string `json:"message"`
}

// Run implements the command.
func (cmd *auditVerify) Run(ctx context.Context, a *app) error {
	var report audit.Report
	var err error
	if cmd.File != "" {
		report, err = cmd.file()
	} else {
		report, err = cmd.server(ctx, a)
	}
	if err != nil {
		return err
	}
	shown := auditReport{Whole: len(report.Findings) == 0, Size: uint64(report.Size), Rows: report.Rows, Pruned: uint64(report.Pruned), Findings: []auditFinding{}, More: report.More}
	for _, f := range report.Findings {
		shown.Findings = append(shown.Findings, auditFinding{uint64(f.Revision), uint64(f.Last), f.Message})
	}
	if err := a.show(shown, func(w io.Writer) error { return cmd.print(w, report) }); err != nil {
		return err
	}
	if !shown.Whole {
		return errRefused
	}
	return nil
}

func (cmd *auditVerify) print(w io.Writer, report audit.Report) error {
	for _, f := range report.Findings {
		if _, err := fmt.Fprintln(w, oneLine(f.String())); err != nil {
			return err
		}
	}
	if report.More > 0 {
		if _, err := fmt.Fprintf(w, "and %d more\n", report.More); err != nil {
			return err
		}
	}
	if len(report.Findings) > 0 {
		_, err := fmt.Fprintln(w, "Somebody changed the audit log.")
		return err
	}
	text := fmt.Sprintf("The audit log is whole: %d rows", report.Rows)
	if report.Pruned > 0 {
		text += fmt.Sprintf(", and those up to %d are kept no more, as it says itself", report.Pruned)
	}
	switch len(cmd.Checkpoint) {
	case 0:
		text += ". Whoever can write to the database can rewrite all of it: hold it against a checkpoint that is kept elsewhere (--checkpoint)"
	default:
		text += "; so it was when the checkpoint was signed"
	}
	_, err := fmt.Fprintln(w, text+".")
	return err
}

func (cmd *auditVerify) checkpoints(key string) ([]audit.Checkpoint, error) {
	var all []audit.Checkpoint
	for _, name := range cmd.Checkpoint {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := audit.ParseCheckpoint(text, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "audit: "))
		}
		all = append(all, c)
	}
	return all, nil
}

func (cmd *auditVerify) server(ctx context.Context, a *app) (audit.Report, error) {
	o, err := cmd.operator(a)
	if err != nil {
		return audit.Report{}, err
	}
	key := cmd.Verifier
	if key == "" && len(cmd.Checkpoint) > 0 {
		now, err := o.AuditCheckpoint(ctx)
		if err != nil {
			return audit.Report{}, err
		}
		key = now.Key
		_, _ = fmt.Fprintln(a.stderr, "note: checkpoints are checked with the key that the server has now; keep the key beside them, and give it with --verifier")
	}
	checkpoints, err := cmd.checkpoints(key)
	if err != nil {
		return audit.Report{}, err
	}
	v := audit.NewVerifier(checkpoints...)
	size, err := eachAuditEntry(ctx, a, o, v.Add, v.Fault)
	if err != nil {
		return audit.Report{}, err
	}
	return v.Done(size), nil
}

func (cmd *auditVerify) file() (audit.Report, error) {
	if len(cmd.Checkpoint) == 0 || cmd.Verifier == "" {
		return audit.Report{}, errors.New("an export alone proves nothing: give --checkpoint, signed before, and --verifier")
	}
	checkpoints, err := cmd.checkpoints(cmd.Verifier)
	if err != nil {
		return audit.Report{}, err
	}
	file, err := os.Open(cmd.File)
	if err != nil {
		return audit.Report{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	v := audit.NewVerifier(checkpoints...)
	var size leastkey.Revision
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return v.Done(size), nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return audit.Report{}, err
		}
		size++
		if err := v.AddLine([]byte(strings.TrimSuffix(string(line), "\n"))); err != nil {
			return audit.Report{}, fmt.Errorf("%s:%d: %s", cmd.File, size, strings.TrimPrefix(err.Error(), "audit: "))
		}
	}
}
