package web

import (
	"strings"

	"github.com/leastkey/leastkey/catalog"
)

// readTarget reads what was typed as the path of a request: it may be a whole address, or lack what
// stands in front of all paths of the API. The first reading that has an operation is taken, and
// the answer says which it was. What has none stays as it was typed.
func (s *Site) readTarget(method, typed string) string {
	typed, _, _ = strings.Cut(typed, "#") // browsers and clients keep it to themselves
	var readings []string
	if scheme, rest, whole := strings.Cut(typed, "://"); whole && !strings.ContainsAny(scheme, "/?") {
		readings = []string{afterHost(rest)}
	} else if strings.HasPrefix(typed, "/") {
		readings = []string{typed}
	} else {
		readings = []string{"/" + typed, afterHost(typed)}
	}
	for _, known := range []func(path string) bool{
		func(path string) bool { _, _, ok := s.Catalog().Match(method, "", path); return ok },
		s.Catalog().HasPath,
	} {
		for _, reading := range readings {
			for _, base := range append([]string{""}, bases(s.Catalog())...) {
				path, _, _ := strings.Cut(base+reading, "?")
				if known(strings.TrimSuffix(path, "/")) {
					return base + reading
				}
			}
		}
	}
	return readings[0]
}

// afterHost is what follows a host.
func afterHost(s string) string {
	if i := strings.IndexAny(s, "/?"); i >= 0 && s[i] == '/' {
		return s[i:]
	} else if i >= 0 {
		return "/" + s[i:]
	}
	return "/"
}

// bases are what all paths of the control plane begin with, and all paths of the API. A route that
// others begin with is not in front of them, but one of them.
func bases(c *catalog.Catalog) []string {
	common := map[bool]string{}
	routes := map[string]bool{}
	for _, op := range c.Operations() {
		if op.Control && strings.HasPrefix(op.Route, "/leastkey/") {
			continue // beside all that
		}
		routes[op.Route] = true
		before, seen := common[op.Control]
		if !seen {
			before = op.Route
		}
		common[op.Control] = commonBase(before, op.Route)
	}
	var all []string
	for _, control := range []bool{false, true} {
		base := common[control]
		for routes[base] {
			base = base[:strings.LastIndexByte(base, '/')]
		}
		if base != "" {
			all = append(all, base)
		}
	}
	return all
}

// commonBase is the segments with which both paths begin, up to the first parameter.
func commonBase(a, b string) string {
	var shared strings.Builder
	others := strings.Split(b, "/")[1:]
	for i, segment := range strings.Split(a, "/")[1:] {
		if i >= len(others) || segment != others[i] || strings.HasPrefix(segment, "{") {
			break
		}
		shared.WriteString("/" + segment)
	}
	return shared.String()
}
