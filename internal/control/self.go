package control

import (
	"context"
	"errors"

	"github.com/leastkey/leastkey"
)

// Self is a credential as it may know itself.
type Self struct {
	Credential
	Email  string          // of the user who owns it
	Grants leastkey.Grants // of its owner
}

// Whoami gives the credential that asks. Any that is in order may; of its secrets it is told only
// the one that it was presented with.
func (c *Control) Whoami(ctx context.Context, caller Caller) (Self, error) {
	var self Self
	err := c.store.View(ctx, func(r Reader) error {
		credential, _, err := c.presented(r, caller)
		if err != nil {
			return err
		}
		if caller.Session || credential.Principal != caller.Principal {
			return &Error{Kind: Internal, Message: "internal error", Cause: errors.New("control: whoami is about what was presented")}
		}
		if self.Grants, err = c.grants(r, credential.Principal); err != nil {
			return err
		}
		on := leastkey.Request{At: c.now(), Addr: caller.Addr, Target: leastkey.OnSelf()}
		if d := leastkey.Decide(credential, self.Grants, on); !d.Allowed() {
			return &Error{Kind: Refused, Message: d.Reason.Words()}
		}
		if self.Credential, err = r.Credential(caller.Credential); err != nil {
			return err
		}
		for _, s := range self.Credential.Secrets {
			if s.Hash.Equal(caller.Secret) {
				self.Credential.Secrets = []StoredSecret{s}
				break
			}
		}
		if credential.Principal.Kind == leastkey.UserPrincipal {
			user, err := r.User(credential.Principal.ID)
			self.Email = user.Email
			return err
		}
		return nil
	})
	return self, settle(err)
}
