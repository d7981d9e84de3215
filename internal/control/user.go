package control

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// UserSpec is what the operator decides about a new user.
type UserSpec struct {
	Email     string
	FirstName string
	LastName  string
	Password  string          // empty: one is made
	GlobalKey leastkey.Secret // zero: one is made; otherwise an existing key, of kind GlobalKeySecret
}

// NewUser is a user just made, with what is shown once.
type NewUser struct {
	User
	Password  string // only when it was made here
	GlobalKey leastkey.Secret
}

// operatorOnly is what acts of the operator are about; no catalogue operation has it as target.
var operatorOnly = leastkey.Resource{}

// CreateUser makes a user with a Global API Key. Only the operator may.
func (c *Control) CreateUser(ctx context.Context, caller Caller, spec UserSpec) (NewUser, error) {
	email, err := normalEmail(spec.Email)
	if err != nil {
		return NewUser{}, err
	}
	if spec.FirstName, err = personName("/first_name", spec.FirstName); err != nil {
		return NewUser{}, err
	}
	if spec.LastName, err = personName("/last_name", spec.LastName); err != nil {
		return NewUser{}, err
	}
	made := NewUser{}
	password := spec.Password
	if password == "" {
		if made.Password, err = c.randomPassword(); err != nil {
			return NewUser{}, settle(err)
		}
		password = made.Password
	}
	hash, err := HashPassword(password, c.random) // slow: before the transaction, not in it
	if err != nil {
		return NewUser{}, settle(err)
	}
	err = c.act(ctx, caller, operatorOnly, attempt{action: "user.create"}, func(tx Tx, _ authority, done *deed) error {
		id, err := leastkey.NewID(c.random)
		if err != nil {
			return err
		}
		now := c.now()
		made.User = User{ID: id, Email: email, FirstName: spec.FirstName, LastName: spec.LastName,
			PasswordHash: hash, CreatedOn: now, ModifiedOn: now}
		if err := tx.PutUser(made.User); err != nil {
			if errors.Is(err, ErrExists) {
				return &Error{Kind: Taken, Message: "another user has the e-mail address " + email}
			}
			return err
		}
		var key Credential
		if key, made.GlobalKey, err = c.newKey(GlobalKey, id, spec.GlobalKey); err != nil {
			return err
		}
		if err := tx.PutCredential(key); err != nil {
			return err
		}
		principal, record := made.record(), key.Record()
		done.subject, done.after = "user "+id.String(), describedUser(made.User)
		done.changes = []leastkey.Change{{Principal: &principal}, {Credential: &record}}
		return nil
	})
	if err != nil {
		return NewUser{}, err
	}
	return made, nil
}

// SetUserDisabled disables a user, and with it every credential it owns, or enables it again.
// Only the operator may.
func (c *Control) SetUserDisabled(ctx context.Context, caller Caller, id leastkey.ID, disabled bool) (User, error) {
	return c.changeUser(ctx, caller, operatorOnly, id, func(u *User) { u.Disabled = disabled })
}

// RenameUser sets the names of a user. A nil name stays.
func (c *Control) RenameUser(ctx context.Context, caller Caller, id leastkey.ID, firstName, lastName *string) (User, error) {
	for _, name := range []struct {
		pointer string
		is      **string
	}{{"/first_name", &firstName}, {"/last_name", &lastName}} {
		if *name.is == nil {
			continue
		}
		checked, err := personName(name.pointer, **name.is)
		if err != nil {
			return User{}, err
		}
		*name.is = &checked
	}
	return c.changeUser(ctx, caller, leastkey.UserOf(id).Resource(), id, func(u *User) {
		if firstName != nil {
			u.FirstName = *firstName
		}
		if lastName != nil {
			u.LastName = *lastName
		}
	})
}

func (c *Control) changeUser(ctx context.Context, caller Caller, on leastkey.Resource, id leastkey.ID, change func(*User)) (User, error) {
	var user User
	err := c.act(ctx, caller, on, attempt{"user.update", "user " + id.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := tx.User(id)
		if err != nil {
			return explain(err, "user", id)
		}
		user = was
		change(&user)
		user.ModifiedOn = c.now()
		if err := tx.PutUser(user); err != nil {
			return err
		}
		principal := user.record()
		done.before, done.after = describedUser(was), describedUser(user)
		done.changes = []leastkey.Change{{Principal: &principal}}
		return nil
	})
	return user, err
}

// User gives a user to itself.
func (c *Control) User(ctx context.Context, caller Caller, id leastkey.ID) (User, error) {
	var user User
	err := c.view(ctx, caller, leastkey.UserOf(id).Resource(), func(r Reader) (err error) {
		user, err = r.User(id)
		return explain(err, "user", id)
	})
	return user, err
}

// Users lists all users. Only the operator may.
func (c *Control) Users(ctx context.Context, caller Caller) ([]User, error) {
	var users []User
	err := c.view(ctx, caller, operatorOnly, func(r Reader) (err error) {
		users, err = r.Users()
		return err
	})
	return users, err
}

// describedUser is a user as audit rows show it: without the password's hash.
func describedUser(u User) any {
	return struct {
		Email     string `json:"email"`
		FirstName string `json:"first_name,omitempty"`
		LastName  string `json:"last_name,omitempty"`
		Disabled  bool   `json:"disabled"`
	}{u.Email, u.FirstName, u.LastName, u.Disabled}
}

// personName checks a first or last name, which may be empty. Others see it, in lists and on
// terminals.
func personName(pointer, s string) (string, error) {
	const longest = 60
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > longest || strings.ContainsFunc(s, isControl) {
		return "", invalid(pointer, "the name of a person has at most %d characters, none of them control characters", longest)
	}
	return s, nil
}

func normalEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	bad := func(r rune) bool { return r <= ' ' || r > '~' }
	if at < 1 || at == len(s)-1 || len(s) > 254 || strings.ContainsFunc(s, bad) {
		return "", invalid("/email", "%q is not an e-mail address", s)
	}
	return s, nil
}

// randomPassword has 20 characters of 32 that are not mistaken for one another: 100 bits.
func (c *Control) randomPassword() (string, error) {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
	id := make([]byte, 0, 32)
	for len(id) < 20 {
		raw, err := leastkey.NewID(c.random)
		if err != nil {
			return "", err
		}
		id = append(id, raw[:]...)
	}
	out := make([]byte, 20)
	for i := range out {
		out[i] = alphabet[id[i]%32]
	}
	return string(out), nil
}
