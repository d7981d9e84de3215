package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// A CSV file is written as it is read: no more than perRead rows are in memory at once.
const (
	mostExported = 10_000
	perRead      = 100
)

// auditCSV exports what the page shows, all pages of it.
func (s *Site) auditCSV(ctx context.Context, v *visit) (answer, error) {
	members, err := s.members(ctx, v)
	if err != nil {
		return answer{}, err
	}
	asked, problems := auditQueryOf(v).parse(members)
	if len(problems) > 0 { // the page says what is wrong, beside the fields
		return seeOther(v.home + "/audit?" + v.URL.RawQuery), nil
	}
	reader, err := s.newAuditReader(ctx, v, members)
	if err != nil {
		return answer{}, err
	}
	asked.Limit = perRead
	first, err := s.Control.AuditLog(ctx, s.auditCaller(v), v.owner, asked)
	if err != nil {
		return answer{}, err
	}
	export := auditExport{site: s, reader: reader, caller: s.auditCaller(v), asked: asked}
	return stream("text/csv; charset=utf-8", "audit.csv", func(w io.Writer) {
		if err := export.write(ctx, w, first); err != nil {
			s.Log.Error("the export of an audit log broke off", "path", v.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // a file that is not whole must not look as if it were
		}
	}), nil
}

type auditExport struct {
	site   *Site
	reader *auditReader
	caller control.Caller
	asked  control.AuditQuery
}

func (x auditExport) write(ctx context.Context, w io.Writer, entries []control.AuditEntry) error {
	file := csv.NewWriter(w)
	if err := file.Write([]string{"revision", "time", "actor", "actor_id", "by", "credential_id", "did", "action", "subject", "name", "address", "before", "after", "refused"}); err != nil {
		return err
	}
	v := x.reader.visit
	for rows := 0; len(entries) > 0; {
		for _, e := range entries {
			if rows == mostExported {
				return x.cut(file, e)
			}
			row, err := x.row(ctx, e)
			if err != nil {
				return err
			}
			if err := file.Write(row); err != nil {
				return err
			}
			rows++
		}
		if len(entries) < perRead {
			break
		}
		x.asked.Before = entries[len(entries)-1].Revision
		var err error
		if entries, err = x.site.Control.AuditLog(ctx, x.caller, v.owner, x.asked); err != nil {
			return err
		}
	}
	file.Flush()
	return file.Error()
}

// cut ends the file with a row that says where it would go on.
func (x auditExport) cut(file *csv.Writer, next control.AuditEntry) error {
	words := fmt.Sprintf("Cut after %d rows. For those from revision %d down, export again with an earlier last day, or with before=%d in the address.",
		mostExported, next.Revision, next.Revision+1)
	if err := file.Write([]string{words, "", "", "", "", "", "", "", "", "", "", "", "", ""}); err != nil {
		return err
	}
	file.Flush()
	return file.Error()
}

func (x auditExport) row(ctx context.Context, e control.AuditEntry) ([]string, error) {
	who, by, err := x.reader.actor(ctx, e)
	if err != nil {
		return nil, err
	}
	id := func(of leastkey.ID) string {
		if of.IsZero() {
			return ""
		}
		return of.String()
	}
	cells := []string{
		strconv.FormatUint(uint64(e.Revision), 10), e.At.UTC().Format(time.RFC3339Nano), who, id(e.Actor.ID), by, id(e.Credential),
		didWords(e), e.Action, e.Subject, x.reader.subject(e), addrText(e), string(e.Before), string(e.After), e.Refused,
	}
	for i, cell := range cells {
		cells[i] = inert(cell)
	}
	return cells, nil
}

// inert keeps spreadsheet programs from running a cell that somebody else chose the beginning of. In
// some places they divide at other marks than commas, so a cell may begin behind each of those.
func inert(cell string) string {
	parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t|\r\n", r) })
	if cell != "" && strings.ContainsRune("\t\r\n", rune(cell[0])) || slices.ContainsFunc(parts, isFormula) {
		return "'" + strings.NewReplacer(";", ",", "|", ",", "\t", " ").Replace(cell)
	}
	return cell
}

func isFormula(text string) bool {
	text = strings.TrimLeft(text, " \"")
	first, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}
