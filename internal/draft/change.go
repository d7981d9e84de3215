package draft

import (
	"slices"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Blank is where somebody begins who starts from nothing: one rule, with nothing chosen.
func Blank(cat *catalog.Catalog, owner leastkey.Principal) Draft {
	return Draft{Rules: []Rule{newRule(cat, owner, leastkey.Allow)}}
}

func newRule(cat *catalog.Catalog, owner leastkey.Principal, effect leastkey.Effect) Rule {
	t := leastkey.AccountType
	for _, r := range Offered(cat, owner) { // what the API is about comes after what every catalogue has
		if r.Type != leastkey.UserType && r.Type != leastkey.AccountType {
			t = r.Type
			break
		}
	}
	return Rule{Effect: effect, Permissions: []Permission{{Type: t, Access: Read}}, Resources: []Resource{newResource(t, owner)}}
}

// newResource is a row of a type in which nothing is chosen that is not certain.
func newResource(t leastkey.ResourceType, owner leastkey.Principal) Resource {
	r := Resource{Type: t, Mode: Include, Extent: One}
	switch {
	case t == leastkey.UserType:
		r.Extent = Self
	case t == leastkey.AccountType && owner.Kind == leastkey.AccountPrincipal:
		r.IDs = []string{owner.ID.String()}
	}
	return r
}

// Change does what a button of the form says, and gives the row or rule to look at next, by the name
// of its field; "" is the form as a whole. It is false when the words are no such button's:
//
//	add-rule:allow  add-rule:deny  remove-rule:R
//	add-permission:R               remove-permission:R:I
//	add-resource:R                 remove-resource:R:I
//	find:R:I                       add-ip:in:ADDRESS  add-ip:not_in:ADDRESS
func (d Draft) Change(cat *catalog.Catalog, owner leastkey.Principal, do string) (changed Draft, field string, ok bool) {
	d = d.clone()
	verb, rest, _ := strings.Cut(do, ":")
	if verb == "add-ip" {
		field, ok = d.addAddress(rest)
		return d, field, ok
	}
	if verb == "add-rule" {
		var effect leastkey.Effect
		if effect.UnmarshalText([]byte(rest)) != nil || len(d.Rules) >= mostRules {
			return d, "", false
		}
		d.Rules = append(d.Rules, newRule(cat, owner, effect))
		return d, RuleField(len(d.Rules)-1, "effect"), true
	}
	rule, row, ok := d.position(rest)
	if !ok {
		return d, "", false
	}
	r := &d.Rules[rule]
	switch verb {
	case "remove-rule":
		d.Rules = slices.Delete(d.Rules, rule, rule+1)
		return d, "", row < 0
	case "add-permission":
		next := Permission{Access: Read}
		if n := len(r.Permissions); n > 0 {
			next.Type = r.Permissions[n-1].Type
		}
		r.Permissions = append(r.Permissions, next)
		return d, PermissionField(rule, len(r.Permissions)-1, "group"), row < 0 && !r.Kept
	case "add-resource":
		r.Resources = append(r.Resources, newResource(r.nextType(), owner))
		return d, ResourceField(rule, len(r.Resources)-1, "type"), row < 0 && !r.Kept
	case "remove-permission":
		if row < 0 || row >= len(r.Permissions) {
			return d, "", false
		}
		r.Permissions = slices.Delete(r.Permissions, row, row+1)
		return d, RuleField(rule, "effect"), true
	case "remove-resource", "find":
		if row < 0 || row >= len(r.Resources) {
			return d, "", false
		}
		if verb == "find" {
			return d, ResourceField(rule, row, "find"), true
		}
		r.Resources = slices.Delete(r.Resources, row, row+1)
		return d, RuleField(rule, "effect"), true
	}
	return d, "", false
}

// nextType is the type that the next row of resources is probably about: one that a permission needs
// and no row has, or that of the last row.
func (r Rule) nextType() leastkey.ResourceType {
	for _, p := range r.Permissions {
		covered := slices.ContainsFunc(r.Resources, func(row Resource) bool { return row.Type == p.Type })
		if p.Type != "" && !covered {
			return p.Type
		}
	}
	if n := len(r.Resources); n > 0 {
		return r.Resources[n-1].Type
	}
	return leastkey.AccountType
}

// position reads "R" or "R:I". row is -1 when there is none.
func (d Draft) position(text string) (rule, row int, ok bool) {
	first, second, both := strings.Cut(text, ":")
	rule, err := strconv.Atoi(first)
	if err != nil || rule < 0 || rule >= len(d.Rules) {
		return 0, 0, false
	}
	if !both {
		return rule, -1, true
	}
	row, err = strconv.Atoi(second)
	return rule, row, err == nil
}

// addAddress adds an address to one of the lists, once.
func (d *Draft) addAddress(rest string) (field string, ok bool) {
	field, text, _ := strings.Cut(rest, ":")
	list := &d.In
	switch field {
	case InField:
	case NotInField:
		list = &d.NotIn
	default:
		return "", false
	}
	if _, err := leastkey.ParseAddressRange(text); err != nil || len(*list) >= mostAddresses {
		return field, false
	}
	if !slices.Contains(*list, text) {
		*list = append(*list, text)
	}
	return field, true
}
