package sqlite

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectSessions = `SELECT id, user, hash, created_on, expires_on, seen_on, confirmed_on, by_link, addr, addr4, addr6, agent FROM sessions`
	sessionByID    = selectSessions + ` WHERE id = ?`
	sessionByHash  = selectSessions + ` WHERE hash = ?`
	sessionsByUser = selectSessions + ` WHERE user = ? ORDER BY created_on, id`

	putSession = `INSERT INTO sessions (id, user, hash, created_on, expires_on, seen_on, confirmed_on, by_link, addr, addr4, addr6, agent)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET user = excluded.user, hash = excluded.hash, created_on = excluded.created_on,
			expires_on = excluded.expires_on, seen_on = excluded.seen_on, confirmed_on = excluded.confirmed_on,
			by_link = excluded.by_link, addr = excluded.addr, addr4 = excluded.addr4, addr6 = excluded.addr6, agent = excluded.agent`
	deleteSession = `DELETE FROM sessions WHERE id = ? RETURNING id`

	sessionSeen = `UPDATE sessions SET seen_on = ?2, addr4 = iif(?3 = '', addr4, ?3), addr6 = iif(?4 = '', addr6, ?4)
		WHERE id = ?1 AND (seen_on IS NULL OR seen_on <= ?2)`

	selectLinks = `SELECT hash, user, expires_on FROM sign_in_links`
	linkByHash  = selectLinks + ` WHERE hash = ?`
	putLink     = `INSERT INTO sign_in_links (hash, user, expires_on) VALUES (?, ?, ?)`
	deleteLink  = `DELETE FROM sign_in_links WHERE hash = ? RETURNING hash`

	// No time at all is long ago: an end that was never set is no leave to stay.
	sweepSessions = `DELETE FROM sessions WHERE expires_on IS NULL OR expires_on <= ? OR seen_on IS NULL OR seen_on <= ?`
	sweepLinks    = `DELETE FROM sign_in_links WHERE expires_on IS NULL OR expires_on <= ?`
)

func scanSession(r row) (control.Session, error) {
	s := control.Session{
		ID: r.id(0), User: r.id(1), Hash: r.hash(2), CreatedOn: r.time(3), ExpiresOn: r.time(4), SeenOn: r.time(5),
		ConfirmedOn: r.time(6), ByLink: r.bool(7), Agent: r.text(11),
	}
	for i, addr := range []*netip.Addr{&s.Addr, &s.Addr4, &s.Addr6} {
		var err error
		if *addr, err = r.addr(8 + i); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Session implements [control.Reader].
func (r reader) Session(id leastkey.ID) (control.Session, error) {
	return firstOf(r, scanSession, sessionByID, id)
}

// SessionByHash implements [control.Reader].
func (r reader) SessionByHash(h leastkey.SecretHash) (control.Session, error) {
	return firstOf(r, scanSession, sessionByHash, h)
}

// Sessions implements [control.Reader].
func (r reader) Sessions(user leastkey.ID) ([]control.Session, error) {
	return allOf(r, scanSession, sessionsByUser, user)
}

// SignInLink implements [control.Reader].
func (r reader) SignInLink(h leastkey.SecretHash) (control.SignInLink, error) {
	return first(r, func(r row) control.SignInLink {
		return control.SignInLink{Hash: r.hash(0), User: r.id(1), ExpiresOn: r.time(2)}
	}, linkByHash, h)
}

// PutSession implements [control.Tx]. The user must be there.
func (t tx) PutSession(s control.Session) error {
	err := t.run(putSession, nil, s.ID, s.User, s.Hash, s.CreatedOn, s.ExpiresOn, s.SeenOn, s.ConfirmedOn, s.ByLink,
		s.Addr, s.Addr4, s.Addr6, s.Agent)
	if err != nil {
		return fmt.Errorf("put session %v: %w", s.ID, err)
	}
	return nil
}

// DeleteSession implements [control.Tx].
func (t tx) DeleteSession(id leastkey.ID) error { return t.one(deleteSession, nil, id) }

// PutSignInLink implements [control.Tx]. The user must be there.
func (t tx) PutSignInLink(l control.SignInLink) error {
	if err := t.run(putLink, nil, l.Hash, l.User, l.ExpiresOn); err != nil {
		return fmt.Errorf("put sign-in link: %w", err)
	}
	return nil
}

// DeleteSignInLink implements [control.Tx].
func (t tx) DeleteSignInLink(h leastkey.SecretHash) error { return t.one(deleteLink, nil, h) }

// SessionSeen implements [control.Notes].
func (n notes) SessionSeen(id leastkey.ID, at time.Time, addr netip.Addr) error {
	var addr4, addr6 netip.Addr
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		addr4 = addr
	} else {
		addr6 = addr
	}
	if err := n.run(sessionSeen, nil, id, at, addr4, addr6); err != nil {
		return fmt.Errorf("session %v was seen: %w", id, err)
	}
	return nil
}

// Sweep implements [control.Notes].
func (n notes) Sweep(now, idle time.Time) error {
	if err := n.run(sweepSessions, nil, now, idle); err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	if err := n.run(sweepLinks, nil, now); err != nil {
		return fmt.Errorf("sweep sign-in links: %w", err)
	}
	return nil
}
