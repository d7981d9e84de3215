package control

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
)

// Visit is from where, and with what, somebody signs in.
type Visit struct {
	Addr     netip.Addr
	Agent    string  // User-Agent
	Replaces Session // the session that the browser had until now; zero for none
}

// SignedIn is a session just begun. Key is for the browser alone: it is shown to nobody else, and
// only its hash is kept.
type SignedIn struct {
	Session
	Key string
}

// UserToSignIn finds a user by e-mail address, for whoever is to check the password.
// The error is a NoSuch when nobody has the address.
func (c *Control) UserToSignIn(ctx context.Context, email string) (User, error) {
	var user User
	err := c.store.View(ctx, func(r Reader) error {
		normal, err := normalEmail(email)
		if err != nil {
			return &Error{Kind: NoSuch, Message: "nobody has this e-mail address"}
		}
		user, err = r.UserByEmail(normal)
		if errors.Is(err, ErrNotFound) {
			return &Error{Kind: NoSuch, Message: "nobody has this e-mail address"}
		}
		return err
	})
	return user, settle(err)
}

// BeginSession begins a session of a user whose password was checked against PasswordHash. When
// the password was changed meanwhile, or the user disabled, it is Refused.
func (c *Control) BeginSession(ctx context.Context, checked User, v Visit) (SignedIn, error) {
	return c.begin(ctx, checked.ID, v, func(tx Tx, user User) (proof, error) {
		if user.PasswordHash != checked.PasswordHash || user.PasswordHash == "" {
			return proof{}, &Error{Kind: Refused, Message: "the password was changed"}
		}
		return proof{on: c.now()}, nil
	})
}

// BeginSessionByLink begins a session with the code of a sign-in link, which works once.
func (c *Control) BeginSessionByLink(ctx context.Context, code string, v Visit) (SignedIn, error) {
	useless := &Error{Kind: Refused, Message: "the sign-in link was used already, or is too old"}
	hash := hashOf(linkTag, code)
	var link SignInLink
	err := c.store.View(ctx, func(r Reader) (err error) {
		link, err = r.SignInLink(hash)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return SignedIn{}, useless
	}
	if err != nil {
		return SignedIn{}, settle(err)
	}
	return c.begin(ctx, link.User, v, func(tx Tx, _ User) (proof, error) {
		is, err := tx.SignInLink(hash)
		switch {
		case errors.Is(err, ErrNotFound):
			return proof{}, useless
		case err != nil:
			return proof{}, err
		case !c.now().Before(is.ExpiresOn):
			return proof{}, useless
		}
		return proof{byLink: true, on: c.now()}, tx.DeleteSignInLink(hash)
	})
}

// proof is how somebody showed who they are.
type proof struct {
	on     time.Time // zero: not lately
	byLink bool
	issuer string // of the provider that attests it; empty: they did it here
}

func (c *Control) begin(ctx context.Context, id leastkey.ID, v Visit, prove func(Tx, User) (proof, error)) (SignedIn, error) {
	var made SignedIn
	caller := Caller{Principal: leastkey.UserOf(id), Addr: v.Addr, settled: true}
	err := c.act(ctx, caller, caller.Principal.Resource(), attempt{"session.begin", caller.Principal.String()}, func(tx Tx, _ authority, done *deed) error {
		user, err := tx.User(id)
		if err != nil {
			return explain(err, "user", id)
		}
		if user.Disabled {
			return &Error{Kind: Refused, Message: "the user is disabled"}
		}
		shown, err := prove(tx, user)
		if err != nil {
			return err
		}
		if made.Key, err = randomKey(c.random); err != nil {
			return err
		}
		ended, err := c.makeRoom(tx, user.ID, v.Replaces)
		if err != nil {
			return err
		}
		now := c.now()
		made.Session = Session{User: user.ID, Hash: hashOf(sessionTag, made.Key), CreatedOn: now, SeenOn: now, ConfirmedOn: shown.on.UTC().Truncate(time.Microsecond),
			ExpiresOn: now.Add(SessionLife), ByLink: shown.byLink, Addr: v.Addr, Agent: printableAgent(v.Agent)}
		made.Session.see(now, v.Addr)
		if made.ID, err = leastkey.NewID(c.random); err != nil {
			return err
		}
		if err := tx.PutSession(made.Session); err != nil {
			return err
		}
		done.subject, done.after = "session "+made.ID.String(), describedSession(made.Session, shown.issuer, ended...)
		return nil
	})
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind != Internal {
		kept := c.Refuse(ctx, caller, Refusal{Owner: caller.Principal, Action: "session.begin", Subject: caller.Principal.String(), Why: refusal.Message})
		err = cmp.Or(kept, err)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return made, nil
}

// MakeSignInLink makes a code with which a user can sign in once until it ends. Only the operator may.
func (c *Control) MakeSignInLink(ctx context.Context, caller Caller, user leastkey.ID, life time.Duration) (code string, ends time.Time, err error) {
	if life <= 0 || life > 24*time.Hour {
		return "", time.Time{}, invalid("/expires_in", "a sign-in link lasts for up to 24 hours")
	}
	err = c.act(ctx, caller, operatorOnly, attempt{"user.sign_in_link", "user " + user.String()}, func(tx Tx, _ authority, done *deed) error {
		if _, err := tx.User(user); err != nil {
			return explain(err, "user", user)
		}
		if code, err = randomKey(c.random); err != nil {
			return err
		}
		ends = c.now().Add(life)
		done.after = struct {
			ExpiresOn time.Time `json:"expires_on"`
		}{ends}
		return tx.PutSignInLink(SignInLink{Hash: hashOf(linkTag, code), User: user, ExpiresOn: ends})
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return code, ends, nil
}

// Domain separation: what opens a session opens nothing else.
const (
	sessionTag = "leastkey session v1\x00"
	linkTag    = "leastkey sign-in link v1\x00"
)

func hashOf(tag, key string) leastkey.SecretHash {
	return leastkey.SecretHash(sha256.Sum256([]byte(tag + key)))
}

// randomKey has 256 bits, in characters that cookies and URLs carry as they are.
func randomKey(random io.Reader) (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("control: read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

func printableAgent(s string) string {
	const longest = 200
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), longest)]
}

// describedSession is a session as audit rows show it.
func describedSession(s Session, issuer string, ended ...endedSession) any {
	return struct {
		ByLink bool           `json:"by_link"`
		Issuer string         `json:"issuer,omitempty"` // of the provider that said who it is
		Agent  string         `json:"agent,omitempty"`
		Ended  []endedSession `json:"ended,omitempty"`
	}{s.ByLink, issuer, s.Agent, ended}
}
