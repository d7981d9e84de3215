package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// group is a permission group of the catalogue to be.
type group struct {
	name, kind, category string
	id                   string
}

func isID(s string) bool {
	_, err := leastkey.ParseID(s)
	return err == nil
}

// groupID is made of what a group is, so that a second import gives the same.
func groupID(namespace, kind, name string) string {
	sum := sha256.Sum256([]byte("leastkey import\x00" + namespace + "\x00" + kind + "\x00" + name))
	return hex.EncodeToString(sum[:16])
}

// groups names the groups of all rows.
type groups struct {
	namespace string
	builtIn   map[string]bool   // names for accounts that every catalogue has
	named     map[string]bool   // names that the document gives
	labels    map[string]string // what a tag is called
	owners    map[string]string // whose label it is
	writing   map[string]bool   // tag and type for which something is written
	list      []group
	have      map[string]bool
}

func groupsOf(ops []*operation, namespace string, builtIn map[string]bool) *groups {
	g := &groups{
		namespace: namespace, builtIn: builtIn, named: map[string]bool{}, labels: map[string]string{},
		owners: map[string]string{}, writing: map[string]bool{}, have: map[string]bool{},
	}
	for _, op := range ops {
		if op.row == nil {
			continue
		}
		for _, name := range op.row.named {
			g.named[name] = true
		}
		if op.row.writes && len(op.row.named) == 0 {
			g.writing[op.row.key()] = true
		}
	}
	return g
}

func (r *row) key() string {
	if r.tag != "" {
		return r.tag + "\x00" + r.kind.name
	}
	return "\x00" + r.kind.name
}

// label is what a tag, or the type where there is none, is called in the names of groups.
func (g *groups) label(r *row) string {
	raw := r.tag
	if raw == "" {
		raw = "\x00" + r.kind.name
	}
	if l, ok := g.labels[raw]; ok {
		return l
	}
	l := title(strings.TrimPrefix(raw, "\x00"))
	if l == "" {
		l = "API"
	}
	taken := func(l string) bool {
		return g.owners[l] != "" || slices.ContainsFunc([]string{" Read", " Write"}, func(end string) bool {
			return g.named[l+end] || g.builtIn[l+end]
		})
	}
	for taken(l) {
		l += " (tag)"
	}
	g.labels[raw], g.owners[l] = l, raw
	return l
}

// accepted names the groups of which one suffices, and keeps them.
func (g *groups) accepted(r *row) []string {
	var names []string
	add := func(name, category string) {
		key := r.kind.name + "\x00" + name
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if !g.have[key] && (r.kind.name != "account" || !g.builtIn[name]) {
			g.have[key] = true
			g.list = append(g.list, group{name: name, kind: r.kind.name, category: category, id: groupID(g.namespace, r.kind.name, name)})
		}
	}
	if len(r.named) > 0 {
		for _, name := range r.named {
			add(name, "")
		}
		return names
	}
	label := g.label(r)
	category := snake(label)
	if !r.writes {
		add(label+" Read", category)
	}
	if r.writes || g.writing[r.key()] {
		add(label+" Write", category)
	}
	return names
}
