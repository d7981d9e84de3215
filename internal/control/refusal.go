package control

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// Refusal is an act that was refused before its use case was asked.
type Refusal struct {
	Owner   leastkey.Principal // whose things it was about
	Action  string             // as of the act, such as "token.create"
	Subject string             // such as "token 7d2f..."; empty when it is not known
	Why     string             // in words; never with what the caller sent
}

// Refuse records that an act was refused to a caller who is known. What acts refuse themselves they
// record themselves: see Recorded.
func (c *Control) Refuse(ctx context.Context, caller Caller, r Refusal) error {
	return c.keepRefusal(context.WithoutCancel(ctx), caller, r.Owner.Resource(), attempt{r.Action, r.Subject}, r.Why)
}

// Recorded reports whether an error is a refusal that the audit log has already.
func Recorded(err error) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.recorded
}

// recordRefusal keeps what an act refused, and gives the refusal back. A form that was sent twice did
// what it was to do.
func (c *Control) recordRefusal(ctx context.Context, caller Caller, on leastkey.Resource, what attempt, err error) error {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Kind == Internal || refusal.Kind == Repeated {
		return err
	}
	if kept := c.keepRefusal(ctx, caller, on, what, refusal.Message); kept != nil {
		return kept
	}
	recorded := *refusal
	recorded.recorded = true
	return &recorded
}

// longestWhy bounds the words of a refusal, in bytes.
const longestWhy = 500

func (c *Control) keepRefusal(ctx context.Context, caller Caller, on leastkey.Resource, what attempt, why string) error {
	for len(why) > longestWhy || !utf8.ValidString(why) {
		why = why[:min(len(why), longestWhy+1)-1]
	}
	return c.commit(ctx, caller, func(tx Tx) (*deed, authority, error) {
		account, err := c.logOf(tx, caller, on)
		by := authority{Maker: leastkey.Maker{Credential: leastkey.Credential{ID: caller.Credential, Principal: caller.Principal}}}
		return &deed{action: what.action, subject: what.subject, account: account, refused: why}, by, err
	})
}

// logOf is the account in whose log a refusal stands: of those who have no place in an account nobody
// there hears, and so nobody can fill the log of others.
func (c *Control) logOf(r Reader, caller Caller, on leastkey.Resource) (leastkey.ID, error) {
	account := accountOf(on)
	if account.IsZero() || caller.operator || caller.Principal == leastkey.AccountOf(account) {
		return account, nil
	}
	members, err := r.Memberships(caller.Principal.ID)
	for _, m := range members {
		if m.Account == account {
			return account, err
		}
	}
	return leastkey.ID{}, err
}
