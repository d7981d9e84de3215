package control

import (
	"context"
	"errors"

	"github.com/leastkey/leastkey"
)

// Known gives all that enforcement nodes know, as changes; only the operator may ask.
func (c *Control) Known(ctx context.Context, caller Caller) ([]leastkey.Change, error) {
	var all []leastkey.Change
	err := c.view(ctx, caller, operatorOnly, func(r Reader) error {
		return r.State(func(change leastkey.Change) error {
			all = append(all, change)
			return nil
		})
	})
	return all, err
}

// TokenNames gives the names of tokens, those of tokens that are gone left out; only the operator may ask.
func (c *Control) TokenNames(ctx context.Context, caller Caller, ids []leastkey.ID) (map[leastkey.ID]string, error) {
	names := map[leastkey.ID]string{}
	err := c.view(ctx, caller, operatorOnly, func(r Reader) error {
		for _, id := range ids {
			token, err := r.Credential(id)
			switch {
			case errors.Is(err, ErrNotFound):
			case err != nil:
				return err
			default:
				names[id] = token.Name
			}
		}
		return nil
	})
	return names, err
}
