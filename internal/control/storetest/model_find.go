package storetest

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (tx *modelTx) FindResources(s control.ResourceSearch) ([]control.Resource, error) {
	if s.Limit <= 0 {
		return nil, errors.New("a limit must be positive")
	}
	found, err := tx.search(s)
	return found[:min(len(found), s.Limit)], err
}

func (tx *modelTx) CountResources(s control.ResourceSearch) (int, error) {
	found, err := tx.search(s)
	return len(found), err
}

func (tx *modelTx) search(s control.ResourceSearch) ([]control.Resource, error) {
	if tx.over {
		return nil, errModelOver
	}
	var found []control.Resource
	text := lower(s.Text)
	for _, r := range tx.w.resources {
		if r.Type == s.Type && tx.below(r, s.Within) && (strings.Contains(lower(r.Name), text) || r.ID == s.Text) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b control.Resource) int {
		aFirst, bFirst := strings.HasPrefix(lower(a.Name), text), strings.HasPrefix(lower(b.Name), text)
		switch {
		case aFirst && !bFirst:
			return -1
		case bFirst && !aFirst:
			return 1
		}
		return cmp.Or(strings.Compare(lower(a.Name), lower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return found, nil
}

// below reports whether an ancestor of r, up to the sixteenth, is among those.
func (tx *modelTx) below(r control.Resource, among []leastkey.Resource) bool {
	for range 16 {
		if slices.Contains(among, r.Parent) {
			return true
		}
		up, known := tx.w.resources[r.Parent]
		if !known {
			return false
		}
		r = up
	}
	return false
}

func (tx *modelTx) CredentialsNaming(r leastkey.Resource) ([]leastkey.ID, error) {
	names := func(p leastkey.Policy) bool {
		return slices.ContainsFunc(p.Patterns, func(pattern leastkey.Pattern) bool {
			return pattern.Extent == leastkey.One && leastkey.PatternOne(r) == pattern ||
				pattern.Extent == leastkey.Under && pattern.Parent == r
		})
	}
	fits := func(c control.Credential) bool { return slices.ContainsFunc(c.Policies, names) }
	found, err := list(tx, tx.w.credentials, fits, func(c control.Credential) (time.Time, string) { return time.Time{}, c.ID.String() })
	ids := make([]leastkey.ID, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	return ids, err
}

// lower turns A to Z into a to z, and leaves everything else as it is.
func lower(s string) string {
	text := []byte(s)
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return string(text)
}

func (tx *modelTx) CredentialWithSecret(h leastkey.SecretHash) (control.Credential, error) {
	if tx.over {
		return control.Credential{}, errModelOver
	}
	for _, c := range tx.w.credentials {
		if slices.ContainsFunc(c.Secrets, func(s control.StoredSecret) bool { return s.Hash == h }) {
			return find(tx, tx.w.credentials, c.ID)
		}
	}
	return control.Credential{}, control.ErrNotFound
}
