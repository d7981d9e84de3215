package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/tell"
)

func (s *Site) tokenRoutes() []route {
	return []route{
		{http.MethodGet, "{home}/api-tokens/{id}", signedIn, s.showToken},
		{http.MethodPost, "{home}/api-tokens/{id}/try", signedIn, s.try},
		{http.MethodGet, "{home}/api-tokens/{id}/try", signedIn, s.leaveTry},
	}
}

// tokenPage is the body of the page "token".
type tokenPage struct {
	Name, ID, Path string
	Owner          string
	Status         Badge
	Turn           Hidden // the status that the button sets
	TurnText       string
	Made, Changed  Moment
	LastUsed       Moment
	Says           []sayLine
	Where, When    string
	Warnings       []string
	JSON           string // of the policies; "" when it is too long for a page
	Secrets        []knownSecret
	Uses           []useRow
	History        []auditRow
	Log            string // where the rest of the history is; "" when the person may not see any
	Try            tryForm
}

// sayLine is a sentence about what the token may do, with what it only counts.
type sayLine struct {
	Class          string // "may", "maynot" or ""
	Text           string
	Groups, Places []string // to be unfolded; nil when the text says all
	Left           int      // of Places, what is not listed either
}

func (s *Site) showToken(ctx context.Context, v *visit) (answer, error) {
	token, err := s.tokenOf(ctx, v)
	if err != nil {
		return answer{}, err
	}
	view, err := s.tokenView(ctx, v, token, s.newTry(v))
	if err != nil {
		return answer{}, err
	}
	view.Notice = doneNotice(v, token.Name)
	return show("token", view), nil
}

// tokenOf reads the token in the path.
func (s *Site) tokenOf(ctx context.Context, v *visit) (control.Credential, error) {
	id, err := v.id()
	if err != nil {
		return control.Credential{}, err
	}
	return s.Control.Token(ctx, s.caller(v, "GET /tokens/{token_id}"), v.owner, id)
}

// mostLookedUp is how many resources of a token are looked up by name; the others show by their id.
const mostLookedUp = 200

// tokenView is the whole page.
func (s *Site) tokenView(ctx context.Context, v *visit, token control.Credential, try tryForm) (View, error) {
	caller := s.caller(v, "GET /tokens/{token_id}")
	uses, err := s.Control.Uses(ctx, caller, v.owner, token.ID)
	if err != nil {
		return View{}, err
	}
	named := tell.Resources(token.Policies...)
	named = named[:min(len(named), mostLookedUp)]
	for _, use := range uses {
		if target, ok := targetOf(use); ok {
			named = append(named, target)
		}
	}
	names, err := s.Control.Names(ctx, caller, v.owner, named)
	if err != nil {
		return View{}, err
	}
	now, path := s.Now(), tokenPath(v, token.ID)
	spec := specOf(token)
	teller := tell.Teller{Catalog: s.Catalog(), Names: names, Now: now}
	page := tokenPage{
		Name: token.Name, ID: token.ID.String(), Path: path, Owner: v.ownerName(), Status: statusBadge(token, now),
		Turn: Hidden{"status", leastkey.Disabled.String()}, TurnText: "Disable",
		Made: Moment{Time: token.IssuedOn}, Changed: Moment{Time: token.ModifiedOn}, LastUsed: Moment{token.LastUsedOn, "Never"},
		Says: sayLines(teller.Sentences(token.Policies)), Where: tell.Where(token.Condition), When: tell.When(token.Validity, now),
		Secrets: knownSecrets(token, now), Uses: useRows(uses, token, names), Try: try,
	}
	if token.Status == leastkey.Disabled {
		page.Turn.Value, page.TurnText = leastkey.Active.String(), "Enable"
	}
	for _, w := range teller.Warnings(spec) {
		if w.Severity == tell.Danger {
			page.Warnings = append(page.Warnings, w.Text)
		}
	}
	if page.JSON, err = (tell.Recipes{Catalog: s.Catalog(), Owner: v.owner, Spec: spec}).Policies(); err != nil {
		return View{}, err
	}
	const mostJSON = 12 << 10 // bytes; a page is to stay below 100 KB
	if len(page.JSON) > mostJSON {
		page.JSON = ""
	}
	if page.History, page.Log, err = s.tokenHistory(ctx, v, token.ID); err != nil {
		return View{}, err
	}
	return View{Title: token.Name, Nav: v.nav(v.home + "/api-tokens"), Back: Link{"API tokens", v.home + "/api-tokens"}, Body: page}, nil
}

// specOf is what the owner decided about a token.
func specOf(token control.Credential) control.TokenSpec {
	return control.TokenSpec{Name: token.Name, Status: token.Status, Validity: token.Validity, Condition: token.Condition, Policies: token.Policies}
}

// sayLines show sentences, and what they only count, as far as a page has room for it.
func sayLines(sentences []tell.Sentence) []sayLine {
	const inSight, mostLines = 8, 60
	room := 300 // for all that can be unfolded
	var lines []sayLine
	for i, sentence := range sentences {
		if i == mostLines-1 && len(sentences) > mostLines { // the last sentence says that there is nothing else
			lines = append(lines, sayLine{Text: fmt.Sprintf("And %d more rules, which the API lists.", len(sentences)-mostLines)})
		}
		if i >= mostLines-1 && i < len(sentences)-1 {
			continue
		}
		line := sayLine{Text: sentence.Text + "."}
		switch sentence.Effect {
		case leastkey.Allow:
			line.Class = "may"
		case leastkey.Deny:
			line.Class = "maynot"
		}
		if n := len(sentence.Groups); n > inSight && n <= room {
			line.Groups = sentence.Groups
			room -= n
		}
		if n := len(sentence.Places); n > inSight && room > 0 {
			line.Places = sentence.Places[:min(n, room)]
			line.Left = n - len(line.Places)
			room -= len(line.Places)
		}
		lines = append(lines, line)
	}
	return lines
}

// GroupsFold is the summary of the groups to unfold.
func (l sayLine) GroupsFold() string { return fmt.Sprintf("All %d permissions", len(l.Groups)) }

// PlacesFold is the summary of the places to unfold.
func (l sayLine) PlacesFold() string { return fmt.Sprintf("All %d resources", len(l.Places)+l.Left) }

// mostHistory is how many audit rows the page shows.
const mostHistory = 10

// tokenHistory is what was done to the token. A member may see the token and not the log.
func (s *Site) tokenHistory(ctx context.Context, v *visit, id leastkey.ID) (rows []auditRow, log string, err error) {
	entries, err := s.Control.AuditLog(ctx, s.auditCaller(v), v.owner, control.AuditQuery{Token: id, Limit: mostHistory})
	if isKind(err, control.Refused) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	only := auditQuery{Token: id.String(), Actor: v.user.ID.String()} // as if asked for, so that rows link to neither
	members, err := s.members(ctx, v)
	if err != nil {
		return nil, "", err
	}
	reader, err := s.newAuditReader(ctx, v, members)
	if err != nil {
		return nil, "", err
	}
	if rows, err = reader.rows(ctx, entries, only); err != nil {
		return nil, "", err
	}
	return rows, v.home + "/audit" + auditQuery{Token: id.String()}.with(""), nil
}
