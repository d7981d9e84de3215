package guard

import (
	"errors"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// registered is what is known of a resource.
type registered struct {
	parent leastkey.Resource
	name   string
}

// hostName is a name of the domain name system, in lower case and without a dot at its end, that a
// resource of a type is called by.
type hostName struct {
	kind leastkey.ResourceType
	name string
}

// foundByHost are the types that operations of the catalogue find by host names.
func foundByHost(c *catalog.Catalog) map[leastkey.ResourceType]bool {
	found := map[leastkey.ResourceType]bool{}
	for _, op := range c.Operations() {
		if op.Target.ID.Host {
			found[op.Target.Type] = true
		}
		if op.Target.In.Host {
			found[op.Target.Under] = true
		}
		if op.Moves != nil && op.Moves.In.Host {
			found[op.Moves.Under] = true
		}
	}
	return found
}

// name puts a resource down by its name.
func (e *change) name(r leastkey.Resource, name string) {
	if called, ok := readHostName(name); ok && e.rules.byHost[r.Type] {
		key := hostName{r.Type, called}
		same, _ := e.names.get(key)
		e.names.put(key, append(slices.Clone(same), r))
	}
}

func (e *change) unname(r leastkey.Resource, name string) {
	called, ok := readHostName(name)
	if !ok || !e.rules.byHost[r.Type] {
		return
	}
	key := hostName{r.Type, called}
	same, _ := e.names.get(key)
	if left := slices.DeleteFunc(slices.Clone(same), func(other leastkey.Resource) bool { return other == r }); len(left) > 0 {
		e.names.put(key, left)
		return
	}
	e.names.drop(key)
}

// rename puts everything down by its name anew, for another catalogue.
func (e *change) rename() {
	e.names = newSharded[hostName, []leastkey.Resource]().edit()
	for r, row := range e.resources.entries() {
		e.name(r, row.name)
	}
}

// named is the one resource of a type that all the host names belong to: each has its name, or is
// below it, with none of the type nearer. It has no id when there is none, when a name is that of
// two, or when they belong to several: nobody who asks learns which.
func (n *snapshot) named(t leastkey.ResourceType, hosts []string) (leastkey.Resource, error) {
	nothing := leastkey.Resource{Type: t}
	var all leastkey.Resource
	several := false
	for i, host := range hosts {
		name, ok := readHostName(strings.TrimPrefix(host, "*."))
		if !ok {
			return nothing, errors.New("a host name that it acts on has not the form of one")
		}
		on := n.nearest(t, name)
		several = several || i > 0 && on != all
		all = on
	}
	if several {
		return nothing, nil
	}
	return all, nil
}

// nearest is the resource whose name is the host name, or the longest one above it.
func (n *snapshot) nearest(t leastkey.ResourceType, name string) leastkey.Resource {
	for {
		switch called, _ := n.names.get(hostName{t, name}); len(called) {
		case 0:
		case 1:
			return called[0]
		default:
			return leastkey.Resource{Type: t} // of two, neither
		}
		_, above, more := strings.Cut(name, ".")
		if !more {
			return leastkey.Resource{Type: t}
		}
		name = above
	}
}

// above is the ancestor of a type that a resource has; without an id when there is none.
func (n *snapshot) above(r leastkey.Resource, t leastkey.ResourceType) leastkey.Resource {
	ancestors, _ := n.ancestry(r)
	for _, a := range ancestors {
		if a.Type == t {
			return a
		}
	}
	return leastkey.Resource{Type: t}
}

// readHostName reads a host name in its one spelling. What a resolver would take for another name,
// or for none, is none.
func readHostName(s string) (string, bool) {
	const longest, longestLabel = 253, 63
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > longest {
		return "", false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > longestLabel || strings.Trim(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", false
		}
	}
	return strings.ToLower(s), true
}
