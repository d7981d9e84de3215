package control

import (
	"context"
	"errors"
	"time"

	"github.com/leastkey/leastkey"
)

// Invitation asks somebody who is no user yet to come into an account.
type Invitation struct {
	Email               string
	FirstName, LastName string
	Roles               []leastkey.ID
	Life                time.Duration // of the link; up to 7 days
}

// Invited is what an invitation made. Code is for the link by which the person signs in once, to choose a
// password; it is shown once.
type Invited struct {
	MemberOf
	Code      string
	ExpiresOn time.Time
}

const longestInvitation = 7 * 24 * time.Hour

// Invite makes a user without a password or a key, a member of an account, with a link to sign in by once: in
// one act, or not at all. Only the operator may, for whoever makes a user says whose an e-mail address is. It is
// Taken when there is such a user, who is made a member instead.
func (c *Control) Invite(ctx context.Context, caller Caller, account leastkey.ID, in Invitation) (Invited, error) {
	email, err := normalEmail(in.Email)
	if err != nil {
		return Invited{}, err
	}
	if in.FirstName, err = personName("/first_name", in.FirstName); err != nil {
		return Invited{}, err
	}
	if in.LastName, err = personName("/last_name", in.LastName); err != nil {
		return Invited{}, err
	}
	if in.Life <= 0 || in.Life > longestInvitation {
		return Invited{}, invalid("/expires_in", "an invitation lasts for up to 7 days")
	}
	var made Invited
	err = c.act(ctx, caller, operatorOnly, attempt{action: "member.invite"}, func(tx Tx, by authority, done *deed) error {
		if _, err := tx.Account(account); err != nil {
			return explain(err, "account", account)
		}
		roles, groups, err := c.rolesToGive(tx, by, account, in.Roles)
		if err != nil {
			return err
		}
		if _, err := tx.UserByEmail(email); !errors.Is(err, ErrNotFound) {
			if err == nil {
				err = &Error{Kind: Taken, Message: email + " is a user already; make them a member instead"}
			}
			return err
		}
		user, err := c.newcomer(tx, Attested{FirstName: in.FirstName, LastName: in.LastName}, email, done)
		if err != nil {
			return err
		}
		row := Member{Account: account, User: user.ID, Roles: roles, Groups: groups, CreatedOn: c.now()}
		if row.ID, err = leastkey.NewID(c.random); err != nil {
			return err
		}
		if err := tx.PutMember(row); err != nil {
			return err
		}
		if made.Code, err = randomKey(c.random); err != nil {
			return err
		}
		made.ExpiresOn = c.now().Add(in.Life)
		if err := tx.PutSignInLink(SignInLink{Hash: hashOf(linkTag, made.Code), User: user.ID, ExpiresOn: made.ExpiresOn}); err != nil {
			return err
		}
		newUser := done.changes
		c.recordMember(done, account, nil, &row)
		done.action, done.changes = "member.invite", append(newUser, done.changes...)
		done.after = struct {
			Email     string        `json:"email"`
			User      leastkey.ID   `json:"user"`
			Roles     []leastkey.ID `json:"roles"`
			ExpiresOn time.Time     `json:"expires_on"`
		}{email, user.ID, roles, made.ExpiresOn}
		made.MemberOf, err = completeOne(tx, row)
		return err
	})
	if err != nil {
		return Invited{}, err
	}
	return made, nil
}
