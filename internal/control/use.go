package control

import (
	"context"

	"github.com/leastkey/leastkey"
)

// mostUses is how many uses of one credential are kept.
const mostUses = 20

// RecordUses keeps what credentials were used for, as enforcement nodes saw it, in that order.
func (c *Control) RecordUses(ctx context.Context, uses []Use) error {
	return c.store.Note(ctx, func(n Notes) error { return n.Used(uses, mostUses) })
}

// Uses lists the latest uses of a token, newest first.
func (c *Control) Uses(ctx context.Context, caller Caller, owner leastkey.Principal, id leastkey.ID) ([]Use, error) {
	var uses []Use
	err := c.view(ctx, caller, owner.Resource(), func(r Reader) error {
		if _, err := tokenOf(r, owner, id); err != nil {
			return err
		}
		var err error
		uses, err = r.Uses(id)
		return err
	})
	return uses, err
}
