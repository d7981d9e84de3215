package sqlite

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	usesByCredential = `SELECT credential, secret, at, addr, operation, target, allowed, reason FROM uses WHERE credential = ? ORDER BY number DESC`

	insertUse = `INSERT INTO uses (credential, number, secret, at, addr, operation, target, allowed, reason)
		VALUES (?1, coalesce((SELECT max(number) FROM uses WHERE credential = ?1), 0) + 1, ?, ?, ?, ?, ?, ?, ?)`
	trimUses = `DELETE FROM uses WHERE credential = ?1 AND number <= (SELECT max(number) FROM uses WHERE credential = ?1) - ?2`

	isLive         = `SELECT 1 FROM live_credentials WHERE id = ?`
	credentialUsed = `UPDATE credentials SET last_used_on = ?2 WHERE id = ?1 AND revoked = 0 AND (last_used_on IS NULL OR last_used_on < ?2)`
	secretUsed     = `UPDATE secrets SET last_used_on = ?3
		WHERE hash = ?2 AND credential = ?1 AND dropped = 0 AND (last_used_on IS NULL OR last_used_on < ?3)`
)

// Uses implements [control.Reader]. The newest is the one that was given last: a clock that was
// set back does not reorder them.
func (r reader) Uses(credential leastkey.ID) ([]control.Use, error) {
	return allOf(r, scanUse, usesByCredential, credential)
}

func scanUse(r row) (control.Use, error) {
	addr, err := r.addr(3)
	return control.Use{
		Credential: r.id(0), Secret: r.hash(1), At: r.time(2), Addr: addr,
		Operation: r.text(4), Target: r.text(5), Allowed: r.bool(6), Reason: r.text(7),
	}, err
}

// Used implements [control.Notes]. A use of a credential that is unknown or revoked is passed
// over; so is, for when it was last used, a secret that was dropped or is another's.
func (n notes) Used(uses []control.Use, mostUses int) error {
	of := map[leastkey.ID][]control.Use{}
	var order []leastkey.ID // so that the same uses write the same rows in the same order
	for _, u := range uses {
		if _, known := of[u.Credential]; !known {
			order = append(order, u.Credential)
		}
		of[u.Credential] = append(of[u.Credential], u)
	}
	for _, id := range order {
		runtime.Gosched() // Go would let requests wait for ten milliseconds before it takes the processor away from here
		if err := n.used(id, of[id], max(mostUses, 0)); err != nil {
			return fmt.Errorf("uses of credential %v: %w", id, err)
		}
	}
	return nil
}

func (n notes) used(id leastkey.ID, uses []control.Use, most int) error {
	live := false
	if err := n.run(isLive, func(row) error { live = true; return nil }, id); err != nil || !live {
		return err
	}
	var last time.Time
	lastOf := map[leastkey.SecretHash]time.Time{}
	for _, u := range uses {
		last, lastOf[u.Secret] = later(last, u.At), later(lastOf[u.Secret], u.At)
	}
	if err := n.run(credentialUsed, nil, id, last); err != nil {
		return err
	}
	for hash, at := range lastOf {
		if err := n.run(secretUsed, nil, id, hash, at); err != nil {
			return err
		}
	}
	for _, u := range uses[max(len(uses)-most, 0):] {
		err := n.run(insertUse, nil, id, u.Secret, u.At, u.Addr, u.Operation, u.Target, u.Allowed, u.Reason)
		if err != nil {
			return err
		}
	}
	return n.run(trimUses, nil, id, int64(most))
}

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
