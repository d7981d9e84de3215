package cli

import (
	"fmt"
	"strings"

	"github.com/leastkey/leastkey"
)

// grant is one --allow or --deny as it was typed: a permission group on a place.
type grant struct {
	effect leastkey.Effect
	group  string // name or id
	on     place
}

// place is resources as they were typed.
type place struct {
	kind   string // type, such as zone
	every  bool   // every resource of the type
	name   string // name or id of one resource; "" with every, and for oneself
	parent *place // with every: of this one only
}

const grantForm = `want "GROUP on RESOURCE", such as "DNS Write on zone:staging.example"`

// parseGrant reads "DNS Write on zone:staging.example".
func parseGrant(e leastkey.Effect, text string) (grant, error) {
	group, resource, ok := strings.Cut(text, " on ")
	group = strings.TrimSpace(group)
	if !ok || group == "" {
		return grant{}, fmt.Errorf("--%s %q: %s", e, text, grantForm)
	}
	on, err := parsePlace(resource)
	if err != nil {
		return grant{}, fmt.Errorf("--%s %q: %w", e, text, err)
	}
	return grant{e, group, on}, nil
}

// parsePlace reads "zone:NAME", "every zone", "every zone of account:NAME" or "user".
func parsePlace(text string) (place, error) {
	text = strings.TrimSpace(text)
	if rest, every := strings.CutPrefix(text, "every "); every {
		kind, of, narrowed := strings.Cut(strings.TrimSpace(rest), " of ")
		p := place{kind: strings.TrimSpace(kind), every: true}
		if !isKind(p.kind) {
			return place{}, badPlace(text)
		}
		if narrowed {
			parent, err := parsePlace(of)
			if err != nil || parent.every {
				return place{}, badPlace(text)
			}
			p.parent = &parent
		}
		return p, nil
	}
	if text == string(leastkey.UserType) {
		return place{kind: text}, nil
	}
	kind, name, ok := strings.Cut(text, ":")
	if !ok || !isKind(kind) || name == "" || name == "*" {
		return place{}, badPlace(text)
	}
	return place{kind: kind, name: name}, nil
}

func isKind(s string) bool { return s != "" && !strings.ContainsAny(s, " :*") }

func badPlace(text string) error {
	return fmt.Errorf(`resource %q: want TYPE:NAME_OR_ID such as zone:staging.example, "every zone", "every zone of account:NAME", or user`, text)
}
