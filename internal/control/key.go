package control

import (
	"context"

	"github.com/leastkey/leastkey"
)

// LegacyKey is one of the keys that a user has at most one of.
type LegacyKey uint8

// The legacy keys.
const (
	_           LegacyKey = iota
	GlobalKey             // all powers of its user
	OriginCAKey           // origin certificates, and nothing else
)

// shape says how a legacy key is kept: its kind, the shape of its secret, its name, and the action
// of its change.
func (k LegacyKey) shape() (leastkey.Kind, leastkey.SecretKind, string, string) {
	if k == OriginCAKey {
		return leastkey.ServiceKey, leastkey.ServiceKeySecret, "Origin CA Key", "user.origin_ca_key"
	}
	return leastkey.GlobalAPIKey, leastkey.GlobalKeySecret, "Global API Key", "user.key"
}

// newKey makes the record of a legacy key of a user. A zero secret is minted.
func (c *Control) newKey(of LegacyKey, user leastkey.ID, secret leastkey.Secret) (Credential, leastkey.Secret, error) {
	kind, _, name, _ := of.shape()
	id, err := leastkey.NewID(c.random)
	if err != nil {
		return Credential{}, secret, err
	}
	key := Credential{Name: name, IssuedOn: c.now()}
	key.ID, key.Kind, key.Principal, key.Status = id, kind, leastkey.UserOf(user), leastkey.Active
	secret, err = c.putKeySecret(&key, of, secret)
	return key, secret, err
}

// putKeySecret replaces the secret of a legacy key.
func (c *Control) putKeySecret(key *Credential, of LegacyKey, secret leastkey.Secret) (leastkey.Secret, error) {
	if secret.IsZero() {
		_, shape, _, _ := of.shape()
		var err error
		if secret, err = c.brand.Mint(shape, c.random); err != nil {
			return secret, err
		}
	}
	key.ModifiedOn = c.now()
	key.Secrets = []StoredSecret{{
		LiveSecret: leastkey.LiveSecret{Hash: secret.Hash()}, Tail: secret.Tail(), CreatedOn: key.ModifiedOn,
	}}
	return secret, nil
}

// Key gives what is known of a legacy key to its user, who is signed in. The key itself is not
// kept, so nobody can see it again. It is a NoSuch when there is none.
func (c *Control) Key(ctx context.Context, caller Caller, of LegacyKey) (Credential, error) {
	var key Credential
	err := c.view(ctx, caller, caller.Principal.Resource(), func(r Reader) error {
		if !caller.Session {
			return errNoSession()
		}
		kind, _, name, _ := of.shape()
		keys, err := r.Credentials(caller.Principal, kind)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return &Error{Kind: NoSuch, Message: "the user has no " + name}
		}
		key = keys[0]
		return nil
	})
	return key, err
}

// ChangeKey gives the user who is signed in a new legacy key; the old one dies at once. A token,
// whatever it may do, cannot make a key.
func (c *Control) ChangeKey(ctx context.Context, caller Caller, of LegacyKey) (Credential, leastkey.Secret, error) {
	var key Credential
	var secret leastkey.Secret
	_, _, _, action := of.shape()
	err := c.act(ctx, caller, caller.Principal.Resource(), attempt{action, caller.Principal.String()}, func(tx Tx, by authority, done *deed) (err error) {
		if !caller.Session {
			return errNoSession()
		}
		if err := by.maySeeSecret(); err != nil {
			return err
		}
		key, secret, err = c.changeKey(tx, done, of, caller.Principal.ID)
		return err
	})
	if err != nil {
		return Credential{}, leastkey.Secret{}, err
	}
	return key, secret, nil
}

// DisableKey switches off a legacy key of the user who is signed in: it is refused until it is changed.
func (c *Control) DisableKey(ctx context.Context, caller Caller, of LegacyKey) (Credential, error) {
	var key Credential
	_, _, _, action := of.shape()
	err := c.act(ctx, caller, caller.Principal.Resource(), attempt{action + "_disable", caller.Principal.String()}, func(tx Tx, _ authority, done *deed) (err error) {
		if !caller.Session {
			return errNoSession()
		}
		key, err = c.disableKey(tx, done, of, caller.Principal.ID)
		return err
	})
	return key, err
}

// DisableGlobalKey switches off the Global API Key of a user, until it is changed. Only the operator may.
func (c *Control) DisableGlobalKey(ctx context.Context, caller Caller, user leastkey.ID) (User, error) {
	var found User
	err := c.act(ctx, caller, operatorOnly, attempt{"user.key_disable", "user " + user.String()}, func(tx Tx, _ authority, done *deed) (err error) {
		if found, err = tx.User(user); err != nil {
			return explain(err, "user", user)
		}
		_, err = c.disableKey(tx, done, GlobalKey, user)
		return err
	})
	return found, err
}

func (c *Control) disableKey(tx Tx, done *deed, of LegacyKey, user leastkey.ID) (Credential, error) {
	kind, _, name, _ := of.shape()
	keys, err := tx.Credentials(leastkey.UserOf(user), kind)
	if err != nil {
		return Credential{}, err
	}
	if len(keys) == 0 {
		return Credential{}, &Error{Kind: NoSuch, Message: "the user has no " + name}
	}
	key := keys[0]
	if key.Status == leastkey.Disabled {
		return Credential{}, &Error{Kind: Taken, Message: "the " + name + " is disabled already"}
	}
	key.Status, key.ModifiedOn = leastkey.Disabled, c.now()
	if err := tx.PutCredential(key); err != nil {
		return Credential{}, err
	}
	record := key.Record()
	done.changes = []leastkey.Change{{Credential: &record}}
	return key, nil
}

// RollGlobalKey gives a user a new Global API Key, for one that was lost or seen by others. The old
// one dies at once. Only the operator may.
func (c *Control) RollGlobalKey(ctx context.Context, caller Caller, user leastkey.ID) (NewUser, error) {
	var rolled NewUser
	err := c.act(ctx, caller, operatorOnly, attempt{"user.key", "user " + user.String()}, func(tx Tx, _ authority, done *deed) (err error) {
		if rolled.User, err = tx.User(user); err != nil {
			return explain(err, "user", user)
		}
		_, rolled.GlobalKey, err = c.changeKey(tx, done, GlobalKey, user)
		return err
	})
	if err != nil {
		return NewUser{}, err
	}
	return rolled, nil
}

func (c *Control) changeKey(tx Tx, done *deed, of LegacyKey, user leastkey.ID) (key Credential, secret leastkey.Secret, err error) {
	kind, _, _, _ := of.shape()
	keys, err := tx.Credentials(leastkey.UserOf(user), kind)
	if err != nil {
		return key, secret, err
	}
	if len(keys) == 0 {
		key, secret, err = c.newKey(of, user, leastkey.Secret{})
	} else {
		key = keys[0]
		key.Status = leastkey.Active // a key that was disabled is another now
		secret, err = c.putKeySecret(&key, of, leastkey.Secret{})
	}
	if err != nil {
		return key, secret, err
	}
	if err := tx.PutCredential(key); err != nil {
		return key, secret, err
	}
	record := key.Record()
	done.after = struct {
		Credential leastkey.ID `json:"credential"`
		Tail       string      `json:"tail"`
	}{key.ID, key.Secrets[0].Tail}
	done.changes = []leastkey.Change{{Credential: &record}}
	return key, secret, nil
}
