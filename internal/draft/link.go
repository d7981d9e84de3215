package draft

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// The fields of a link that prefills the form.
const (
	LinkPermissions = "permissionGroupKeys" // [{"key":"dns","type":"edit"}]
	LinkAccount     = "accountId"           // an id, "*" or "all"
	LinkZone        = "zoneId"              // an id, "*" or "all"
	LinkName        = "name"
)

// IsLink reports whether a query prefills the form.
func IsLink(v url.Values) bool {
	return v.Has(LinkPermissions) || v.Has(LinkAccount) || v.Has(LinkZone) || v.Has(LinkName)
}

// mostKeys bounds what a link asks for.
const mostKeys = 200

// FromLink is a draft with what a link asks for. It is only a proposal: nothing is granted before
// whoever follows the link has read it and said so. The problems are what was not understood.
func FromLink(cat *catalog.Catalog, owner leastkey.Principal, v url.Values) (Draft, []Problem) {
	l := link{cat: cat, names: namesOf(cat), owner: owner, account: v.Get(LinkAccount), zone: v.Get(LinkZone)}
	r := Rule{Effect: leastkey.Allow}
	for _, k := range l.keys(v.Get(LinkPermissions)) {
		g, ok := l.group(k)
		if !ok {
			continue
		}
		if p := l.names.permission(g); !slices.Contains(r.Permissions, p) {
			r.Permissions = append(r.Permissions, p)
		}
	}
	for _, p := range r.Permissions {
		if !slices.ContainsFunc(r.Resources, func(row Resource) bool { return row.Type == p.Type }) {
			r.Resources = append(r.Resources, l.resource(p.Type))
		}
	}
	named := Parse(url.Values{NameField: v[LinkName]})
	l.problems = append(l.problems, named.over...)
	d := Draft{Name: named.Name, Rules: []Rule{r}}
	if len(r.Permissions) == 0 {
		d.Rules = Blank(cat, owner).Rules
	}
	l.unusedIDs(r)
	return d, l.problems
}

// link reads one link.
type link struct {
	cat           *catalog.Catalog
	names         names
	owner         leastkey.Principal
	account, zone string
	problems      []Problem
}

func (l *link) wrong(format string, args ...any) {
	if p := (Problem{Message: fmt.Sprintf(format, args...)}); !slices.Contains(l.problems, p) {
		l.problems = append(l.problems, p)
	}
}

// key is one permission that a link asks for.
type key struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

func (k key) String() string {
	if k.Type == "" {
		return quoted(k.Key)
	}
	return quoted(k.Key + ": " + k.Type)
}

func (l *link) keys(text string) []key {
	if text == "" {
		return nil
	}
	var keys []key
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		l.wrong("The permissions of the link are not a list such as [{\"key\":\"dns\",\"type\":\"read\"}].")
		return nil
	}
	if len(keys) > mostKeys {
		l.wrong("The link asks for more than %d permissions. The rest are left out.", mostKeys)
		keys = keys[:mostKeys]
	}
	return keys
}

// group finds what a key asks for, among the groups that a token of the owner can have.
func (l *link) group(k key) (catalog.Group, bool) {
	var found []catalog.Group
	for _, g := range l.names.groups {
		if suits(g.Type, l.owner) && k.means(g) {
			found = append(found, g)
		}
	}
	if len(found) > 1 {
		found = l.nearest(found)
	}
	switch len(found) {
	case 1:
		return found[0], true
	case 0:
		l.wrong("The link asks for %s, which is no permission here.", k)
	default:
		l.wrong("The link asks for %s, which exists for %s. Choose one of them.", k,
			list(distinct(found, func(g catalog.Group) string { return Nouns(g.Type) }), "and"))
	}
	return catalog.Group{}, false
}

// means reports whether the key may stand for the group: by its id; by its base name with read, or
// with write or edit; or, of groups that do neither, by the whole name, all of it in the key or with
// its last word as the type.
func (k key) means(g catalog.Group) bool {
	if id, err := leastkey.ParseID(k.Key); err == nil {
		return g.ID == id
	}
	asked := snake(k.Key)
	switch kind := strings.ToLower(k.Type); {
	case g.Access == catalog.Read:
		return kind == "read" && asked == snake(Base(g))
	case g.Access == catalog.Write:
		return (kind == "write" || kind == "edit") && asked == snake(Base(g))
	default:
		return asked+"_"+snake(kind) == snake(g.Name) || kind != "read" && asked == snake(g.Name)
	}
}

// nearest are the groups for the type of resource that the link names an id of.
func (l *link) nearest(groups []catalog.Group) []catalog.Group {
	for _, named := range []struct {
		id string
		t  leastkey.ResourceType
	}{{l.zone, "zone"}, {l.account, leastkey.AccountType}} {
		of := slices.DeleteFunc(slices.Clone(groups), func(g catalog.Group) bool { return g.Type != named.t })
		if named.id != "" && len(of) > 0 {
			return of
		}
	}
	return groups
}

// snake is a name in the spelling of keys: "Zone Settings" is "zone_settings".
func snake(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "_")
}

func all(id string) bool { return id == "*" || id == "all" }

// resource is where the link wants the permissions for a type; where it does not say, nothing is chosen.
func (l *link) resource(t leastkey.ResourceType) Resource {
	row := newResource(t, l.owner)
	inAccount := slices.Contains(Parents(l.cat, t), leastkey.AccountType)
	switch {
	case t == leastkey.UserType:
	case t == "zone" && l.zone != "" && !all(l.zone):
		l.choose(&row, LinkZone, l.zone)
	case t == leastkey.AccountType && l.account != "" && !all(l.account):
		l.choose(&row, LinkAccount, l.account)
	case t == leastkey.AccountType && all(l.account):
		return wholeOf(t, l.owner)
	case inAccount && (t != "zone" || all(l.zone)) && l.cat.ValidID(leastkey.AccountType, l.account):
		row.Extent, row.Parent = Under, leastkey.Resource{Type: leastkey.AccountType, ID: l.account}
	case t == "zone" && all(l.zone) && (l.account == "" || all(l.account)), inAccount && t != "zone" && all(l.account):
		return wholeOf(t, l.owner)
	}
	return row
}

// choose puts the id of the link into the row, if it is one.
func (l *link) choose(row *Resource, field, id string) {
	if !l.cat.ValidID(row.Type, id) {
		l.wrong("The link's %s is not the id of %s: %s. Choose it here.", field, article(row.Type), quoted(id))
		return
	}
	row.IDs = []string{id}
}

// unusedIDs says which ids of the link had nothing to go with, or were none.
func (l *link) unusedIDs(r Rule) {
	used := func(t leastkey.ResourceType) bool {
		return slices.ContainsFunc(r.Resources, func(row Resource) bool {
			return row.Type == t || t == leastkey.AccountType && slices.Contains(Parents(l.cat, row.Type), t)
		})
	}
	if l.zone != "" && !used("zone") {
		l.wrong("The link names a zone and no permission for zones.")
	}
	if l.account != "" && !used(leastkey.AccountType) {
		l.wrong("The link names an account and no permission that holds in one.")
	}
	if l.account != "" && !all(l.account) && !l.cat.ValidID(leastkey.AccountType, l.account) {
		l.wrong("The link's %s is not the id of an account: %s. Choose it here.", LinkAccount, quoted(l.account))
	}
}
