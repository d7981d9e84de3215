package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// A credential comes with its secrets: one row for each, one row without when there is none.
const (
	credentialColumns = `SELECT c.id, c.kind, c.owner_kind, c.owner_id, c.name, c.status, c.not_before, c.expires_on,
			c.condition, c.policies, c.issued_on, c.modified_on, c.last_used_on`
	selectCredentials = credentialColumns + `, s.hash, s.until, s.tail, s.created_on, s.last_used_on, s.position
		FROM live_credentials AS c LEFT JOIN live_secrets AS s ON s.credential = c.id`
	credentialByID     = selectCredentials + ` WHERE c.id = ?`
	credentialBySecret = selectCredentials + ` WHERE c.id = (SELECT credential FROM live_secrets WHERE hash = ?)`
	credentialsByOwner = selectCredentials + ` WHERE c.owner_kind = ? AND c.owner_id = ? AND c.kind = ? ORDER BY c.issued_on, c.id`
	countCredentials   = `SELECT count(*) FROM live_credentials` + ofOwner
	ofOwner            = ` WHERE owner_kind = ? AND owner_id = ? AND kind = ?`

	// A part is found in the index alone, and what is in it is read in that order. CROSS JOIN fixes that of the loops.
	unexpired       = ` AND (expires_on IS NULL OR expires_on > ?4 OR not_before > ?4 OR status <> ?5)`
	credentialPages = credentialColumns + `, NULL FROM (SELECT id FROM live_credentials` + ofOwner
	oldestFirst     = ` ORDER BY issued_on, id`
	newestFirst     = ` ORDER BY issued_on DESC, id DESC`
	joinPage        = atMost + ` OFFSET ?) AS page CROSS JOIN live_credentials AS c ON c.id = page.id`
)

// gather puts the rows of each credential together and gives it to fn.
type gather struct {
	session *session
	fn      func(control.Credential) error
	now     control.Credential
	holds   bool    // now is one that fn has not had
	places  []int64 // of its secrets
	texts   canonical
}

func (g *gather) row(r row) error {
	if id := r.id(0); !g.holds || g.now.ID != id {
		if err := g.flush(); err != nil {
			return err
		}
		c, err := scanCredential(r, &g.texts)
		if err != nil {
			return g.session.corrupt(fmt.Errorf("credential %v: %w", id, err))
		}
		g.now, g.holds, g.places = c, true, g.places[:0]
	}
	if !r.isNull(13) {
		place := r.int(18)
		at, _ := slices.BinarySearch(g.places, place) // for SQLite to sort them would cost more than to find them
		g.places = slices.Insert(g.places, at, place)
		g.now.Secrets = slices.Insert(g.now.Secrets, at, control.StoredSecret{
			LiveSecret: leastkey.LiveSecret{Hash: r.hash(13), Until: r.time(14)},
			Tail:       r.text(15),
			CreatedOn:  r.time(16),
			LastUsedOn: r.time(17),
		})
	}
	return nil
}

func (g *gather) flush() error {
	if !g.holds {
		return nil
	}
	g.holds = false
	return g.fn(g.now)
}

func scanCredential(r row, texts *canonical) (control.Credential, error) {
	condition, err := texts.decodeCondition(r.text(8))
	if err != nil {
		return control.Credential{}, err
	}
	policies, err := texts.decodePolicies(r.text(9))
	if err != nil {
		return control.Credential{}, err
	}
	return control.Credential{
		Credential: leastkey.Credential{
			ID:        r.id(0),
			Kind:      leastkey.Kind(r.int(1)),
			Principal: r.principal(2, 3),
			Status:    leastkey.Status(r.int(5)),
			Validity:  leastkey.Validity{NotBefore: r.time(6), ExpiresOn: r.time(7)},
			Condition: condition,
			Policies:  policies,
		},
		Name:       r.text(4),
		IssuedOn:   r.time(10),
		ModifiedOn: r.time(11),
		LastUsedOn: r.time(12),
	}, nil
}

// Credential implements [control.Reader].
func (r reader) Credential(id leastkey.ID) (control.Credential, error) {
	found, err := r.credentials(credentialByID, id)
	if err != nil {
		return control.Credential{}, err
	}
	if len(found) == 0 {
		return control.Credential{}, control.ErrNotFound
	}
	return found[0], nil
}

// CredentialWithSecret implements [control.Reader].
func (r reader) CredentialWithSecret(h leastkey.SecretHash) (control.Credential, error) {
	found, err := r.credentials(credentialBySecret, h)
	if err == nil && len(found) == 0 {
		err = control.ErrNotFound
	}
	if err != nil {
		return control.Credential{}, err
	}
	return found[0], nil
}

// Credentials implements [control.Reader].
func (r reader) Credentials(owner leastkey.Principal, kind leastkey.Kind) ([]control.Credential, error) {
	return r.credentials(credentialsByOwner, int64(owner.Kind), owner.ID, int64(kind))
}

// CredentialPage implements [control.Reader].
func (r reader) CredentialPage(p control.CredentialPage) (part []control.Credential, total int, err error) {
	count, page, args := pageQueries(p)
	if total, err = first(r, func(r row) int { return int(r.int(0)) }, count, args...); err != nil {
		return nil, 0, err
	}
	if p.Offset >= total || p.Limit <= 0 {
		return nil, total, nil
	}
	part, err = r.credentials(page, append(args, int64(p.Limit), int64(max(p.Offset, 0)))...)
	return part, total, err
}

// pageQueries are that for how many there are and that for some of them, which wants limit and offset behind
// the arguments of both.
func pageQueries(p control.CredentialPage) (count, page string, args []any) {
	count, page, args = countCredentials, credentialPages, []any{int64(p.Owner.Kind), p.Owner.ID, int64(p.Kind)}
	if !p.Unexpired.IsZero() {
		count, page, args = count+unexpired, page+unexpired, append(args, p.Unexpired, int64(leastkey.Active))
	}
	if p.NewestFirst {
		return count, page + newestFirst + joinPage, args
	}
	return count, page + oldestFirst + joinPage, args
}

// CountCredentials implements [control.Reader].
func (r reader) CountCredentials(owner leastkey.Principal, kind leastkey.Kind) (int, error) {
	return first(r, func(r row) int { return int(r.int(0)) }, countCredentials, int64(owner.Kind), owner.ID, int64(kind))
}

func (r reader) credentials(sql string, args ...any) (list []control.Credential, err error) {
	g := gather{session: r.session, fn: func(c control.Credential) error { list = append(list, c); return nil }}
	err = r.run(sql, g.row, args...)
	if err == nil {
		err = g.flush()
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

const (
	credentialState = `SELECT revoked, kind, policies FROM credentials WHERE id = ?`
	secretState     = `SELECT dropped, credential FROM secrets WHERE hash = ?`

	// A put is an INSERT or an UPDATE, and not both in one: that would keep a journal of its own.
	insertCredential = `INSERT INTO credentials (owner_kind, owner_id, name, status, not_before, expires_on, condition, policies, issued_on, modified_on, last_used_on, id, kind)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateCredential = `UPDATE credentials SET owner_kind = ?, owner_id = ?, name = ?, status = ?, not_before = ?, expires_on = ?,
		condition = ?, policies = ?, issued_on = ?, modified_on = ?, last_used_on = ? WHERE id = ? AND kind = ?`
	insertSecret = `INSERT INTO secrets (position, until, tail, created_on, last_used_on, hash, credential) VALUES (?, ?, ?, ?, ?, ?, ?)`
	updateSecret = `UPDATE secrets SET position = ?, until = ?, tail = ?, created_on = ?, last_used_on = ? WHERE hash = ? AND credential = ?`

	// The secrets that are kept are numbered again; the ones that are not are dropped.
	liveSecrets      = `SELECT hash FROM live_secrets WHERE credential = ?`
	dropSecret       = `UPDATE secrets SET dropped = 1, dropped_on = ? WHERE hash = ?`
	dropAllSecrets   = `UPDATE secrets SET dropped = 1, dropped_on = ? WHERE credential = ? AND dropped = 0`
	revokeCredential = `UPDATE credentials SET revoked = 1, revoked_on = ? WHERE id = ? AND revoked = 0 RETURNING policies`
)

// PutCredential implements [control.Tx]. It looks before it writes, so that an ErrExists leaves
// nothing half done for a caller who goes on. A secret that is left out is recorded as dropped
// at ModifiedOn.
func (t tx) PutCredential(c control.Credential) error {
	had, err := t.mayHave(c)
	if err != nil {
		return fmt.Errorf("put credential %v: %w", c.ID, err)
	}
	condition, err := encode(c.Condition)
	if err != nil {
		return t.fail(err)
	}
	policies, err := encode(c.Policies)
	if err != nil {
		return t.fail(err)
	}
	row := []any{int64(c.Principal.Kind), c.Principal.ID, c.Name, int64(c.Status), c.Validity.NotBefore, c.Validity.ExpiresOn,
		condition, policies, c.IssuedOn, c.ModifiedOn, c.LastUsedOn, c.ID, int64(c.Kind)}
	var named []leastkey.Resource // before
	err = t.run(insertCredential, nil, row...)
	there := errors.Is(err, control.ErrExists)
	if there {
		if named, err = t.mayReplace(c); err == nil {
			err = t.run(updateCredential, nil, row...)
		}
	}
	if err != nil {
		return fmt.Errorf("put credential %v: %w", c.ID, err)
	}
	for i, s := range c.Secrets {
		put := insertSecret
		if had[s.Hash] {
			put = updateSecret
		}
		if err := t.run(put, nil, int64(i), s.Until, s.Tail, s.CreatedOn, s.LastUsedOn, s.Hash, c.ID); err != nil {
			return fmt.Errorf("put credential %v: secret: %w", c.ID, err)
		}
	}
	if there {
		if err := t.dropSecretsBut(c); err != nil {
			return err
		}
	}
	return t.putNames(c.ID, named, c.Names())
}

// dropSecretsBut drops what the credential has no more.
func (t tx) dropSecretsBut(c control.Credential) error {
	live, err := all(t.reader, func(r row) leastkey.SecretHash { return r.hash(0) }, liveSecrets, c.ID)
	if err != nil {
		return err
	}
	for _, hash := range live {
		if slices.ContainsFunc(c.Secrets, func(s control.StoredSecret) bool { return s.Hash == hash }) {
			continue
		}
		if err := t.run(dropSecret, nil, c.ModifiedOn, hash); err != nil {
			return fmt.Errorf("put credential %v: drop a secret: %w", c.ID, err)
		}
	}
	return nil
}

// mayReplace gives control.ErrExists where the id is taken for good, or by another kind; otherwise what
// the credential that is there names.
func (t tx) mayReplace(c control.Credential) (named []leastkey.Resource, err error) {
	err = t.one(credentialState, func(r row) (err error) {
		switch {
		case r.bool(0):
			return fmt.Errorf("%w: it was revoked", control.ErrExists)
		case leastkey.Kind(r.int(1)) != c.Kind:
			return fmt.Errorf("%w: it is of another kind", control.ErrExists)
		}
		named, err = t.named(r.text(2))
		return err
	}, c.ID)
	return named, err
}

// mayHave gives control.ErrExists where a secret of the credential is taken; otherwise which of them
// are there.
func (t tx) mayHave(c control.Credential) (had map[leastkey.SecretHash]bool, err error) {
	had = map[leastkey.SecretHash]bool{}
	for i, s := range c.Secrets {
		if slices.ContainsFunc(c.Secrets[:i], func(other control.StoredSecret) bool { return other.Hash == s.Hash }) {
			return nil, fmt.Errorf("%w: a secret is given twice", control.ErrExists)
		}
		var dropped bool
		var owner leastkey.ID
		err := t.one(secretState, func(r row) error {
			dropped, owner = r.bool(0), r.id(1)
			return nil
		}, s.Hash)
		switch {
		case errors.Is(err, control.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		case owner != c.ID:
			return nil, fmt.Errorf("%w: a secret is or was another credential's", control.ErrExists)
		case dropped:
			return nil, fmt.Errorf("%w: a secret was dropped", control.ErrExists)
		}
		had[s.Hash] = true
	}
	return had, nil
}

// RevokeCredential implements [control.Tx].
func (t tx) RevokeCredential(id leastkey.ID, at time.Time) error {
	var named []leastkey.Resource
	err := t.one(revokeCredential, func(r row) (err error) {
		named, err = t.named(r.text(0))
		return err
	}, at, id)
	if err != nil {
		return fmt.Errorf("revoke credential %v: %w", id, err)
	}
	if err := t.run(dropAllSecrets, nil, at, id); err != nil {
		return err
	}
	return t.putNames(id, named, nil)
}
