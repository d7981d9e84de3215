package draft

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// Explain puts a refusal of the control plane beside the field that it is about, as far as that can
// be told. The message is the control plane's, but where it speaks of what forms call otherwise.
func (c Compiled) Explain(refusal *control.Error) Problem {
	p := Problem{Field: c.fieldOf(refusal), Message: sentence(refusal.Message)}
	if v := c.Spec.Validity; p.Field == ExpiresOnField {
		p.Message = "The end is in the past. Choose a later one."
		if !v.NotBefore.IsZero() && !v.ExpiresOn.After(v.NotBefore) {
			p.Message = "The token would end before it begins. Choose a later end."
		}
	}
	return p
}

func (c Compiled) fieldOf(refusal *control.Error) string {
	if refusal.Pointer == "" {
		return c.fieldOfGroup(refusal)
	}
	parts := strings.Split(strings.TrimPrefix(refusal.Pointer, "/"), "/")
	switch parts[0] {
	case "name":
		return NameField
	case "expires_on":
		return ExpiresOnField
	case "not_before":
		return NotBeforeField
	case "condition":
		return InField
	case "policies":
		return c.fieldOfPolicy(parts[1:])
	}
	return ""
}

// fieldOfPolicy reads what follows "/policies": the number of the policy, and perhaps which part.
func (c Compiled) fieldOfPolicy(parts []string) string {
	at, ok := c.place(parts)
	if !ok {
		return ""
	}
	if len(parts) > 2 && parts[1] == "permission_groups" {
		if j, err := strconv.Atoi(parts[2]); err == nil && j >= 0 && j < len(at.permissions) {
			return PermissionField(at.rule, at.permissions[j], "group")
		}
	}
	if len(parts) > 1 && parts[1] == "resources" && len(at.resources) > 0 {
		return ResourceField(at.rule, at.resources[0], "extent")
	}
	return RuleField(at.rule, "effect")
}

func (c Compiled) place(parts []string) (place, bool) {
	if len(parts) == 0 {
		return place{}, false
	}
	i, err := strconv.Atoi(parts[0])
	if err != nil || i < 0 || i >= len(c.places) {
		return place{}, false
	}
	return c.places[i], true
}

// fieldOfGroup finds the permission of a refusal that names a group, in the first rule that gives it
// on a resource that the refusal names too, or else in the first that gives it.
func (c Compiled) fieldOfGroup(refusal *control.Error) string {
	first := ""
	for i, p := range c.Spec.Policies {
		at := c.places[i]
		j := slices.IndexFunc(p.Groups, func(id leastkey.ID) bool {
			g, ok := c.cat.Group(id)
			return ok && g.Name == refusal.Group
		})
		if j < 0 {
			continue
		}
		field := RuleField(at.rule, "effect")
		if j < len(at.permissions) {
			field = PermissionField(at.rule, at.permissions[j], "group")
		}
		for _, pattern := range p.Patterns {
			if strings.HasSuffix(refusal.Message, " on "+pattern.String()) {
				return field
			}
		}
		if first == "" {
			first = field
		}
	}
	return first
}

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	s = capital(s)
	if last, _ := utf8.DecodeLastRuneInString(s); s != "" && !strings.ContainsRune(".?!", last) {
		s += "."
	}
	return s
}
