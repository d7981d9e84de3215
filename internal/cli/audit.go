package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
	"github.com/leastkey/leastkey/internal/audit"
)

// auditCommands are the operator's commands about the audit log.
type auditCommands struct {
	List       auditList       `cmd:"" help:"List who did what, newest first; also what was refused." example:"leastkey audit list --actor ada@example.com --since 2026-11-01"`
	Verify     auditVerify     `cmd:"" help:"Check that nobody changed the log. Exits with 1, and says what, when somebody did." example:"leastkey audit verify --checkpoint last-month.checkpoint --verifier leastkey/audit/0a1b2c3d+4e5f6071+Ab..."`
	Export     auditExport     `cmd:"" help:"Write the whole log as JSON lines: each is a leaf of the Merkle tree as it was hashed." example:"leastkey audit export --output audit.jsonl"`
	Checkpoint auditCheckpoint `cmd:"" help:"Print what the log amounts to, signed. Keep it where whoever can write to the database cannot." example:"leastkey audit checkpoint --output today.checkpoint"`
}

type auditList struct {
	dataFlag
	Since   string `placeholder:"TIME" help:"From this day (2026-11-24, UTC) or time (RFC 3339) on."`
	Until   string `placeholder:"TIME" help:"Before this day or time."`
	Actor   string `placeholder:"EMAIL_OR_ID" help:"What this user did, and was refused."`
	Account string `placeholder:"NAME_OR_ID" help:"What concerns this account."`
	TokenID string `placeholder:"ID" help:"What was done to this token."`
	Action  string `placeholder:"ACTION" help:"Such as token.roll."`
	Refused bool   `help:"Only what was refused."`
	Before  uint64 `placeholder:"REVISION" help:"Only rows before this one: the last that was listed, for the next page."`
	Limit   int    `default:"100" help:"At most so many; up to 1000."`
}

// Run implements the command.
func (cmd *auditList) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	filter, err := cmd.filter(ctx, o)
	if err != nil {
		return err
	}
	rows, err := o.Audit(ctx, filter)
	if err != nil {
		return err
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		result := "done"
		if row.Refused != "" {
			result = "refused: " + row.Refused
		}
		cells[i] = []string{strconv.FormatUint(uint64(row.Revision), 10), instant(row.At), auditActor(row), textOrDash(row.Addr), row.Action, textOrDash(row.Subject), result}
	}
	return a.show(notNull(rows), table([]string{"REVISION", "TIME", "WHO", "ADDRESS", "ACTION", "SUBJECT", "RESULT"}, cells))
}

func (cmd *auditList) filter(ctx context.Context, o *client.Operator) (url.Values, error) {
	filter := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	for name, text := range map[string]string{"since": cmd.Since, "until": cmd.Until} {
		if text == "" {
			continue
		}
		at, err := dayOrTime(text)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", name, err)
		}
		filter.Set(name, at.UTC().Format(time.RFC3339))
	}
	if cmd.Actor != "" {
		users, err := o.Users(ctx)
		if err != nil {
			return nil, err
		}
		user, err := pick(users, "user", cmd.Actor, func(u api.OperatorUser) (leastkey.ID, string) { return u.ID, u.Email })
		if err != nil {
			return nil, err
		}
		filter.Set("actor", user.ID.String())
	}
	if cmd.Account != "" {
		accounts, err := o.Accounts(ctx)
		if err != nil {
			return nil, err
		}
		account, err := pick(accounts, "account", cmd.Account, func(a api.Account) (leastkey.ID, string) { return a.ID, a.Name })
		if err != nil {
			return nil, err
		}
		filter.Set("account", account.ID.String())
	}
	if cmd.TokenID != "" {
		filter.Set("token", cmd.TokenID)
	}
	if cmd.Action != "" {
		filter.Set("action", cmd.Action)
	}
	if cmd.Refused {
		filter.Set("refused", "true")
	}
	if cmd.Before > 0 {
		filter.Set("before", strconv.FormatUint(cmd.Before, 10))
	}
	return filter, nil
}

func dayOrTime(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is neither a day such as 2026-11-24 nor a time such as 2026-11-24T10:00:00Z", text)
	}
	return at, nil
}

func auditActor(row api.AuditRow) string {
	switch {
	case row.Agent != "":
		return "(" + row.Agent + ")"
	case row.ActorEmail != "":
		return row.ActorEmail
	case row.Actor != "":
		return row.Actor
	default:
		return "(operator)"
	}
}

func textOrDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// auditPage is how many entries are asked for at a time.
const auditPage = 1000

// eachAuditEntry reads the whole log, with what is wrong beside the entries, and says how many rows were ever
// written.
func eachAuditEntry(ctx context.Context, a *app, o *client.Operator, fn func(audit.Entry) error, fault func(string)) (leastkey.Revision, error) {
	var after leastkey.Revision
	for {
		page, err := o.AuditEntries(ctx, after, auditPage)
		for _, words := range page.Faults {
			fault(words)
		}
		if err != nil || len(page.Entries) == 0 {
			return page.Size, err
		}
		for _, e := range page.Entries {
			entry := audit.Entry{Revision: e.Revision, Fault: e.Fault}
			if e.Leaf != "" {
				entry.Leaf = []byte(e.Leaf)
			}
			for _, h := range e.Hashes {
				if len(h) != len(audit.Hash{}) {
					return 0, errors.New("the server gave a hash of another length")
				}
				entry.Hashes = append(entry.Hashes, audit.Hash(h))
			}
			if err := fn(entry); err != nil {
				return 0, err
			}
		}
		after = page.Entries[len(page.Entries)-1].Revision
		if page.Size > auditPage {
			_, _ = fmt.Fprintf(a.stderr, "\r%d of %d rows", after, page.Size)
			if after >= page.Size {
				_, _ = fmt.Fprintln(a.stderr)
			}
		}
	}
}

// outputFlag says where something goes.
type outputFlag struct {
	Output string `short:"o" placeholder:"FILE" help:"Write to this file, which must not be there yet, instead of standard output."`
}

// write gives fn where to write. A file that could not be written whole is removed.
func (f outputFlag) write(a *app, fn func(io.Writer) error) error {
	if f.Output == "" {
		return fn(a.stdout)
	}
	file, err := os.OpenFile(f.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(fn(file), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Output))
	}
	return nil
}

type auditExport struct {
	dataFlag
	outputFlag
}

// Run implements the command.
func (cmd *auditExport) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	return cmd.write(a, func(to io.Writer) error {
		w := bufio.NewWriter(to)
		_, err := eachAuditEntry(ctx, a, o, func(e audit.Entry) error {
			line, err := e.Line()
			if err != nil {
				return fmt.Errorf("%s; leastkey audit verify says what is wrong", strings.TrimPrefix(err.Error(), "audit: "))
			}
			_, err = w.Write(append(line, '\n'))
			return err
		}, func(string) {}) // an export has the rows alone
		return errors.Join(err, w.Flush())
	})
}

type auditCheckpoint struct {
	dataFlag
	outputFlag
}

// Run implements the command.
func (cmd *auditCheckpoint) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	c, err := o.AuditCheckpoint(ctx)
	if err != nil {
		return err
	}
	return cmd.write(a, func(w io.Writer) error {
		if a.json {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(c)
		}
		_, err := io.WriteString(w, c.Checkpoint)
		return err
	})
}
