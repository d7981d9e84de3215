package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// vocabulary is what the server says can be granted: its permission groups, and through them its
// resource types. It works for any catalogue.
type vocabulary struct{ groups []api.PermissionGroup }

func readVocabulary(ctx context.Context, tokens client.Tokens) (vocabulary, error) {
	groups, err := tokens.PermissionGroups(ctx)
	return vocabulary{groups}, err
}

// scope is how the wire spells the type of a group: "com.cloudflare.api.account.zone".
func scope(g api.PermissionGroup) string {
	if len(g.Scopes) == 0 {
		return ""
	}
	return g.Scopes[0]
}

// kindOf is the word for a scope: its last part, "zone".
func kindOf(scope string) string { return scope[strings.LastIndexByte(scope, '.')+1:] }

// scopes lists the resource types, the longest spelling first.
func (v vocabulary) scopes() []string {
	var all []string
	for _, g := range v.groups {
		if s := scope(g); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// scopeOf finds the type that a word means: the last part of its spelling, or all of it.
func (v vocabulary) scopeOf(kind string) (string, error) {
	var found []string
	var known []string
	for _, s := range v.scopes() {
		known = append(known, kindOf(s))
		if s == kind || kindOf(s) == kind {
			found = append(found, s)
		}
	}
	slices.Sort(known)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no permission is about resources of type %q: there are %s", kind, strings.Join(slices.Compact(known), ", "))
	default:
		return "", fmt.Errorf("type %q could be any of %s: write one of these", kind, strings.Join(found, ", "))
	}
}

// group finds a permission group by name or id among those of one type.
func (v vocabulary) group(text, ofScope string) (api.PermissionGroup, error) {
	var elsewhere, near []string
	for _, g := range v.groups {
		switch {
		case g.Name != text && g.ID.String() != text:
			if strings.EqualFold(g.Name, text) || strings.Contains(strings.ToLower(g.Name), strings.ToLower(text)) {
				near = append(near, g.Name)
			}
		case scope(g) == ofScope:
			return g, nil
		default:
			elsewhere = append(elsewhere, kindOf(scope(g)))
		}
	}
	kind := kindOf(ofScope)
	switch {
	case len(elsewhere) > 0:
		return api.PermissionGroup{}, fmt.Errorf("permission group %q is for resources of type %s, not %s", text, strings.Join(elsewhere, " or "), kind)
	case len(near) > 0:
		slices.Sort(near)
		return api.PermissionGroup{}, fmt.Errorf("no permission group is called %q: is it %s?", text, strings.Join(slices.Compact(near[:min(len(near), 5)]), ", "))
	default:
		return api.PermissionGroup{}, fmt.Errorf("no permission group is called %q: leastkey permission-groups lists them", text)
	}
}

// name is what a group is called, for groups of policies that come without a name.
func (v vocabulary) name(ref api.PermissionGroupRef) string {
	if ref.Name != "" {
		return ref.Name
	}
	for _, g := range v.groups {
		if g.ID == ref.ID {
			return g.Name
		}
	}
	return "permission group " + ref.ID.String()
}

// split takes a key of a resource map apart: "com.cloudflare.api.account.zone.<id>".
func (v vocabulary) split(key string) (ofScope, id string) {
	for _, s := range v.scopes() {
		if rest, ok := strings.CutPrefix(key, s+"."); ok {
			return s, rest
		}
	}
	i := strings.LastIndexByte(key, '.')
	return key[:max(i, 0)], key[i+1:]
}

// isID reports whether the text is an id rather than a name.
func isID(text string) bool {
	_, err := leastkey.ParseID(text)
	return err == nil
}
