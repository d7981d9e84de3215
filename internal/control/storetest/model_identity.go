package storetest

import (
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// subject is who an identity provider says somebody is.
type subject struct{ issuer, subject string }

func (tx *modelTx) Identity(issuer, of string) (control.Identity, error) {
	return find(tx, tx.w.identities, subject{issuer, of})
}

func (tx *modelTx) Identities(user leastkey.ID) ([]control.Identity, error) {
	if tx.over {
		return nil, errModelOver
	}
	var all []control.Identity
	for _, i := range tx.w.identities {
		if i.User == user {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b control.Identity) int { return strings.Compare(a.Issuer, b.Issuer) })
	return all, nil
}

func (tx *modelTx) PutIdentity(i control.Identity) error {
	for key, other := range tx.w.identities {
		if key == (subject{i.Issuer, i.Subject}) || other.User == i.User && other.Issuer == i.Issuer {
			return control.ErrExists
		}
	}
	return put(tx, tx.w.identities, subject{i.Issuer, i.Subject}, i)
}

func (tx *modelTx) DeleteIdentity(issuer, of string) error {
	if _, err := tx.Identity(issuer, of); err != nil {
		return err
	}
	delete(tx.w.identities, subject{issuer, of})
	return nil
}
