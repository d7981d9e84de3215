package control

import (
	"context"

	"github.com/leastkey/leastkey"
)

// newGlobalKey makes the key that has all of its user's powers.
func (c *Control) newGlobalKey(made *NewUser) (Credential, error) {
	id, err := leastkey.NewID(c.random)
	if err != nil {
		return Credential{}, err
	}
	if made.GlobalKey.IsZero() {
		if made.GlobalKey, err = c.brand.Mint(leastkey.GlobalKeySecret, c.random); err != nil {
			return Credential{}, err
		}
	}
	key := Credential{Name: "Global API Key", IssuedOn: made.CreatedOn, ModifiedOn: made.CreatedOn}
	key.ID, key.Kind, key.Principal, key.Status = id, leastkey.GlobalAPIKey, leastkey.UserOf(made.ID), leastkey.Active
	key.Secrets = []StoredSecret{{
		LiveSecret: leastkey.LiveSecret{Hash: made.GlobalKey.Hash()},
		Tail:       made.GlobalKey.Tail(), CreatedOn: made.CreatedOn,
	}}
	return key, nil
}

// RollGlobalKey gives a user a new Global API Key, for one that was lost or seen by others. The old
// one dies at once. Only the operator may.
func (c *Control) RollGlobalKey(ctx context.Context, caller Caller, user leastkey.ID) (NewUser, error) {
	var rolled NewUser
	err := c.act(ctx, caller, operatorOnly, func(tx Tx, _ authority, done *deed) error {
		var err error
		if rolled.User, err = tx.User(user); err != nil {
			return explain(err, "user", user)
		}
		keys, err := tx.Credentials(leastkey.UserOf(user), leastkey.GlobalAPIKey)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return &Error{Kind: NoSuch, Message: "the user has no Global API Key"}
		}
		key, now := keys[0], c.now()
		if rolled.GlobalKey, err = c.brand.Mint(leastkey.GlobalKeySecret, c.random); err != nil {
			return err
		}
		key.ModifiedOn = now
		key.Secrets = []StoredSecret{{
			LiveSecret: leastkey.LiveSecret{Hash: rolled.GlobalKey.Hash()},
			Tail:       rolled.GlobalKey.Tail(), CreatedOn: now,
		}}
		if err := tx.PutCredential(key); err != nil {
			return err
		}
		record := key.Record()
		done.action, done.subject = "user.key", "user "+user.String()
		done.after = struct {
			Credential leastkey.ID `json:"credential"`
		}{key.ID}
		done.changes = []leastkey.Change{{Credential: &record}}
		return nil
	})
	if err != nil {
		return NewUser{}, err
	}
	return rolled, nil
}
