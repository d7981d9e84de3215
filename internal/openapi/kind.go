package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// kind is a resource type made of path parameters.
type kind struct {
	name   string
	parent *kind
	path   []segment // up to and with its parameters
	params int       // how many parameters its id has
	depth  int
}

// collection is the shape of the path that its resources are below.
func (k *kind) collection() string { return shape(k.path[:len(k.path)-k.params]) }

// kinds are the resource types of a document.
type kinds struct {
	of    map[string]*kind // by shape
	list  []*kind
	depth int
	known shapes
	ours  bool // /accounts/{id} are Leastkey's accounts
}

// along gives the types that a path goes through, from the top. It ends at the first parameter that is no type: what
// is below that cannot be told by its own id alone.
func (ks *kinds) along(segments []segment) []*kind {
	var levels []*kind
	for i := 0; i < len(segments); {
		if segments[i].param == "" {
			if segments[i].odd {
				return levels
			}
			i++
			continue
		}
		end := i + 1
		for end < len(segments) && segments[end].param != "" && !ks.known.ends[shape(segments[:end])] {
			end++
		}
		key := shape(segments[:end])
		if len(levels) >= ks.depth || len(levels) > 0 && !ks.known.above[key] {
			return levels
		}
		k := ks.of[key]
		if k == nil {
			k = &kind{path: segments[:end], params: end - i, depth: len(levels) + 1}
			if len(levels) > 0 {
				k.parent = levels[len(levels)-1]
			}
			ks.of[key] = k
			ks.list = append(ks.list, k)
		}
		levels = append(levels, k)
		if i = end; i < len(segments) && segments[i].param != "" {
			return levels
		}
	}
	return levels
}

// kindsOf finds the types of all operations and names them.
func kindsOf(ops []*operation, depth int, ours bool) *kinds {
	ks := &kinds{of: map[string]*kind{}, depth: depth, known: shapesOf(ops), ours: ours}
	for _, op := range ops {
		ks.along(op.segments)
	}
	slices.SortStableFunc(ks.list, func(x, y *kind) int {
		return cmp.Or(cmp.Compare(x.depth, y.depth), cmp.Compare(len(x.path), len(y.path)))
	})
	nested := map[string]int{}
	for _, k := range ks.list {
		nested[k.word()]++
	}
	taken := map[string]bool{"user": true, "account": true, "list": true, "create": true, "under": true, "in": true, "caller": true, "self": true}
	for _, k := range ks.list {
		name := k.word()
		switch {
		case ours && shape(k.path) == "/accounts/{}":
			k.name = "account"
			continue
		case k.parent != nil && nested[name] > 1:
			name = k.parent.name + "_" + name
		case name == "user" || name == "account":
			name = "api_" + name // not those of Leastkey
		}
		for i := len(k.path) - k.params - 2; taken[name] && i >= 0 && k.path[i].param == ""; i-- {
			if before := snake(k.path[i].text); before != "" {
				name = before + "_" + name
			}
		}
		if !wordName.MatchString(name) {
			name = "r_" + name
		}
		free := name
		for n := 2; taken[free]; n++ {
			free = fmt.Sprintf("%s_%d", name, n)
		}
		taken[free] = true
		k.name = free
	}
	return ks
}

// word is what one resource of the type would be called.
func (k *kind) word() string {
	at := len(k.path) - k.params - 1
	var text string
	if at >= 0 && k.path[at].param == "" {
		text = singular(snake(k.path[at].text))
	} else {
		text = snake(k.path[len(k.path)-1].param)
		for _, end := range []string{"_id", "_name", "_slug"} {
			text = strings.TrimSuffix(text, end)
		}
	}
	if text == "" || len(text) > 60 {
		return "resource"
	}
	return text
}

// source says where a path has the id of the type: path.owner/path.repo.
func (k *kind) source(segments []segment) string {
	var parts []string
	for _, s := range segments[len(k.path)-k.params : len(k.path)] {
		parts = append(parts, "path."+strings.Trim(s.text, "{}"))
	}
	return strings.Join(parts, "/")
}
