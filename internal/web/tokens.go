package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) tokensRoutes() []route {
	return []route{{http.MethodGet, "{home}/api-tokens", signedIn, s.listTokens}}
}

// tokensPage is the body of the page "tokens".
type tokensPage struct {
	Home     string
	Account  bool // whose tokens they are; otherwise the person's own
	Query    listQuery
	Any      bool // there are tokens, shown or not
	Rows     []tokenRow
	Pager    Pager
	Template Link // to begin with
	Keys     []keyPage
}

// tokenRow is one token of the list.
type tokenRow struct {
	tokenLine
	Name, Path string
	Status     Badge
	Note       string // beside the status
	LastUsed   Moment
	Expires    Moment
	Menu       Menu
}

// listQuery says which part of the list is shown.
type listQuery struct {
	Text   string // in the name, or in the name of a permission group or resource; or the whole id
	Status string // one of Statuses
	Page   int    // from 1
}

func listQueryOf(q url.Values) listQuery {
	page, err := strconv.Atoi(q.Get("page"))
	if err != nil || page < 1 {
		page = 1
	}
	return listQuery{Text: q.Get("q"), Status: q.Get("status"), Page: page}
}

func (q listQuery) values() url.Values {
	values := url.Values{}
	if q.Text != "" {
		values.Set("q", q.Text)
	}
	if q.Status != "" {
		values.Set("status", q.Status)
	}
	if q.Page > 1 {
		values.Set("page", strconv.Itoa(q.Page))
	}
	return values
}

// Statuses are what the list can be cut to.
func (listQuery) Statuses() []Option {
	return []Option{
		{Value: "", Label: "Any status"}, {Value: "active", Label: "Active"}, {Value: "disabled", Label: "Disabled"},
		{Value: "expired", Label: "Expired"}, {Value: "not-yet-valid", Label: "Not yet valid"},
	}
}

// perPage is how many tokens a page shows.
const perPage = 50

// prefills are the fields of a link that prefills the form for a new token.
func prefills(q url.Values) bool {
	return slices.ContainsFunc([]string{"permissionGroupKeys", "accountId", "zoneId", "name"}, q.Has)
}

func (s *Site) listTokens(ctx context.Context, v *visit) (answer, error) {
	asked := v.URL.Query()
	if prefills(asked) {
		return seeOther(v.home + "/api-tokens/new?" + v.URL.RawQuery), nil
	}
	tokens, err := s.Control.Tokens(ctx, s.caller(v, "GET /tokens"), v.owner)
	if err != nil {
		return answer{}, err
	}
	page := tokensPage{Home: v.home, Account: v.ofAccount(), Query: listQueryOf(asked), Any: len(tokens) > 0}
	view := View{Title: "API tokens", Nav: v.nav(v.home + "/api-tokens"), Notice: doneNotice(v, nameIn(tokens, asked.Get("token")))}
	if v.ofAccount() {
		view.Title = "API tokens of " + v.ownerName()
	}
	if templates := s.Catalog().Templates(); len(templates) > 0 {
		page.Template = Link{templates[0].Name, v.home + "/api-tokens/new?template=" + templates[0].ID.String()}
	}
	found, err := s.search(ctx, v, tokens, page.Query)
	if err != nil {
		return answer{}, err
	}
	if page.Rows, page.Pager, err = s.tokenRows(ctx, v, found, &page.Query); err != nil {
		return answer{}, err
	}
	if v.fragment() {
		view.Body = page
		return answer{page: "tokens", part: "found", view: view}, nil
	}
	if !page.Account {
		if page.Keys, err = s.ownKeys(ctx, v); err != nil {
			return answer{}, err
		}
	}
	view.Body = page
	return show("tokens", view), nil
}

// nameIn is the name of the token with the id; "" when it is not among them.
func nameIn(tokens []control.Credential, id string) string {
	if i := slices.IndexFunc(tokens, func(t control.Credential) bool { return t.ID.String() == id }); i >= 0 {
		return tokens[i].Name
	}
	return ""
}

// tokenRows are those of the page that was asked for, or of the last one when it lies beyond.
func (s *Site) tokenRows(ctx context.Context, v *visit, found []control.Credential, q *listQuery) ([]tokenRow, Pager, error) {
	pages := max((len(found)+perPage-1)/perPage, 1)
	q.Page = min(q.Page, pages)
	from := (q.Page - 1) * perPage
	shown := found[from:min(from+perPage, len(found))]
	lines, err := s.tokenLines(ctx, v, shown)
	if err != nil {
		return nil, Pager{}, err
	}
	rows := make([]tokenRow, len(shown))
	for i, token := range shown {
		rows[i] = s.tokenRow(v, token, lines[i], *q)
	}
	pager := Pager{Text: fmt.Sprintf("%d to %d of %d", from+1, from+len(shown), len(found))}
	at := func(page int) string {
		other := *q
		other.Page = page
		return v.home + "/api-tokens?" + other.values().Encode()
	}
	if q.Page > 1 {
		pager.Prev = at(q.Page - 1)
	}
	if q.Page < pages {
		pager.Next = at(q.Page + 1)
	}
	return rows, pager, nil
}

// concernWords say what to look at; what has no end the list shows beside.
func concernWords(concerns []control.Concern) string {
	var words []string
	for _, c := range concerns {
		if c != control.NoEnd {
			words = append(words, c.Words())
		}
	}
	text := strings.Join(words, "; ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (s *Site) tokenRow(v *visit, token control.Credential, line tokenLine, q listQuery) tokenRow {
	now, path := s.Now(), tokenPath(v, token.ID)
	row := tokenRow{
		tokenLine: line, Name: token.Name, Path: path, Status: statusBadge(token, now),
		LastUsed: Moment{token.LastUsedOn, "Never"}, Expires: Moment{token.Validity.ExpiresOn, "No end"},
	}
	if row.Status.Text == "Not yet valid" {
		row.Note = "From " + Moment{Time: token.Validity.NotBefore}.String()
	} else if len(knownSecrets(token, now)) > 1 {
		row.Note = "Two secrets work"
	} else if words := concernWords(s.Control.Concerns(token, control.DefaultUnused)); words != "" {
		row.Note = words
	}
	turn, to := "Disable", leastkey.Disabled
	if token.Status == leastkey.Disabled {
		turn, to = "Enable", leastkey.Active
	}
	row.Menu = Menu{Label: "Actions for " + token.Name, Items: []MenuItem{
		{Text: "View", Href: path}, {Text: "Edit", Href: path + "/edit"}, {Text: "Roll", Href: path + "/roll"},
		{Text: turn, Action: path + "/status", Fields: []Hidden{{"status", to.String()}, {"list", q.values().Encode()}}},
		{Text: "Delete", Href: path + "/delete", Danger: true},
	}}
	return row
}

// ownKeys are the keys that the person has beside tokens.
func (s *Site) ownKeys(ctx context.Context, v *visit) ([]keyPage, error) {
	var keys []keyPage
	for _, key := range legacyKeys(v) {
		known, err := s.knownKey(ctx, v, key)
		if err != nil {
			return nil, err
		}
		keys = append(keys, known)
	}
	return keys, nil
}
