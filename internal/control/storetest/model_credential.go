package storetest

import (
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (tx *modelTx) Credential(id leastkey.ID) (control.Credential, error) {
	return find(tx, tx.w.credentials, id)
}

func (tx *modelTx) Credentials(owner leastkey.Principal, kind leastkey.Kind) ([]control.Credential, error) {
	fits := func(c control.Credential) bool { return c.Principal == owner && c.Kind == kind }
	return list(tx, tx.w.credentials, fits, func(c control.Credential) (time.Time, string) { return c.IssuedOn, c.ID.String() })
}

func (tx *modelTx) CredentialPage(p control.CredentialPage) (part []control.Credential, total int, err error) {
	all, err := tx.Credentials(p.Owner, p.Kind)
	if !p.Unexpired.IsZero() {
		all = slices.DeleteFunc(all, func(c control.Credential) bool { return c.Usable(p.Unexpired) == leastkey.CredentialExpired })
	}
	if p.NewestFirst {
		slices.Reverse(all)
	}
	for i := range all {
		all[i].Secrets = nil
	}
	from := min(max(p.Offset, 0), len(all))
	if part = all[from:min(from+max(p.Limit, 0), len(all))]; len(part) == 0 {
		part = nil
	}
	return part, len(all), err
}

func (tx *modelTx) CountCredentials(owner leastkey.Principal, kind leastkey.Kind) (int, error) {
	all, err := tx.Credentials(owner, kind)
	return len(all), err
}

func (tx *modelTx) PutCredential(c control.Credential) error {
	old, live := tx.w.credentials[c.ID]
	if tx.w.revoked[c.ID] || live && old.Kind != c.Kind {
		return control.ErrExists
	}
	kept := map[leastkey.SecretHash]bool{}
	for _, s := range c.Secrets {
		owner, known := tx.w.secrets[s.Hash]
		if kept[s.Hash] || tx.w.dropped[s.Hash] || known && owner != c.ID {
			return control.ErrExists
		}
		kept[s.Hash] = true
	}
	if err := put(tx, tx.w.credentials, c.ID, inUTC(c)); err != nil {
		return err
	}
	for _, s := range old.Secrets {
		if !kept[s.Hash] {
			tx.w.dropped[s.Hash] = true
		}
	}
	for h := range kept {
		tx.w.secrets[h] = c.ID
	}
	return nil
}

// inUTC gives the credential as it is read back.
func inUTC(c control.Credential) control.Credential {
	times := []*time.Time{&c.Validity.NotBefore, &c.Validity.ExpiresOn, &c.IssuedOn, &c.ModifiedOn, &c.LastUsedOn}
	c.Secrets = slices.Clone(c.Secrets)
	for i := range c.Secrets {
		times = append(times, &c.Secrets[i].Until, &c.Secrets[i].CreatedOn, &c.Secrets[i].LastUsedOn)
	}
	for _, at := range times {
		*at = at.UTC()
	}
	return c
}

func (tx *modelTx) RevokeCredential(id leastkey.ID, _ time.Time) error {
	c, err := tx.Credential(id)
	if err != nil {
		return err
	}
	for _, s := range c.Secrets {
		tx.w.dropped[s.Hash] = true
	}
	tx.w.revoked[id] = true
	delete(tx.w.credentials, id)
	return nil
}
