package wire

import (
	"slices"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// Spec reads the body of a create or replace: what an owner decides about a token. The error is an
// *[api.FieldError] or an *[api.SyntaxError].
func Spec(cat *catalog.Catalog, body []byte) (control.TokenSpec, error) {
	request, err := api.DecodeTokenRequest(body)
	if err != nil {
		return control.TokenSpec{}, err
	}
	return SpecOf(cat, request)
}

// SpecOf is [Spec] for a body that was decoded.
func SpecOf(cat *catalog.Catalog, request api.TokenRequest) (control.TokenSpec, error) {
	policies, given := request.Policies.Get()
	if !given {
		return control.TokenSpec{}, &api.FieldError{Pointer: "/policies", Message: "a token needs policies; an empty list grants nothing"}
	}
	spec := control.TokenSpec{Name: request.Name.Value}
	switch request.Status.Value {
	case api.StatusActive:
		spec.Status = leastkey.Active
	case api.StatusDisabled:
		spec.Status = leastkey.Disabled
	}
	spec.Validity = leastkey.Validity{NotBefore: instant(request.NotBefore), ExpiresOn: instant(request.ExpiresOn)}
	spec.Condition = leastkey.Condition(request.Condition.Value)
	for i, p := range policies {
		policy := leastkey.Policy{ID: p.ID, Effect: p.Effect}
		for _, g := range p.Groups {
			policy.Groups = append(policy.Groups, g.ID)
		}
		var err error
		if policy.Patterns, err = cat.ParseResources(p.Resources); err != nil {
			return spec, &api.FieldError{Pointer: "/policies/" + strconv.Itoa(i) + "/resources", Message: err.Error()}
		}
		spec.Policies = append(spec.Policies, policy)
	}
	return spec, nil
}

// instant is a time as the store keeps it, so that what is answered is what is kept.
func instant(t api.Optional[api.Time]) time.Time {
	v, given := t.Get()
	if !given || v.IsZero() {
		return time.Time{}
	}
	return v.UTC().Truncate(time.Microsecond)
}

// Request is the body that creates a token of the spec, and what [Spec] reads back as the same
// rights. Policies have no ids in it, and are divided as by [Divide]. The error is a
// *[catalog.ResourceMapError]: what left the catalogue cannot be asked for.
func Request(cat *catalog.Catalog, spec control.TokenSpec) (api.TokenRequest, error) {
	r := api.TokenRequest{Name: api.Some(spec.Name)}
	if spec.Status == leastkey.Disabled {
		r.Status = api.Some(api.StatusDisabled)
	}
	if at := spec.Validity.NotBefore; !at.IsZero() {
		r.NotBefore = api.Some(api.At(at))
	}
	if at := spec.Validity.ExpiresOn; !at.IsZero() {
		r.ExpiresOn = api.Some(api.At(at))
	}
	if !spec.Condition.IsZero() {
		r.Condition = api.Some(api.Condition(spec.Condition))
	}
	divided, err := Divide(cat, spec.Policies)
	if err != nil {
		return api.TokenRequest{}, err
	}
	for i := range divided {
		divided[i].ID = leastkey.ID{}
	}
	r.Policies = api.Some(Policies(cat, divided))
	return r, nil
}

// Divide makes several policies of one whose resources have no spelling in one map, such as an
// account and every zone of that account. Together they grant the same; all others stay as they
// are. The error, a *[catalog.ResourceMapError], is about a resource that has no spelling at all.
func Divide(cat *catalog.Catalog, policies []leastkey.Policy) ([]leastkey.Policy, error) {
	var divided []leastkey.Policy
	for _, p := range policies {
		if _, err := cat.FormatResources(p.Patterns); err == nil {
			divided = append(divided, p)
			continue
		}
		parts, err := spellable(cat, p.Patterns)
		if err != nil {
			return nil, err
		}
		for _, patterns := range parts {
			part := p
			part.Patterns = patterns
			part.Groups = slices.DeleteFunc(slices.Clone(p.Groups), func(id leastkey.ID) bool { return !cat.Binds(id, patterns) })
			if len(part.Groups) == 0 {
				continue // no group of the policy was about these resources
			}
			if len(divided) > 0 && divided[len(divided)-1].ID == p.ID {
				part.ID = leastkey.ID{} // an id is that of one policy
			}
			divided = append(divided, part)
		}
	}
	return divided, nil
}

// spellable puts each pattern with the first others that it can share a map with.
func spellable(cat *catalog.Catalog, patterns []leastkey.Pattern) ([][]leastkey.Pattern, error) {
	var parts [][]leastkey.Pattern
	for _, p := range patterns {
		if _, err := cat.FormatResources([]leastkey.Pattern{p}); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(parts, func(part []leastkey.Pattern) bool {
			_, err := cat.FormatResources(append(slices.Clone(part), p))
			return err == nil
		})
		if at < 0 {
			parts = append(parts, []leastkey.Pattern{p})
			continue
		}
		parts[at] = append(parts[at], p)
	}
	return parts, nil
}
