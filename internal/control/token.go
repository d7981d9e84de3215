package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// TokenSpec is what an owner decides about a token.
type TokenSpec struct {
	Name      string
	Status    leastkey.Status // zero: Active for a new token, unchanged for an old one
	Validity  leastkey.Validity
	Condition leastkey.Condition
	Policies  []leastkey.Policy // a zero policy ID is given one

	// IfModifiedOn, when it is not zero, is when the token was last modified as far as whoever edits
	// it knows: ReplaceToken is Overtaken, and changes nothing, when that was later.
	IfModifiedOn time.Time
}

// longestName bounds the name of a token, in characters.
const longestName = 120

// Tokens lists the tokens of an owner, oldest first.
func (c *Control) Tokens(ctx context.Context, caller Caller, owner leastkey.Principal) ([]Credential, error) {
	var tokens []Credential
	err := c.view(ctx, caller, owner.Resource(), func(r Reader) (err error) {
		tokens, err = r.Credentials(owner, leastkey.Token)
		return err
	})
	return tokens, err
}

// TokenPage lists a part of the tokens of an owner, without their secrets, and says how many there are. Owner and
// kind are set here.
func (c *Control) TokenPage(ctx context.Context, caller Caller, owner leastkey.Principal, p CredentialPage) (part []Credential, total int, err error) {
	p.Owner, p.Kind = owner, leastkey.Token
	err = c.view(ctx, caller, owner.Resource(), func(r Reader) (err error) {
		part, total, err = r.CredentialPage(p)
		return err
	})
	return part, total, err
}

// Token gives one token of an owner.
func (c *Control) Token(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID) (Credential, error) {
	var token Credential
	err := c.view(ctx, caller, owner.Resource(), func(r Reader) (err error) {
		token, err = tokenOf(r, owner, id)
		return err
	})
	return token, err
}

// CreateToken makes a token and gives its secret, which nothing will ever show again.
func (c *Control) CreateToken(ctx context.Context, caller Caller, owner leastkey.Principal, spec TokenSpec) (Credential, leastkey.Secret, error) {
	var token Credential
	var secret leastkey.Secret
	err := c.act(ctx, caller, owner.Resource(), attempt{action: "token.create"}, func(tx Tx, by authority, done *deed) (err error) {
		if token, err = c.newToken(tx, by, owner, spec); err != nil {
			return err
		}
		if token.ID, err = c.newRowID(); err != nil {
			return err
		}
		if secret, err = c.addSecret(&token, token.IssuedOn); err != nil {
			return err
		}
		return c.keepToken(tx, done, nil, token)
	})
	if err != nil {
		return Credential{}, leastkey.Secret{}, err
	}
	return token, secret, nil
}

// newToken is the token that the caller may make of the spec, without id and secret.
func (c *Control) newToken(r Reader, by authority, owner leastkey.Principal, spec TokenSpec) (Credential, error) {
	if err := by.maySeeSecret(); err != nil {
		return Credential{}, err
	}
	if err := c.roomForToken(r, owner); err != nil {
		return Credential{}, err
	}
	now := c.now()
	token := Credential{IssuedOn: now}
	token.Kind, token.Principal, token.Status = leastkey.Token, owner, leastkey.Active
	if err := c.write(&token, spec, now); err != nil {
		return Credential{}, err
	}
	if err := expiresLater(spec, now); err != nil {
		return Credential{}, err
	}
	return token, c.mayGive(r, by, token.Credential)
}

// ReplaceToken replaces what the owner decides about a token; its secrets stay.
func (c *Control) ReplaceToken(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID, spec TokenSpec) (Credential, error) {
	var token Credential
	err := c.act(ctx, caller, owner.Resource(), attempt{"token.update", "token " + id.String()}, func(tx Tx, by authority, done *deed) error {
		was, err := tokenOf(tx, owner, id)
		if err != nil {
			return err
		}
		if token, err = c.editedToken(tx, by, was, spec); err != nil {
			return err
		}
		return c.keepToken(tx, done, &was, token)
	})
	return token, err
}

// editedToken is what the caller may make of a token by the spec.
func (c *Control) editedToken(r Reader, by authority, was Credential, spec TokenSpec) (Credential, error) {
	if !spec.IfModifiedOn.IsZero() && !spec.IfModifiedOn.Equal(was.ModifiedOn) {
		return Credential{}, &Error{Kind: Overtaken, Message: "the token was changed meanwhile; look at it again"}
	}
	token := was
	if err := c.write(&token, spec, c.now()); err != nil {
		return Credential{}, err
	}
	if givesNothingNew(was.Credential, token.Credential) {
		return token, nil
	}
	if err := by.maySeeSecret(); err != nil { // whoever has the secret has what is given here
		return Credential{}, err
	}
	return token, c.mayGive(r, by, token.Credential)
}

// CheckToken says whether CreateToken, or ReplaceToken when id is not zero, would take the spec
// from this caller at this moment, once they have confirmed who they are. Nothing is made.
func (c *Control) CheckToken(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID, spec TokenSpec) error {
	err := c.store.View(ctx, func(r Reader) error {
		by, err := c.authorize(r, caller, owner.Resource())
		if err != nil {
			return err
		}
		by.unconfirmed = false
		if id.IsZero() {
			_, err = c.newToken(r, by, owner, spec)
			return err
		}
		was, err := tokenOf(r, owner, id)
		if err != nil {
			return err
		}
		_, err = c.editedToken(r, by, was, spec)
		return err
	})
	return settle(err)
}

// SetTokenStatus switches a token off, or on again, and leaves all else as it is at that moment.
func (c *Control) SetTokenStatus(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID, status leastkey.Status) (Credential, error) {
	if status != leastkey.Active && status != leastkey.Disabled {
		return Credential{}, invalid("/status", "want active or disabled")
	}
	var token Credential
	err := c.act(ctx, caller, owner.Resource(), attempt{"token.update", "token " + id.String()}, func(tx Tx, by authority, done *deed) error {
		was, err := tokenOf(tx, owner, id)
		if err != nil {
			return err
		}
		token = was
		token.Status, token.ModifiedOn = status, c.now()
		if !givesNothingNew(was.Credential, token.Credential) {
			if err := c.mayGive(tx, by, token.Credential); err != nil {
				return err
			}
		}
		return c.keepToken(tx, done, &was, token)
	})
	return token, err
}

// DeleteToken revokes a token with all its secrets, for ever.
func (c *Control) DeleteToken(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID) error {
	return c.act(ctx, caller, owner.Resource(), attempt{"token.delete", "token " + id.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := tokenOf(tx, owner, id)
		if err != nil {
			return err
		}
		if err := tx.RevokeCredential(id, c.now()); err != nil {
			return err
		}
		done.before = described(was)
		gone := was.Record()
		gone.Secrets = nil
		done.changes = []leastkey.Change{{Credential: &gone}}
		return nil
	})
}

// RollToken gives a token a new secret. The old one dies at once, or after the overlap; any
// older one dies at once. Whoever rolls a token gets its powers in hand, so the rule of minting
// holds here too.
func (c *Control) RollToken(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID, overlap time.Duration) (Credential, leastkey.Secret, error) {
	if overlap < 0 || overlap > c.limits.Overlap {
		return Credential{}, leastkey.Secret{}, invalid("/overlap_seconds", "overlap of %s: want 0 to %s", overlap, c.limits.Overlap)
	}
	var token Credential
	var secret leastkey.Secret
	err := c.act(ctx, caller, owner.Resource(), attempt{"token.roll", "token " + id.String()}, func(tx Tx, by authority, done *deed) error {
		if err := by.maySeeSecret(); err != nil {
			return err
		}
		was, err := tokenOf(tx, owner, id)
		if err != nil {
			return err
		}
		if err := c.mayGive(tx, by, was.Credential); err != nil {
			return err
		}
		token = was
		now := c.now()
		token.ModifiedOn = now
		token.Secrets = nil
		if overlap > 0 && len(was.Secrets) > 0 {
			old := was.Secrets[0]
			old.Until = now.Add(overlap)
			token.Secrets = []StoredSecret{old}
		}
		if secret, err = c.addSecret(&token, now); err != nil {
			return err
		}
		return c.keepToken(tx, done, &was, token)
	})
	if err != nil {
		return Credential{}, leastkey.Secret{}, err
	}
	return token, secret, nil
}

// EndOverlap ends the secret that a roll left alive for a while. It is Invalid when there is none.
func (c *Control) EndOverlap(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID) (Credential, error) {
	var token Credential
	err := c.act(ctx, caller, owner.Resource(), attempt{"token.end_overlap", "token " + id.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := tokenOf(tx, owner, id)
		if err != nil {
			return err
		}
		token = was
		token.Secrets = slices.DeleteFunc(slices.Clone(was.Secrets), func(s StoredSecret) bool { return !s.Until.IsZero() })
		if len(token.Secrets) == len(was.Secrets) {
			return invalid("", "the token has no other secret than its own")
		}
		token.ModifiedOn = c.now()
		return c.keepToken(tx, done, &was, token)
	})
	return token, err
}

// tokenOf finds a token among those of its owner; another owner's is not there.
func tokenOf(r Reader, owner leastkey.Principal, id leastkey.ID) (Credential, error) {
	token, err := r.Credential(id)
	if errors.Is(err, ErrNotFound) || err == nil && (token.Principal != owner || token.Kind != leastkey.Token) {
		return Credential{}, noSuch("token", id)
	}
	return token, err
}

// addSecret puts a new secret in front.
func (c *Control) addSecret(token *Credential, now time.Time) (leastkey.Secret, error) {
	kind := leastkey.UserTokenSecret
	if token.Principal.Kind == leastkey.AccountPrincipal {
		kind = leastkey.AccountTokenSecret
	}
	secret, err := c.brand.Mint(kind, c.random)
	if err != nil {
		return leastkey.Secret{}, err
	}
	stored := StoredSecret{LiveSecret: leastkey.LiveSecret{Hash: secret.Hash()}, Tail: secret.Tail(), CreatedOn: now}
	token.Secrets = slices.Insert(token.Secrets, 0, stored)
	return secret, nil
}

func (c *Control) keepToken(tx Tx, done *deed, was *Credential, token Credential) error {
	if err := tx.PutCredential(token); err != nil {
		return err
	}
	done.subject, done.after = "token "+token.ID.String(), described(token)
	if was != nil {
		done.before = described(*was)
	}
	record := token.Record()
	done.changes = []leastkey.Change{{Credential: &record}}
	return nil
}

func (c *Control) roomForToken(r Reader, owner leastkey.Principal) error {
	most, whose := c.limits.UserTokens, "user"
	if owner.Kind == leastkey.AccountPrincipal {
		most, whose = c.limits.AccountTokens, "account"
	}
	has, err := r.CountCredentials(owner, leastkey.Token)
	if err != nil {
		return err
	}
	if has >= most {
		return &Error{Kind: TooMany, Message: plural(most, "token") + " is the most that one " + whose + " may have; delete one first"}
	}
	return nil
}

// write checks the spec and puts it into the token.
func (c *Control) write(token *Credential, spec TokenSpec, now time.Time) error {
	name := strings.TrimSpace(spec.Name)
	switch {
	case name == "":
		return invalid("/name", "a token needs a name")
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > longestName:
		return invalid("/name", "the name has %d characters: at most %d are allowed", utf8.RuneCountInString(name), longestName)
	case strings.ContainsFunc(name, isControl):
		return invalid("/name", "the name has a control character in it")
	}
	if err := checkCondition(spec.Condition); err != nil {
		return err
	}
	v := spec.Validity
	if !v.ExpiresOn.IsZero() && !v.NotBefore.IsZero() && !v.ExpiresOn.After(v.NotBefore) {
		return invalid("/expires_on", "expires_on must be after not_before")
	}
	policies := token.Policies // unchanged, they stay even if a group of theirs has left the catalogue
	if !slices.EqualFunc(policies, spec.Policies, samePolicy) {
		var err error
		if policies, err = c.checkPolicies(spec.Policies); err != nil {
			return err
		}
	}
	token.Name, token.ModifiedOn = name, now
	token.Validity, token.Condition, token.Policies = v, spec.Condition, policies
	if spec.Status != 0 {
		token.Status = spec.Status
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// expiresLater refuses a new token that would be dead from the start.
func expiresLater(spec TokenSpec, now time.Time) error {
	if at := spec.Validity.ExpiresOn; !at.IsZero() && !at.After(now) {
		return invalid("/expires_on", "expires_on is in the past: %s", at.Format(time.RFC3339))
	}
	return nil
}

// givesNothingNew reports whether an edit leaves all rights as they were, or takes the last of
// them away: renaming and disabling need no right to give.
func givesNothingNew(was, is leastkey.Credential) bool {
	same := was.Validity.NotBefore.Equal(is.Validity.NotBefore) && was.Validity.ExpiresOn.Equal(is.Validity.ExpiresOn) &&
		slices.Equal(was.Condition.In, is.Condition.In) && slices.Equal(was.Condition.NotIn, is.Condition.NotIn) &&
		slices.EqualFunc(was.Policies, is.Policies, samePolicy)
	return same && (is.Status == was.Status || is.Status == leastkey.Disabled)
}
