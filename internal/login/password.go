package login

import (
	"context"
	"errors"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// SignIn begins a session of whoever has the e-mail address and the password, and ends the session
// that the browser had. It is ErrWrong, Throttled, ErrBusy, or an error of the control plane.
func (l *Login) SignIn(ctx context.Context, email, password string, v control.Visit) (control.SignedIn, error) {
	if err := l.addresses.take(addressKey(v.Addr)); err != nil {
		return control.SignedIn{}, err
	}
	attempt := emailKey(email)
	if err := l.emails.take(attempt); err != nil {
		return control.SignedIn{}, err
	}
	user, err := l.control.UserToSignIn(ctx, email)
	if err != nil && !isKind(err, control.NoSuch) {
		l.emails.undo(attempt)
		return control.SignedIn{}, err
	}
	known := err == nil
	if err := l.check(ctx, attempt, user, password); err != nil {
		if errors.Is(err, ErrWrong) {
			l.logFailure("sign-in refused", v, user, known)
			l.recordFailure("session.begin", v, user, known)
		}
		return control.SignedIn{}, err
	}
	begun, err := l.control.BeginSession(ctx, user, v)
	if isKind(err, control.Refused) { // disabled, or another password, since it was checked
		l.logFailure("sign-in refused", v, user, known)
		return control.SignedIn{}, ErrWrong
	}
	if err != nil {
		return control.SignedIn{}, err
	}
	l.emails.forgive(attempt)
	return begun, nil
}

// check computes one hash, whatever there is to compare with: neither the answer nor the time it
// takes tells whether there is such a user. The attempt was taken before; it is given back when
// nothing was computed.
func (l *Login) check(ctx context.Context, attempt string, user control.User, password string) error {
	hash, able := user.PasswordHash, user.PasswordHash != "" && !user.Disabled
	if !able {
		hash = l.nobody
	}
	var right bool
	var fault error
	if err := l.hashing.run(ctx, func() { right, fault = control.CheckPassword(hash, password) }); err != nil {
		l.emails.undo(attempt)
		return err
	}
	if fault != nil {
		l.log.Error("the password of a user cannot be checked", "user", user.ID, "error", fault)
	}
	if !right || !able {
		return ErrWrong
	}
	return nil
}

// Confirm notes that the person of the session knows the password. It is ErrWrong, Throttled,
// ErrBusy, or an error of the control plane.
func (l *Login) Confirm(ctx context.Context, caller control.Caller, user control.User, password string) error {
	if err := l.checkAgain(ctx, caller, user, password); err != nil {
		return err
	}
	return l.control.Confirm(ctx, caller, user.PasswordHash)
}

// checkAgain checks the password of somebody who is signed in. It counts as an attempt at their
// e-mail address, right or wrong: a session, stolen or not, is no way to guess, nor to keep the
// machine computing.
func (l *Login) checkAgain(ctx context.Context, caller control.Caller, user control.User, password string) error {
	attempt := emailKey(user.Email)
	if err := l.emails.take(attempt); err != nil {
		return err
	}
	if err := l.check(ctx, attempt, user, password); err != nil {
		if errors.Is(err, ErrWrong) {
			l.logFailure("password refused", control.Visit{Addr: caller.Addr}, user, true)
			l.recordFailure("session.confirm", control.Visit{Addr: caller.Addr}, user, true)
		}
		return err
	}
	return nil
}

// SetPassword gives the person of the session a new password, ends all their other sessions, and
// gives this one a new key, so that no copy of the old one is of use. An empty current
// password is enough in a session that was just begun with a link. It is ErrWrong when the current
// password is not right, and Throttled, ErrBusy, or an error of the control plane: Invalid about
// the new password, Unconfirmed when the current one is needed.
func (l *Login) SetPassword(ctx context.Context, caller control.Caller, user control.User, current, password string) (control.SignedIn, error) {
	checked := ""
	if current != "" {
		if err := l.checkAgain(ctx, caller, user, current); err != nil {
			return control.SignedIn{}, err
		}
		checked = user.PasswordHash
	} else if err := l.emails.take(emailKey(user.Email)); err != nil {
		return control.SignedIn{}, err
	}
	var renewed control.SignedIn
	var failure error
	err := l.hashing.run(ctx, func() { renewed, failure = l.control.SetPassword(ctx, caller, checked, password) })
	return renewed, errors.Join(err, failure)
}

// logFailure tells the operator. What was typed is not told: people type passwords into the wrong
// field. Attempts that were throttled are not logged, so that nobody can fill the log.
func (l *Login) logFailure(what string, v control.Visit, user control.User, known bool) {
	if !known {
		l.log.Warn(what, "address", v.Addr, "user", "unknown")
		return
	}
	l.log.Warn(what, "address", v.Addr, "user", user.ID)
}

// recordFailure leaves a row in the user's part of the audit log, of attempts that were not throttled. It is
// written while the answer goes out already: of nobody there is no row, and the time that one takes would tell
// whether there is such a user.
func (l *Login) recordFailure(action string, v control.Visit, user control.User, known bool) {
	if !known {
		return
	}
	owner := leastkey.UserOf(user.ID)
	l.later.Go(func() {
		refusal := control.Refusal{Owner: owner, Action: action, Subject: owner.String(), Why: "the password was not right, or nobody signs in with one"}
		if err := l.control.Refuse(context.Background(), control.Caller{Principal: owner, Addr: v.Addr}, refusal); err != nil {
			l.log.Error("a refused sign-in is not in the audit log", "user", user.ID, "error", err)
		}
	})
}

// Wait returns when what was to be recorded is. Call it when nobody signs in any longer, before the store closes.
func (l *Login) Wait() { l.later.Wait() }

func isKind(err error, kind control.Kind) bool {
	var refusal *control.Error
	return errors.As(err, &refusal) && refusal.Kind == kind
}
