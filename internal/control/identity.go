package control

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
)

// Attested is what an identity provider says of a person. That it does was verified.
type Attested struct {
	Issuer, Subject     string
	Email               string // which the provider says is theirs
	FirstName, LastName string
	ProvedOn            time.Time // when they last proved to the provider who they are; zero: not known
}

// Place is what a person is to be in an account: without roles, no member of it.
type Place struct {
	Account leastkey.ID
	Roles   []leastkey.ID
}

// Admission is what follows from what a provider says of a person.
type Admission struct {
	Attested
	Create bool    // make a user for somebody whom nobody here knows
	Places []Place // in other accounts the person stays what they are
}

// provider is Leastkey itself, which does what rules about an identity provider ask for.
func provider(addr netip.Addr) Caller { return Caller{agent: "oidc", settled: true, Addr: addr} }

// BeginSessionByIdentity begins a session of the person whom a provider attests. The provider is known by
// the subject alone: the e-mail address counts the first time, when it leads to the user with that address,
// or to a new one. Their memberships are made to agree first, what is lost before what is won. It is NoSuch when
// nobody here is known by that, and Refused when the user has another identity of the provider, or is disabled.
func (c *Control) BeginSessionByIdentity(ctx context.Context, a Admission, v Visit) (SignedIn, error) {
	user, err := c.recognise(ctx, a, v)
	if err != nil {
		return SignedIn{}, err
	}
	if !user.Disabled { // of those who are, nothing changes but that it was tried
		if err := c.agree(ctx, user.ID, a.Places, v); err != nil {
			return SignedIn{}, err
		}
	}
	return c.begin(ctx, user.ID, v, func(tx Tx, user User) (proof, error) {
		if err := hasIdentity(tx, a.Attested, user.ID); err != nil {
			return proof{}, err
		}
		return proof{on: a.ProvedOn, issuer: a.Issuer}, nil
	})
}

// ConfirmByIdentity notes that the person of the session proved to a provider who they are, when they did.
// It is Refused when that is longer ago than a proof counts, or was somebody else.
func (c *Control) ConfirmByIdentity(ctx context.Context, caller Caller, a Attested) error {
	return c.actSession(ctx, caller, attempt{"session.confirm", "session " + caller.Credential.String()}, func(tx Tx, done *deed) error {
		if err := hasIdentity(tx, a, caller.Principal.ID); err != nil {
			return err
		}
		session, err := tx.Session(caller.Credential)
		if err != nil {
			return err
		}
		session.ConfirmedOn = a.ProvedOn.UTC().Truncate(time.Microsecond)
		if now := c.now(); !session.ConfirmedAt(now) || session.ConfirmedOn.After(now) {
			return &Error{Kind: Refused, Message: "the provider does not say that the person proved anew who they are"}
		}
		done.after = struct {
			Issuer string `json:"issuer"`
		}{a.Issuer}
		return tx.PutSession(session)
	})
}

func hasIdentity(r Reader, a Attested, user leastkey.ID) error {
	is, err := r.Identity(a.Issuer, a.Subject)
	if errors.Is(err, ErrNotFound) || err == nil && is.User != user {
		return &Error{Kind: Refused, Message: "the identity is not one of the user"}
	}
	return err
}

// Identities are the providers that know the person who asks, so that these can be asked again.
func (c *Control) Identities(ctx context.Context, caller Caller) ([]Identity, error) {
	var all []Identity
	err := c.view(ctx, caller, caller.Principal.Resource(), func(r Reader) (err error) {
		all, err = r.Identities(caller.Principal.ID)
		return err
	})
	return all, err
}

// Unlink ends every identity of a user, and every session, which may have been begun with one. The next sign-in at a
// provider links anew, by the e-mail address. Only the operator may. It is Taken when there is no identity.
func (c *Control) Unlink(ctx context.Context, caller Caller, id leastkey.ID) (User, error) {
	var user User
	err := c.act(ctx, caller, operatorOnly, attempt{"user.unlink", "user " + id.String()}, func(tx Tx, _ authority, done *deed) (err error) {
		if user, err = tx.User(id); err != nil {
			return explain(err, "user", id)
		}
		identities, err := tx.Identities(id)
		if err != nil {
			return err
		}
		if len(identities) == 0 {
			return &Error{Kind: Taken, Message: "no identity provider knows the user"}
		}
		type known struct {
			Issuer  string `json:"issuer"`
			Subject string `json:"subject"`
		}
		var were []known
		for _, i := range identities {
			were = append(were, known{i.Issuer, i.Subject})
			if err := tx.DeleteIdentity(i.Issuer, i.Subject); err != nil {
				return err
			}
		}
		done.before = struct {
			Identities []known `json:"identities"`
		}{were}
		return endSessions(tx, id, leastkey.ID{})
	})
	return user, err
}

// recognise finds the user with the identity; otherwise it gives the identity to the user with the e-mail
// address, or to one that it makes.
func (c *Control) recognise(ctx context.Context, a Admission, v Visit) (User, error) {
	var user User
	known := func(r Reader) error {
		is, err := r.Identity(a.Issuer, a.Subject)
		if err != nil {
			return err
		}
		user, err = r.User(is.User)
		return err
	}
	if err := c.store.View(ctx, known); !errors.Is(err, ErrNotFound) {
		return user, settle(err)
	}
	email, err := normalEmail(a.Email)
	if err != nil || a.Issuer == "" || a.Subject == "" {
		return User{}, &Error{Kind: Refused, Message: "the provider gave no e-mail address that can be used"}
	}
	err = c.act(ctx, provider(v.Addr), operatorOnly, attempt{action: "user.link"}, func(tx Tx, _ authority, done *deed) error {
		was, err := tx.UserByEmail(email)
		switch {
		case err == nil && was.Disabled:
			return &Error{Kind: Refused, Message: "the user is disabled"}
		case err == nil:
			user, done.subject = was, "user "+was.ID.String()
		case !errors.Is(err, ErrNotFound):
			return err
		case !a.Create:
			return &Error{Kind: NoSuch, Message: "nobody here has this e-mail address"}
		default:
			if user, err = c.newcomer(tx, a.Attested, email, done); err != nil {
				return err
			}
		}
		identity := Identity{Issuer: a.Issuer, Subject: a.Subject, User: user.ID, CreatedOn: c.now()}
		if err := tx.PutIdentity(identity); err != nil {
			if errors.Is(err, ErrExists) {
				return &Error{Kind: Refused, Message: "the user with this e-mail address is known by another identity of the provider"}
			}
			return err
		}
		done.after = struct {
			Email     string `json:"email"`
			FirstName string `json:"first_name,omitempty"`
			LastName  string `json:"last_name,omitempty"`
			Issuer    string `json:"issuer"`
			Subject   string `json:"subject"`
		}{user.Email, user.FirstName, user.LastName, a.Issuer, a.Subject}
		return nil
	})
	return user, err
}

// newcomer makes a user without a password and without a key.
func (c *Control) newcomer(tx Tx, a Attested, email string, done *deed) (User, error) {
	id, err := leastkey.NewID(c.random)
	if err != nil {
		return User{}, err
	}
	now := c.now()
	user := User{ID: id, Email: email, CreatedOn: now, ModifiedOn: now}
	user.FirstName, _ = personName("", a.FirstName) // a name that is none is left out
	user.LastName, _ = personName("", a.LastName)
	if err := tx.PutUser(user); err != nil {
		return User{}, err
	}
	principal := user.record()
	done.action, done.subject, done.changes = "user.create", "user "+id.String(), []leastkey.Change{{Principal: &principal}}
	return user, nil
}

// agree makes the memberships of a user what they are to be, each by an act of its own: first those that
// end, then those that change, then new ones.
func (c *Control) agree(ctx context.Context, user leastkey.ID, places []Place, v Visit) error {
	var have []Member
	err := c.store.View(ctx, func(r Reader) (err error) {
		have, err = r.Memberships(user)
		return err
	})
	if err != nil {
		return settle(err)
	}
	order := func(p Place) int {
		switch in := slices.ContainsFunc(have, func(m Member) bool { return m.Account == p.Account }); {
		case len(p.Roles) == 0:
			return 0
		case in:
			return 1
		default:
			return 2
		}
	}
	places = slices.Clone(places)
	slices.SortStableFunc(places, func(a, b Place) int { return cmp.Compare(order(a), order(b)) })
	for _, p := range places {
		if agrees(have, p) {
			continue
		}
		if err := c.agreeOn(ctx, user, p, v); err != nil {
			return err
		}
	}
	return nil
}

// agrees reports whether the memberships of a user are what a place asks for.
func agrees(have []Member, p Place) bool {
	i := slices.IndexFunc(have, func(m Member) bool { return m.Account == p.Account })
	if i < 0 || len(p.Roles) == 0 {
		return i < 0 && len(p.Roles) == 0
	}
	within := func(a, b []leastkey.ID) bool {
		return !slices.ContainsFunc(a, func(id leastkey.ID) bool { return !slices.Contains(b, id) })
	}
	return within(have[i].Roles, p.Roles) && within(p.Roles, have[i].Roles)
}

// agreeOn is one act. A right that the provider no longer vouches for ends though nobody is left who manages the
// account: the operator can make somebody manage it, and a right that goes on nobody notices.
func (c *Control) agreeOn(ctx context.Context, user leastkey.ID, p Place, v Visit) error {
	overtaken := errors.New("it is so already")
	err := c.act(ctx, provider(v.Addr), leastkey.AccountOf(p.Account).Resource(), attempt{action: "member.update"}, func(tx Tx, _ authority, done *deed) error {
		have, err := tx.Memberships(user)
		if err != nil {
			return err
		}
		if agrees(have, p) {
			return overtaken
		}
		var was *Member
		if i := slices.IndexFunc(have, func(m Member) bool { return m.Account == p.Account }); i >= 0 {
			was = &have[i]
		}
		if len(p.Roles) == 0 {
			done.action = "member.remove"
			c.recordMember(done, p.Account, was, nil)
			return tx.DeleteMember(p.Account, was.ID)
		}
		for _, role := range p.Roles {
			if _, known := c.Catalog().Role(role); !known {
				return noSuch("role", role)
			}
		}
		is := Member{Account: p.Account, User: user, CreatedOn: c.now()}
		if was != nil {
			is = *was
		} else {
			done.action = "member.add"
			if _, err := tx.Account(p.Account); err != nil {
				return explain(err, "account", p.Account)
			}
			if is.ID, err = leastkey.NewID(c.random); err != nil {
				return err
			}
		}
		is.Roles = unique(p.Roles)
		c.recordMember(done, p.Account, was, &is)
		return tx.PutMember(is)
	})
	if errors.Is(err, overtaken) {
		return nil
	}
	return err
}
