package catalog

import (
	"regexp"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// Resource is a type of resource as the catalogue defines it.
type Resource struct {
	Type   leastkey.ResourceType
	Parent leastkey.ResourceType // "" for user and account
	Scope  string                // how the wire spells the type: "com.cloudflare.api.account.zone"
	IDs    IDForm
}

// IDForm says which ids resources of a type have. The zero form admits none.
type IDForm uint8

// The forms of ids.
const (
	_       IDForm = iota
	Hex32          // 32 lower-case hex digits
	AnyText        // 1 to 255 bytes of visible ASCII without '*'
)

// Admits reports whether the id has the form.
func (f IDForm) Admits(id string) bool {
	switch f {
	case Hex32:
		_, err := leastkey.ParseID(id)
		return err == nil
	case AnyText:
		const most = 255
		return id != "" && len(id) <= most &&
			!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '*' })
	default:
		return false
	}
}

// String says the form in words.
func (f IDForm) String() string {
	switch f {
	case Hex32:
		return "32 lower-case hex digits"
	case AnyText:
		return "1 to 255 visible ASCII characters without '*'"
	default:
		return "none"
	}
}

// Resources lists the types: user and account, then those of the file in its order.
func (c *Catalog) Resources() []Resource { return slices.Clone(c.resources) }

// Resource finds a type by its name.
func (c *Catalog) Resource(t leastkey.ResourceType) (Resource, bool) {
	r, ok := c.byType[t]
	return r, ok
}

// ResourceByScope finds a type by its spelling on the wire, "com.cloudflare.api.account.zone".
func (c *Catalog) ResourceByScope(scope string) (Resource, bool) {
	i := slices.IndexFunc(c.resources, func(r Resource) bool { return r.Scope == scope })
	if i < 0 {
		return Resource{}, false
	}
	return c.resources[i], true
}

// ValidID reports whether a resource of type t can have this id.
func (c *Catalog) ValidID(t leastkey.ResourceType, id string) bool { return c.byType[t].IDs.Admits(id) }

// descends reports whether t has ancestor among its ancestors.
func (c *Catalog) descends(t, ancestor leastkey.ResourceType) bool {
	for p := c.byType[t].Parent; p != ""; p = c.byType[p].Parent {
		if p == ancestor {
			return true
		}
	}
	return false
}

var (
	typeName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	scopeName = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
)

// reservedTypes would be misread in a target.
var reservedTypes = []string{"list", "create", "under", "in", "caller", "self"}

// addResources reads the section resources. ids is the form for types that say nothing else.
func (b *builder) addResources(section value, ids IDForm) {
	all := section.entry("resources")
	first := len(b.c.resources)
	for _, key := range all.keys {
		name := key.node.Value
		if !typeName.MatchString(name) || slices.Contains(reservedTypes, name) {
			key.wrong("a resource type cannot be called "+quote(name),
				"use lower-case letters, digits and _, and none of "+strings.Join(reservedTypes, ", "))
			continue
		}
		if old, taken := b.places["resource type "+name]; taken {
			key.wrong("resource type "+quote(name)+" is defined twice ("+old.where()+")", "remove this one or choose another name")
			continue
		}
		b.places["resource type "+name] = key
		b.c.resources = append(b.c.resources, b.resource(key, all.at[name], ids))
	}
	for i := first; i < len(b.c.resources); i++ {
		b.c.byType[b.c.resources[i].Type] = b.c.resources[i]
	}
	for i := first; i < len(b.c.resources); i++ {
		b.placeResource(&b.c.resources[i])
		b.c.byType[b.c.resources[i].Type] = b.c.resources[i]
	}
	b.checkScopes()
}

// resource reads one type. Scope holds the key as written until the parents are known.
func (b *builder) resource(key, v value, ids IDForm) Resource {
	r := Resource{Type: leastkey.ResourceType(key.node.Value), IDs: ids}
	e := v.entry("resource type "+key.node.Value, "parent", "key", "scope", "ids")
	if !key.doc.control {
		r.Parent = leastkey.AccountType
	}
	if p := e.key("parent"); p.present() {
		parent, _ := p.text("parent")
		r.Parent = leastkey.ResourceType(parent)
	}
	if f := e.key("ids"); f.present() {
		r.IDs = readIDForm(f)
	}
	switch k, s := e.key("key"), e.key("scope"); {
	case k.present() && s.present():
		s.wrong("resource type "+quote(key.node.Value)+" has both key and scope", "keep key (below the namespace) or scope (whole)")
	case k.present():
		if text, ok := k.text("key"); ok {
			r.Scope = b.namespace + "." + text
		}
	case s.present():
		r.Scope, _ = s.text("scope")
	}
	return r
}

func readIDForm(v value) IDForm {
	text, _ := v.text("ids")
	switch text {
	case "hex32":
		return Hex32
	case "any":
		return AnyText
	default:
		v.wrong("unknown form of ids "+quote(text), "use hex32 or any")
		return Hex32
	}
}

// placeResource checks that a type descends from account, and completes its scope.
func (b *builder) placeResource(r *Resource) {
	at := b.places["resource type "+string(r.Type)]
	if !at.doc.control {
		steps := 0
		for t := r.Type; t != leastkey.AccountType; t = b.c.byType[t].Parent {
			if _, known := b.c.byType[t]; !known || t == leastkey.UserType || steps > len(b.c.resources) {
				at.wrong("resource type "+quote(string(r.Type))+" does not descend from account: its parent is "+quote(string(r.Parent)),
					"name account, or a type below it, as the parent")
				r.Parent = leastkey.AccountType
				break
			}
			steps++
		}
	}
	if r.Scope == "" { // not below the parent's: an id of the parent might then read as a key
		r.Scope = b.namespace + "." + string(leastkey.AccountType) + "." + string(r.Type)
	}
	if !scopeName.MatchString(r.Scope) {
		at.wrong("resource type "+quote(string(r.Type))+" would be spelled "+quote(r.Scope),
			"use words of lower-case letters, digits, _ and -, joined by dots")
	}
}

// checkScopes makes sure that a resource key on the wire can be read in one way only.
func (b *builder) checkScopes() {
	for i, r := range b.c.resources {
		at := b.places["resource type "+string(r.Type)]
		for j, other := range b.c.resources {
			switch {
			case j < i && r.Scope == other.Scope:
				at.wrong("resource types "+quote(string(other.Type))+" and "+quote(string(r.Type))+" are both spelled "+quote(r.Scope),
					"give one of them another key")
			case r.IDs == AnyText && strings.HasPrefix(other.Scope, r.Scope+"."):
				at.wrong("an id of "+quote(string(r.Type))+" could be read as a key of "+quote(string(other.Type))+", which is spelled "+quote(other.Scope),
					"set ids: hex32 for "+string(r.Type)+", or give "+string(other.Type)+" a key that does not begin with "+r.Scope)
			}
		}
	}
}
