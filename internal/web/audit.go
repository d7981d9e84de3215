package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) auditRoutes() []route {
	return []route{
		{http.MethodGet, "{home}/audit", signedIn, s.auditLog},
		{http.MethodGet, "{home}/audit.csv", signedIn, s.auditCSV},
	}
}

// auditPage is the body of the page "audit".
type auditPage struct {
	Home    string
	Account bool // whose log it is; otherwise the person's own
	Query   auditQuery
	Members []string // e-mail addresses to choose from
	Rows    []auditRow
	Newest  string // where to; "" on the first page
	Older   string // where to; "" on the last page
	CSV     string
	Most    int // rows of a CSV file
}

// auditQuery is the filter as it was typed.
type auditQuery struct {
	From, To string // days, in UTC, both included
	Actor    string // of an account: e-mail address or id of a user
	Token    string // id
	Before   string // revision
}

func auditQueryOf(v *visit) auditQuery {
	asked := v.URL.Query()
	field := func(name string) string { return strings.TrimSpace(asked.Get(name)) }
	q := auditQuery{From: field("from"), To: field("to"), Token: field("token"), Before: field("before")}
	if v.ofAccount() {
		q.Actor = field("actor")
	}
	return q
}

// with is the query of the rows before a revision; "" is from the newest on.
func (q auditQuery) with(before string) string {
	values := url.Values{}
	for name, value := range map[string]string{"from": q.From, "to": q.To, "actor": q.Actor, "token": q.Token, "before": before} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// Filtered reports whether there is anything to be left out.
func (q auditQuery) Filtered() bool { return q.with("") != "" }

// auditPerPage is how many rows a page shows.
const auditPerPage = 50

// auditCaller asks for the log: who may read the tokens of a person, or the settings of an account.
func (s *Site) auditCaller(v *visit) control.Caller {
	if v.ofAccount() {
		return s.caller(v, "GET /roles")
	}
	return s.caller(v, "GET /tokens")
}

func (s *Site) auditLog(ctx context.Context, v *visit) (answer, error) {
	page := auditPage{Home: v.home, Account: v.ofAccount(), Query: auditQueryOf(v), Most: mostExported}
	page.CSV = v.home + "/audit.csv" + page.Query.with("")
	view := View{Title: "Audit log", Nav: v.nav(v.home + "/audit")}
	if v.ofAccount() {
		view.Title = "Audit log of " + v.ownerName()
	}
	members, err := s.members(ctx, v)
	if err != nil {
		return answer{}, err
	}
	page.Members = someEmails(members)
	asked, problems := page.Query.parse(members)
	if len(problems) > 0 {
		view.Errors, view.Body = problems, page
		return refused("audit", view), nil
	}
	asked.Limit = auditPerPage + 1 // one more tells that there are more
	entries, err := s.Control.AuditLog(ctx, s.auditCaller(v), v.owner, asked)
	if err != nil {
		return answer{}, err
	}
	if page.Query.Before != "" {
		page.Newest = v.home + "/audit" + page.Query.with("")
	}
	if len(entries) > auditPerPage {
		entries = entries[:auditPerPage]
		page.Older = v.home + "/audit" + page.Query.with(strconv.FormatUint(uint64(entries[auditPerPage-1].Revision), 10))
	}
	reader, err := s.newAuditReader(ctx, v, members)
	if err != nil {
		return answer{}, err
	}
	if page.Rows, err = reader.rows(ctx, entries, page.Query); err != nil {
		return answer{}, err
	}
	view.Body = page
	return show("audit", view), nil
}

// members are those of the account, where the person may see them.
func (s *Site) members(ctx context.Context, v *visit) ([]control.MemberOf, error) {
	if !v.ofAccount() {
		return nil, nil
	}
	members, err := s.Control.Members(ctx, s.caller(v, "GET /members"), v.owner.ID)
	if isKind(err, control.Refused) {
		return nil, nil
	}
	return members, err
}

// mostSuggested is how many members are suggested as actors.
const mostSuggested = 100

func someEmails(members []control.MemberOf) []string {
	var emails []string
	for _, m := range members[:min(len(members), mostSuggested)] {
		emails = append(emails, m.User.Email)
	}
	return emails
}

// parse reads what was typed. People are found by e-mail address among the members.
func (q auditQuery) parse(members []control.MemberOf) (asked control.AuditQuery, problems []FieldError) {
	wrong := func(field, message string) { problems = append(problems, FieldError{field, message}) }
	day := func(field, typed string) time.Time {
		if typed == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.DateOnly, typed)
		if err != nil {
			wrong(field, "Write the day as in 2026-11-23.")
		}
		return at
	}
	asked.From, asked.To = day("from", q.From), day("to", q.To)
	if !asked.To.IsZero() {
		asked.To = asked.To.AddDate(0, 0, 1)
	}
	if !asked.From.IsZero() && !asked.To.IsZero() && !asked.From.Before(asked.To) {
		wrong("to", "The last day must not be before the first.")
	}
	var err error
	if q.Token != "" {
		if asked.Token, err = leastkey.ParseID(q.Token); err != nil {
			wrong("token", "The id of a token has 32 characters, each 0 to 9 or a to f. It stands on the token's page.")
		}
	}
	if q.Actor != "" {
		if asked.Actor, err = leastkey.ParseID(q.Actor); err != nil {
			i := slices.IndexFunc(members, func(m control.MemberOf) bool { return strings.EqualFold(m.User.Email, q.Actor) })
			if i < 0 {
				wrong("actor", "No member has this e-mail address. People who left are found by their id.")
			} else {
				asked.Actor = members[i].User.ID
			}
		}
	}
	if q.Before != "" {
		before, err := strconv.ParseUint(q.Before, 10, 63)
		if err != nil || before == 0 {
			wrong("", "There is no such page of the log.")
		}
		asked.Before = leastkey.Revision(before)
	}
	return asked, problems
}
