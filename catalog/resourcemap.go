package catalog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// ResourceMapError says what is wrong with the resources of a policy, at which key.
type ResourceMapError struct {
	Key  string // "" when the map as a whole is meant
	What string
	Fix  string
}

// Error gives "resources: key: what; fix".
func (e *ResourceMapError) Error() string {
	if e.Key == "" {
		return "resources: " + e.What + "; " + e.Fix
	}
	return "resources: key " + quote(e.Key) + ": " + e.What + "; " + e.Fix
}

// ParseResources reads the resource map of a policy, keeping its order:
//
//	{"com.cloudflare.api.account.zone.<id>": "*"}                        one zone
//	{"com.cloudflare.api.account.zone.*": "*"}                           every zone
//	{"com.cloudflare.api.account.<id>":
//	    {"com.cloudflare.api.account.zone.*": "*"}}                      every zone of that account
//
// An error is a [*ResourceMapError].
func (c *Catalog) ParseResources(data []byte) ([]leastkey.Pattern, error) {
	if !json.Valid(data) {
		return nil, &ResourceMapError{What: "not JSON", Fix: "send an object"}
	}
	m := mapReader{c: c, dec: json.NewDecoder(bytes.NewReader(data))}
	if m.next() != json.Delim('{') {
		return nil, &ResourceMapError{What: "not an object", Fix: `send {"` + c.exampleKey() + `": "*"} or the like`}
	}
	if err := m.object(m.topEntry); err != nil {
		return nil, err
	}
	if len(m.patterns) == 0 {
		return nil, &ResourceMapError{What: "no resource", Fix: "name at least one"}
	}
	return m.patterns, nil
}

// mapReader walks the tokens of a map that is known to be JSON.
type mapReader struct {
	c        *Catalog
	dec      *json.Decoder
	patterns []leastkey.Pattern
}

func (m *mapReader) next() json.Token {
	t, err := m.dec.Token()
	if err != nil {
		return nil // cannot be: the data is valid JSON, and only read up to its end
	}
	return t
}

// object reads the entries of an object that has begun.
func (m *mapReader) object(entry func(key string, v json.Token) error) error {
	seen := map[string]bool{}
	for m.dec.More() {
		key, _ := m.next().(string)
		if seen[key] {
			return &ResourceMapError{key, "occurs twice", "keep one"}
		}
		seen[key] = true
		if err := entry(key, m.next()); err != nil {
			return err
		}
	}
	m.next() // the closing brace
	return nil
}

func (m *mapReader) topEntry(key string, v json.Token) error {
	r, id, err := m.c.parseKey(key)
	if err != nil {
		return err
	}
	switch {
	case v == json.Token("*") && id == "*" && r.Type == leastkey.UserType:
		return &ResourceMapError{key, "a token never reaches every user", "name your own user id instead of *"}
	case v == json.Token("*") && id == "*":
		m.patterns = append(m.patterns, leastkey.PatternEvery(r.Type))
		return nil
	case v == json.Token("*"):
		m.patterns = append(m.patterns, leastkey.PatternOne(leastkey.Resource{Type: r.Type, ID: id}))
		return nil
	case v == json.Delim('{') && id == "*":
		return &ResourceMapError{key, "an object below *", `write the keys of the object at the top, with the value "*"`}
	case v == json.Delim('{'):
		return m.below(key, leastkey.Resource{Type: r.Type, ID: id})
	default:
		return badValue(key)
	}
}

// below reads what a policy is about under one parent.
func (m *mapReader) below(parentKey string, parent leastkey.Resource) error {
	before := len(m.patterns)
	err := m.object(func(key string, v json.Token) error {
		r, id, err := m.c.parseKey(key)
		switch {
		case err != nil:
			return err
		case v != json.Token("*"):
			return &ResourceMapError{key, `its value is not "*"`, `write "*"`}
		case !m.c.descends(r.Type, parent.Type):
			return &ResourceMapError{key, "type " + string(r.Type) + " is not below type " + string(parent.Type), "move it to the top of the map"}
		case id != "*":
			return &ResourceMapError{key, "one resource inside an object", "move it to the top of the map, or write * for its id"}
		}
		m.patterns = append(m.patterns, leastkey.PatternUnder(r.Type, parent))
		return nil
	})
	if err == nil && len(m.patterns) == before {
		return &ResourceMapError{parentKey, "an empty object", `write "*", or name what is under it`}
	}
	return err
}

func badValue(key string) error {
	return &ResourceMapError{key, `its value is neither "*" nor an object`, `write "*"`}
}

// parseKey splits "com.cloudflare.api.account.zone.<id or *>". Where one scope begins with
// another, the longer one is meant.
func (c *Catalog) parseKey(key string) (r Resource, id string, err error) {
	for _, candidate := range c.resources {
		rest, ok := strings.CutPrefix(key, candidate.Scope+".")
		if ok && len(candidate.Scope) > len(r.Scope) {
			r, id = candidate, rest
		}
	}
	switch {
	case key == "":
		return r, "", &ResourceMapError{What: "an empty key", Fix: "name a resource, such as " + c.exampleKey()}
	case r.Scope == "":
		var known []string
		for _, candidate := range c.grantable() {
			known = append(known, candidate.Scope+".<id>")
		}
		return r, "", &ResourceMapError{key, "unknown kind of resource", "use " + strings.Join(known, ", ")}
	case id != "*" && !r.IDs.Admits(id):
		return r, "", &ResourceMapError{key, "what follows " + r.Scope + ". is not an id", "ids of type " + string(r.Type) + " are " + r.IDs.String()}
	}
	return r, id, nil
}

// exampleKey is a key for messages.
func (c *Catalog) exampleKey() string {
	all := c.grantable()
	return all[len(all)-1].Scope + ".*"
}

// grantable are the types that messages name: user, account, and those on which a group grants anything.
func (c *Catalog) grantable() []Resource {
	return slices.DeleteFunc(slices.Clone(c.resources), func(r Resource) bool {
		return r.Type != leastkey.UserType && r.Type != leastkey.AccountType && !slices.ContainsFunc(c.groups, func(g Group) bool { return g.Type == r.Type })
	})
}

// FormatResources is the inverse of [Catalog.ParseResources]: the same map, in the same order.
// Exact duplicates are dropped, and what is under one parent stands together, at its first place.
// An error is a [*ResourceMapError]: some patterns, such as an account and everything under the
// same account, have no spelling in one map.
func (c *Catalog) FormatResources(patterns []leastkey.Pattern) ([]byte, error) {
	out := []byte{'{'}
	var keys map[string]bool
	var done map[leastkey.Pattern]bool
	if len(patterns) > 1 { // most policies name one
		keys, done = map[string]bool{}, map[leastkey.Pattern]bool{}
	}
	for i, p := range patterns {
		if done[p] {
			continue
		}
		key, together, ok := c.spell(p, patterns[i:])
		if !ok {
			return nil, &ResourceMapError{What: "no spelling for " + p.String(), Fix: "use the resource types and forms of ids of the catalogue"}
		}
		if keys[key] {
			return nil, &ResourceMapError{key, "stands for itself and for what is under it", "make two policies of them"}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, jsonText(key)...), ':'), c.valueOf(together)...)
		if done == nil {
			continue
		}
		keys[key] = true
		for _, q := range together {
			done[q] = true
		}
	}
	return append(out, '}'), nil
}

// spell gives the key for a pattern and, of the patterns from it on, those that share the key.
func (c *Catalog) spell(p leastkey.Pattern, rest []leastkey.Pattern) (key string, together []leastkey.Pattern, ok bool) {
	r, known := c.byType[p.Type]
	switch {
	case !known:
	case p.Extent == leastkey.Every && p.Type != leastkey.UserType:
		return r.Scope + ".*", []leastkey.Pattern{p}, true
	case p.Extent == leastkey.One && r.IDs.Admits(p.ID):
		return r.Scope + "." + p.ID, []leastkey.Pattern{p}, true
	case p.Extent == leastkey.Under && c.ValidID(p.Parent.Type, p.Parent.ID) && c.descends(p.Type, p.Parent.Type):
		for _, q := range rest {
			if q.Extent == leastkey.Under && q.Parent == p.Parent && c.descends(q.Type, q.Parent.Type) && !slices.Contains(together, q) {
				together = append(together, q)
			}
		}
		return c.byType[p.Parent.Type].Scope + "." + p.Parent.ID, together, true
	}
	return "", nil, false
}

// valueOf writes the value for the patterns that share a key.
func (c *Catalog) valueOf(together []leastkey.Pattern) string {
	if together[0].Extent != leastkey.Under {
		return `"*"`
	}
	entries := make([]string, len(together))
	for i, p := range together {
		entries[i] = jsonText(c.byType[p.Type].Scope+".*") + `:"*"`
	}
	return "{" + strings.Join(entries, ",") + "}"
}

// jsonText quotes a key. Keys are visible ASCII, so nothing can fail.
func jsonText(s string) string {
	if !strings.ContainsAny(s, `"\<>&`) {
		return `"` + s + `"`
	}
	text, _ := json.Marshal(s)
	return string(text)
}
