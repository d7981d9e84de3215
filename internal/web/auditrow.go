package web

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/tell"
)

// auditRow is an audit row in words.
type auditRow struct {
	At        Moment
	Who, By   string // a person, and with which credential; By may be empty
	OnlyWho   string // the log of this actor alone; "" when it is that already
	Did, What string // "rolled the token", "deploy-bot"; What may be empty
	WhatID    string // "" when What says all
	WhatPath  string // its page; "" when it has none
	OnlyWhat  string // the log of this token alone; "" when it is that, or no token
	Addr      string // "" for the operator
	Refused   string // why nothing was done; "" when it was
	Changes   []Line
	LeftOut   int // lines of Changes that are not shown
}

// auditReader puts audit rows of one owner into words.
type auditReader struct {
	site   *Site
	visit  *visit
	tokens map[leastkey.ID]string // names of those that exist, as far as the person may see them
	by     map[leastkey.ID]string // credentials in words
	people map[leastkey.ID]string // e-mail addresses of the person and the members
}

func (s *Site) newAuditReader(ctx context.Context, v *visit, members []control.MemberOf) (*auditReader, error) {
	a := &auditReader{
		site: s, visit: v, tokens: map[leastkey.ID]string{}, by: map[leastkey.ID]string{v.session.ID: "this session"},
		people: map[leastkey.ID]string{v.user.ID: v.user.Email},
	}
	for _, m := range members {
		a.people[m.User.ID] = m.User.Email
	}
	tokens, err := s.Control.Tokens(ctx, s.caller(v, "GET /tokens"), v.owner)
	if err != nil && !isKind(err, control.Refused) { // a member may see the log and not the tokens
		return nil, err
	}
	for _, t := range tokens {
		a.tokens[t.ID], a.by[t.ID] = t.Name, "token "+t.Name
	}
	key, err := s.Control.Key(ctx, s.selfCaller(v, keyOperation), control.GlobalKey)
	if err != nil && !isKind(err, control.NoSuch) {
		return nil, err
	}
	if err == nil {
		a.by[key.ID] = key.Name
	}
	return a, nil
}

func (a *auditReader) rows(ctx context.Context, entries []control.AuditEntry, q auditQuery) ([]auditRow, error) {
	rows := make([]auditRow, len(entries))
	var named []leastkey.Resource
	for _, e := range entries {
		named = append(named, resourcesOf(e)...)
	}
	names, err := a.site.Control.Names(ctx, a.site.auditCaller(a.visit), a.visit.owner, named)
	if err != nil {
		return nil, err
	}
	teller := tell.Teller{Catalog: a.site.Catalog(), Names: names, Now: a.site.Now()}
	for i, e := range entries {
		if rows[i], err = a.row(ctx, e, teller, q); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (a *auditReader) row(ctx context.Context, e control.AuditEntry, teller tell.Teller, q auditQuery) (auditRow, error) {
	row := auditRow{At: Moment{Time: e.At}, Did: didWords(e), Addr: addrText(e), Refused: e.Refused}
	var err error
	if row.Who, row.By, err = a.actor(ctx, e); err != nil {
		return row, err
	}
	if a.visit.ofAccount() && e.Actor.Kind == leastkey.UserPrincipal && q.Actor == "" {
		only := q
		only.Actor = e.Actor.ID.String()
		row.OnlyWho = a.visit.home + "/audit" + only.with("")
	}
	kind, id := subjectOf(e)
	row.What = a.subject(e)
	if kind == "token" {
		if _, exists := a.tokens[id]; exists {
			row.WhatPath = tokenPath(a.visit, id)
		}
		if q.Token == "" {
			only := q
			only.Token = id.String()
			row.OnlyWhat = a.visit.home + "/audit" + only.with("")
		}
		row.WhatID = id.String()
	}
	row.Changes, row.LeftOut = a.changes(e, teller)
	return row, nil
}

// actor says who it was, and by which credential.
func (a *auditReader) actor(ctx context.Context, e control.AuditEntry) (who, by string, err error) {
	switch {
	case e.Agent != "":
		return "Leastkey's " + e.Agent, "", nil
	case e.Actor.IsZero():
		return "The operator", "", nil
	case e.ActorEmail != "":
		who = e.ActorEmail
	case e.Actor == a.visit.owner:
		who = a.visit.ownerName()
	default:
		who = e.Actor.String()
	}
	if by, err = a.credential(ctx, e); err != nil {
		return who, "", err
	}
	return who, by, nil
}

// credential says with what the actor came. Of what is gone it asks the log.
func (a *auditReader) credential(ctx context.Context, e control.AuditEntry) (string, error) {
	id := e.Credential
	switch {
	case id.IsZero():
		return "", nil
	case a.by[id] != "":
		return a.by[id], nil
	case strings.HasPrefix(e.Action, "session."), e.Action == "user.password":
		a.by[id] = "another session"
		return a.by[id], nil
	}
	own := e.Actor == leastkey.UserOf(a.visit.user.ID)
	of, caller := a.visit.owner, a.site.auditCaller(a.visit)
	if own {
		of, caller = e.Actor, a.site.selfCaller(a.visit, "GET /client/v4/user/tokens")
	}
	about, err := a.site.Control.AuditLog(ctx, caller, of, control.AuditQuery{Token: id, Limit: 1})
	switch {
	case err != nil:
		return "", err
	case len(about) > 0:
		a.by[id] = "token " + a.subject(about[0])
	case own:
		a.by[id] = "another session"
	default:
		a.by[id] = "credential " + id.String()[:8]
	}
	return a.by[id], nil
}

func addrText(e control.AuditEntry) string {
	if !e.Addr.IsValid() {
		return ""
	}
	return e.Addr.String()
}

// subjectOf reads "token 7d2f...". Ids of other forms are zero.
func subjectOf(e control.AuditEntry) (kind string, id leastkey.ID) {
	kind, rest, _ := strings.Cut(e.Subject, " ")
	id, err := leastkey.ParseID(rest)
	if err != nil {
		return kind, leastkey.ID{}
	}
	return kind, id
}

// subject is what the subject was called then, after the act where it was there still; else what
// identifies it. Sessions, and people who act on themselves, are not named again.
func (a *auditReader) subject(e control.AuditEntry) string {
	var was, is struct {
		Name, Email string
		User        leastkey.ID // of a member
	}
	kind, id := subjectOf(e)
	_, _ = json.Unmarshal(e.Before, &was), json.Unmarshal(e.After, &is) // each may be empty
	switch person := cmp.Or(is.User, was.User); {
	case kind == "session", e.Subject == e.Actor.String():
		return ""
	case cmp.Or(is.Name, is.Email, was.Name, was.Email) != "":
		return cmp.Or(is.Name, is.Email, was.Name, was.Email)
	case kind == "user" && a.people[id] != "":
		return a.people[id]
	case kind == "member" && !person.IsZero():
		return cmp.Or(a.people[person], "user "+person.String())
	case kind == "token":
		return id.String()
	default:
		return e.Subject
	}
}

// didWords says what was done, so that the name of the subject may follow.
func didWords(e control.AuditEntry) string {
	switch e.Action {
	case "token.update":
		if e.Refused == "" {
			return updateWords(e)
		}
	case "session.begin":
		var how struct {
			ByLink bool   `json:"by_link"`
			Issuer string `json:"issuer"`
		}
		switch err := json.Unmarshal(e.After, &how); {
		case err == nil && how.ByLink:
			return "signed in with a link"
		case err == nil && how.Issuer != "":
			return "signed in at " + how.Issuer
		}
	case "session.confirm":
		if e.After != nil {
			return "confirmed with the identity provider"
		}
	case "session.end":
		if _, id := subjectOf(e); id == e.Credential {
			return "signed out"
		}
	}
	words := cmp.Or(actWords(e.Action), e.Action)
	if e.Refused != "" {
		words = "was refused to " + infinitive(words)
	}
	if strings.HasSuffix(words, " Key") && e.Subject != e.Actor.String() {
		words += " of"
	}
	return words
}

// infinitive makes "roll the token" of "rolled the token". Other verbs than these stay.
func infinitive(words string) string {
	verb, rest, _ := strings.Cut(words, " ")
	verb = cmp.Or(map[string]string{
		"made": "make", "edited": "edit", "rolled": "roll", "ended": "end", "deleted": "delete", "signed": "sign", "confirmed": "confirm", "disabled": "disable", "changed": "change",
		"renamed": "rename", "added": "add", "invited": "invite", "removed": "remove", "registered": "register", "moved": "move", "imported": "import", "brought": "bring",
	}[verb], verb)
	return strings.TrimSpace(verb + " " + rest)
}

// actWords are those of all acts that there are; "" for another.
func actWords(action string) string {
	return map[string]string{
		"token.create": "made the token", "token.update": "edited the token", "token.roll": "rolled the token",
		"token.end_overlap": "ended the earlier secret of the token", "token.delete": "deleted the token",
		"session.begin": "signed in", "session.end": "ended another session", "session.end_others": "ended all other sessions",
		"session.confirm": "confirmed with the password",
		"user.create":     "made the user", "user.unlink": "forgot what identity providers know by the user", "user.link": "found known to an identity provider the user", "user.update": "changed the user", "user.password": "changed the password",
		"user.key": "changed the Global API Key", "user.key_disable": "disabled the Global API Key", "user.origin_ca_key_disable": "disabled the Origin CA Key", "user.origin_ca_key": "changed the Origin CA Key", "user.sign_in_link": "made a sign-in link for",
		"leak.revoke": "ended a leaked secret of the token", "leak.report": "found in public a secret of the token",
		"account.create": "made the account", "account.update": "renamed the account",
		"member.add": "added the member", "member.invite": "invited the member", "member.update": "changed the roles of the member", "member.remove": "removed the member",
		"role.create": "made the role", "role.update": "changed the role", "role.delete": "removed the role", "credential.import": "imported tokens and keys",
		"resource.register": "registered the resource", "resource.remove": "removed the resource",
		"resource.rename": "renamed the resource", "resource.move": "moved the resource", "resource.import": "imported", "resource.discover": "brought in step with the upstream what is under",
	}[action]
}

// updateWords tells an edit from a mere switch.
func updateWords(e control.AuditEntry) string {
	before, err1 := tell.ReadRecorded(e.Before)
	after, err2 := tell.ReadRecorded(e.After)
	if err1 == nil && err2 == nil && before != nil && after != nil && before.Spec.Status != after.Spec.Status {
		if after.Spec.Status == leastkey.Disabled {
			return "disabled the token"
		}
		return "enabled the token"
	}
	return actWords(e.Action)
}
