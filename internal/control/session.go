package control

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
)

// How long sessions, and what they prove, last.
const (
	SessionLife  = 7 * 24 * time.Hour // at most
	SessionIdle  = 8 * time.Hour      // without a request
	Confirmation = 10 * time.Minute   // how long a proof of who one is admits to secrets
	seenEvery    = time.Minute        // how precisely SeenOn is kept
)

// mostSessions bounds the sessions of one user: the oldest ends when there would be more.
const mostSessions = 100

// endedSession is a session that another one put an end to, as the audit row of that one shows it.
type endedSession struct {
	Session leastkey.ID `json:"session"`
	User    leastkey.ID `json:"user"`
}

// makeRoom ends the session that a new one replaces, those that are over, and the oldest of too
// many, and tells which were alive.
func (c *Control) makeRoom(tx Tx, user leastkey.ID, replaced Session) (ended []endedSession, err error) {
	end := func(s Session) error {
		if s.LiveAt(c.now()) {
			ended = append(ended, endedSession{s.ID, s.User})
		}
		return tx.DeleteSession(s.ID)
	}
	if !replaced.ID.IsZero() {
		was, err := tx.Session(replaced.ID)
		if err == nil {
			err = end(was)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	sessions, err := tx.Sessions(user)
	if err != nil {
		return nil, err
	}
	left := len(sessions)
	for _, s := range sessions {
		if s.LiveAt(c.now()) && left < mostSessions {
			continue
		}
		if err := end(s); err != nil {
			return nil, err
		}
		left--
	}
	return ended, nil
}

// Resume finds the session that the key belongs to, with its user, and notes that it was seen.
// It is Refused when there is none, it is over, or the user is disabled.
func (c *Control) Resume(ctx context.Context, key string, addr netip.Addr) (Session, User, error) {
	var session Session
	var user User
	now := c.now()
	over := &Error{Kind: Refused, Message: "the session is over; sign in"}
	err := c.store.View(ctx, func(r Reader) (err error) {
		if session, err = r.SessionByHash(hashOf(sessionTag, key)); err != nil {
			return err
		}
		user, err = r.User(session.User)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && (!session.LiveAt(now) || user.Disabled) {
		return Session{}, User{}, over
	}
	if err != nil {
		return Session{}, User{}, settle(err)
	}
	if was := session; session.see(now, addr) && (now.Sub(was.SeenOn) >= seenEvery || was.Addr4 != session.Addr4 || was.Addr6 != session.Addr6) {
		err := c.store.Note(context.WithoutCancel(ctx), func(n Notes) error { return n.SessionSeen(session.ID, now, addr) })
		if err != nil { // it may then end too early, never too late
			c.log.Warn("a session's last visit was not kept", "error", err)
		}
	}
	return session, user, nil
}

// see puts down a visit, and reports whether that changed anything.
func (s *Session) see(at time.Time, addr netip.Addr) bool {
	if at.Before(s.SeenOn) {
		return false
	}
	was := *s
	addr = addr.Unmap().WithZone("")
	switch {
	case addr.Is4():
		s.Addr4 = addr
	case addr.Is6():
		s.Addr6 = addr
	}
	s.SeenOn = at
	return *s != was
}

// LiveAt reports whether the session is still good.
func (s Session) LiveAt(now time.Time) bool {
	return now.Before(s.ExpiresOn) && now.Before(s.SeenOn.Add(SessionIdle))
}

// ConfirmedAt reports whether the person proved lately who they are.
func (s Session) ConfirmedAt(now time.Time) bool {
	return !s.ConfirmedOn.IsZero() && now.Before(s.ConfirmedOn.Add(Confirmation))
}

// Sessions lists the live sessions of the person who asks, oldest first.
func (c *Control) Sessions(ctx context.Context, caller Caller) ([]Session, error) {
	var live []Session
	err := c.view(ctx, caller, caller.Principal.Resource(), func(r Reader) error {
		if !caller.Session {
			return errNoSession()
		}
		all, err := r.Sessions(caller.Principal.ID)
		for _, s := range all {
			if s.LiveAt(c.now()) {
				live = append(live, s)
			}
		}
		return err
	})
	return live, err
}

// SignOut ends a session that was resumed a moment ago, whatever has happened to it since: somebody
// who wants to leave is not refused.
func (c *Control) SignOut(ctx context.Context, s Session, addr netip.Addr) error {
	user := leastkey.UserOf(s.User)
	caller := Caller{Session: true, Credential: s.ID, Principal: user, Addr: addr, settled: true}
	return c.act(ctx, caller, user.Resource(), attempt{"session.end", "session " + s.ID.String()}, func(tx Tx, _ authority, done *deed) error {
		done.before = describedSession(s, "")
		err := tx.DeleteSession(s.ID)
		if errors.Is(err, ErrNotFound) {
			return noSuch("session", s.ID)
		}
		return err
	})
}

// EndSession ends one session of the person who asks.
func (c *Control) EndSession(ctx context.Context, caller Caller, id leastkey.ID) error {
	return c.actSession(ctx, caller, attempt{"session.end", "session " + id.String()}, func(tx Tx, done *deed) error {
		session, err := tx.Session(id)
		if errors.Is(err, ErrNotFound) || err == nil && session.User != caller.Principal.ID {
			return noSuch("session", id)
		}
		if err != nil {
			return err
		}
		done.before = describedSession(session, "")
		return tx.DeleteSession(id)
	})
}

// EndOtherSessions ends every session of the person who asks but the one they ask with.
func (c *Control) EndOtherSessions(ctx context.Context, caller Caller) error {
	return c.actSession(ctx, caller, attempt{"session.end_others", caller.Principal.String()}, func(tx Tx, _ *deed) error {
		return endSessions(tx, caller.Principal.ID, caller.Credential)
	})
}

func endSessions(tx Tx, user, except leastkey.ID) error {
	sessions, err := tx.Sessions(user)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.ID == except {
			continue
		}
		if err := tx.DeleteSession(s.ID); err != nil {
			return err
		}
	}
	return nil
}

// Confirm notes that the person of the session proved who they are: their password was checked
// against the hash. For a while that admits them to secrets.
func (c *Control) Confirm(ctx context.Context, caller Caller, checkedHash string) error {
	return c.actSession(ctx, caller, attempt{"session.confirm", "session " + caller.Credential.String()}, func(tx Tx, _ *deed) error {
		user, err := tx.User(caller.Principal.ID)
		if err != nil {
			return err
		}
		if user.PasswordHash != checkedHash || checkedHash == "" {
			return &Error{Kind: Refused, Message: "the password was changed"}
		}
		session, err := tx.Session(caller.Credential)
		if err != nil {
			return err
		}
		session.ConfirmedOn = c.now()
		return tx.PutSession(session)
	})
}

// SetPassword gives the person a new password, ends all their other sessions, and gives this one a
// new key, so that no copy of the old one is of use. The old password was checked against
// checkedHash; a session just begun with a link need not know it (empty).
func (c *Control) SetPassword(ctx context.Context, caller Caller, checkedHash, password string) (SignedIn, error) {
	hash, err := HashPassword(password, c.random) // slow: before the transaction, not in it
	if err != nil {
		return SignedIn{}, settle(err)
	}
	var renewed SignedIn
	err = c.actSession(ctx, caller, attempt{"user.password", caller.Principal.String()}, func(tx Tx, _ *deed) error {
		user, err := tx.User(caller.Principal.ID)
		if err != nil {
			return err
		}
		session, err := tx.Session(caller.Credential)
		if err != nil {
			return err
		}
		known := checkedHash != "" && user.PasswordHash == checkedHash
		if !known && (checkedHash != "" || !session.ByLink || !session.ConfirmedAt(c.now())) {
			return &Error{Kind: Unconfirmed, Message: "the current password is needed"}
		}
		if renewed.Key, err = randomKey(c.random); err != nil {
			return err
		}
		user.PasswordHash, user.ModifiedOn = hash, c.now()
		session.Hash, session.ConfirmedOn, session.ByLink = hashOf(sessionTag, renewed.Key), c.now(), false
		renewed.Session = session
		if err := tx.PutSession(session); err != nil {
			return err
		}
		if err := endSessions(tx, user.ID, session.ID); err != nil {
			return err
		}
		return tx.PutUser(user)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return renewed, nil
}

// actSession is an act of a signed-in person on their own sign-in. Tokens and keys, whatever their
// powers, have no part in it.
func (c *Control) actSession(ctx context.Context, caller Caller, what attempt, do func(Tx, *deed) error) error {
	return c.act(ctx, caller, caller.Principal.Resource(), what, func(tx Tx, _ authority, done *deed) error {
		if !caller.Session {
			return errNoSession()
		}
		return do(tx, done)
	})
}

func errNoSession() error {
	return &Error{Kind: Refused, Message: "only a person who is signed in may do this"}
}

// SweepSessions removes sessions and links that are over. Call it now and then.
func (c *Control) SweepSessions(ctx context.Context) error {
	now := c.now()
	return c.store.Note(ctx, func(n Notes) error { return n.Sweep(now, now.Add(-SessionIdle)) })
}
