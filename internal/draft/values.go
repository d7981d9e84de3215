package draft

import (
	"net/url"
	"strings"

	"github.com/leastkey/leastkey"
)

// Compact is the permission as one field has it.
func (p Permission) Compact() string {
	return string(p.Type) + "/" + string(p.Access) + "/" + p.Group
}

// ParentText is how a field spells a parent: type and id; "" for none.
func ParentText(r leastkey.Resource) string {
	if r.IsZero() {
		return ""
	}
	return string(r.Type) + "/" + r.ID
}

// Values are the fields of the form. [Parse] makes the same draft of them.
func (d Draft) Values() url.Values {
	v := url.Values{}
	set := func(name, text string) {
		if text != "" {
			v.Set(name, text)
		}
	}
	set(NameField, d.Name)
	set(StatusField, d.Status)
	set(InField, strings.Join(d.In, "\n"))
	set(NotInField, strings.Join(d.NotIn, "\n"))
	set(NotBeforeField, d.NotBefore.Date)
	set(NotBeforeTimeField, d.NotBefore.Time)
	set(ExpiresOnField, d.ExpiresOn.Date)
	set(ExpiresOnTimeField, d.ExpiresOn.Time)
	for i, r := range d.Rules {
		r.values(i, set, v)
	}
	return v
}

func (r Rule) values(i int, set func(name, text string), v url.Values) {
	v.Set(RuleField(i, "effect"), r.Effect.String())
	if !r.Policy.IsZero() {
		set(RuleField(i, "policy"), r.Policy.String())
	}
	if !r.Exclusion.IsZero() {
		set(RuleField(i, "exclusion"), r.Exclusion.String())
	}
	if r.Kept {
		set(RuleField(i, "kept"), "yes")
	}
	for j, p := range r.Permissions {
		v.Set(PermissionField(i, j, ""), p.Compact())
	}
	for j, resource := range r.Resources {
		v.Set(ResourceField(i, j, "type"), string(resource.Type))
		set(ResourceField(i, j, "mode"), string(resource.Mode))
		set(ResourceField(i, j, "extent"), string(resource.Extent))
		set(ResourceField(i, j, "parent"), ParentText(resource.Parent))
		set(ResourceField(i, j, "find"), resource.Find)
		for _, id := range resource.IDs {
			v.Add(ResourceField(i, j, "id"), id)
		}
	}
}
