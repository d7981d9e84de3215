package api

import (
	"encoding/json"
	"strconv"

	"github.com/leastkey/leastkey"
)

// Policy is an effect of permission groups on resources. Resources stay as they were written,
// because they are given back in that shape: a catalogue knows how to read them.
type Policy struct {
	ID        leastkey.ID          `json:"id,omitzero"` // given by the server
	Effect    leastkey.Effect      `json:"effect"`
	Groups    []PermissionGroupRef `json:"permission_groups"`
	Resources json.RawMessage      `json:"resources"`
}

// PermissionGroupRef names a permission group in a policy. On the way in only the id counts.
type PermissionGroupRef struct {
	ID   leastkey.ID     `json:"id"`
	Name string          `json:"name,omitempty"`
	Meta json.RawMessage `json:"meta,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. An id that is no id of a policy is ignored, like
// everything that the server owns; whatever decides what the policy allows is read strictly.
func (p *Policy) UnmarshalJSON(data []byte) error {
	*p = Policy{}
	members, err := object(data)
	if err != nil {
		return err
	}
	if id, err := unmarshal[leastkey.ID](members["id"]); err == nil {
		p.ID = id
	}
	if p.Effect, err = readEffect(members["effect"]); err != nil {
		return at(err, "effect")
	}
	if p.Groups, err = readGroups(members["permission_groups"]); err != nil {
		return at(err, "permission_groups")
	}
	p.Resources = members["resources"]
	return at(onceEach(p.Resources), "resources")
}

// onceEach checks that resources are an object, in which no key comes twice on either level.
func onceEach(resources []byte) error {
	outer, err := object(resources)
	if err != nil {
		return err
	}
	for key, value := range outer {
		if value[0] != '{' {
			continue
		}
		if _, err := object(value); err != nil {
			return at(err, key)
		}
	}
	return nil
}

func readEffect(data []byte) (leastkey.Effect, error) {
	var e leastkey.Effect
	s, err := text(data)
	if err == nil {
		err = e.UnmarshalText([]byte(s))
	}
	if err != nil {
		return 0, &FieldError{"", "want allow or deny"}
	}
	return e, nil
}

func readGroups(data []byte) ([]PermissionGroupRef, error) {
	items, err := array(data)
	if err != nil {
		return nil, err
	}
	groups := make([]PermissionGroupRef, len(items))
	for i, item := range items {
		if err := groups[i].UnmarshalJSON(item); err != nil {
			return nil, at(err, index(i))
		}
	}
	return groups, nil
}

// UnmarshalJSON implements json.Unmarshaler. A name that is no text is ignored.
func (g *PermissionGroupRef) UnmarshalJSON(data []byte) error {
	*g = PermissionGroupRef{}
	members, err := object(data)
	if err != nil {
		return err
	}
	id, err := text(members["id"])
	if err == nil {
		g.ID, err = leastkey.ParseID(id)
	}
	if err != nil {
		return &FieldError{"/id", "want the id of a permission group: 32 lower-case hex digits"}
	}
	if name, err := text(members["name"]); err == nil {
		g.Name = name
	}
	if meta := members["meta"]; !isNull(meta) {
		g.Meta = meta
	}
	return nil
}

// PermissionGroup is a permission group as it can be chosen from.
type PermissionGroup struct {
	ID       leastkey.ID `json:"id"`
	Name     string      `json:"name"`
	Scopes   []string    `json:"scopes"` // the one resource type, such as com.cloudflare.api.account.zone
	Category string      `json:"category,omitempty"`
}

func index(i int) string { return strconv.Itoa(i) }
