package control

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
)

// CredentialSpec is a credential of another system, to go on working here.
type CredentialSpec struct {
	Wrong    string        // why it could not be read; then the rest does not matter
	Kind     leastkey.Kind // Token, GlobalAPIKey or ServiceKey
	Owner    leastkey.Principal
	Hash     leastkey.SecretHash // [leastkey.ImportedHash] of its secret
	Tail     string              // the secret's last four characters; empty when only its hash is known
	IssuedOn time.Time           // zero: now
	Token    TokenSpec           // of a Token
}

// ImportedCredentials is what became of an import.
type ImportedCredentials struct {
	Done                bool // it was no dry run, and none was refused
	Imported, Unchanged int
	Refused             []RefusedSpec
}

// errTriedOut undoes what a dry run did.
var errTriedOut = errors.New("tried out")

// ImportCredentials takes in credentials of another system in one act, all or none. One whose secret
// its owner has here already is left as it is, whatever was changed about it since. A user's key takes
// the place of the one before. How many tokens an owner may have is no matter here. A dry run does all
// of it and undoes it. Only the operator may.
func (c *Control) ImportCredentials(ctx context.Context, caller Caller, specs []CredentialSpec, dryRun bool) (ImportedCredentials, error) {
	if !caller.operator {
		return ImportedCredentials{}, &Error{Kind: Refused, Message: "only the operator may import credentials"}
	}
	if dryRun {
		return c.tryCredentials(ctx, specs)
	}
	var plan ImportedCredentials
	err := c.act(ctx, caller, operatorOnly, attempt{"credential.import", "credentials"}, func(tx Tx, _ authority, done *deed) (err error) {
		var rows []recordedImport
		if plan, rows, done.changes, err = c.importCredentials(tx, specs); err != nil {
			return err
		}
		switch {
		case len(plan.Refused) > 0:
			return invalid("", "%d of %d credentials cannot be imported, so none was", len(plan.Refused), len(specs))
		case len(rows) == 0:
			return errTriedOut
		}
		done.after = struct {
			Credentials []recordedImport `json:"credentials"`
		}{rows}
		return nil
	})
	switch {
	case errors.Is(err, errTriedOut) || err == nil:
		plan.Done = true
		return plan, nil
	case len(plan.Refused) > 0 && Recorded(err):
		plan.Imported, plan.Unchanged = 0, 0
		return plan, nil
	default:
		return ImportedCredentials{}, err
	}
}

// tryCredentials is an import that leaves nothing.
func (c *Control) tryCredentials(ctx context.Context, specs []CredentialSpec) (ImportedCredentials, error) {
	var plan ImportedCredentials
	_, err := c.store.Commit(context.WithoutCancel(ctx), func(tx Tx) (_ Act, err error) {
		if err := ctx.Err(); err != nil {
			return Act{}, err
		}
		if plan, _, _, err = c.importCredentials(tx, specs); err == nil {
			err = errTriedOut
		}
		return Act{}, err
	})
	if errors.Is(err, errTriedOut) {
		err = nil
	}
	return plan, settle(err)
}

// recordedImport is an imported credential as audit rows have it.
type recordedImport struct {
	ID    leastkey.ID `json:"id"`
	Kind  string      `json:"kind"`
	Owner string      `json:"owner"`
	Name  string      `json:"name"`
}

func (c *Control) importCredentials(tx Tx, specs []CredentialSpec) (plan ImportedCredentials, rows []recordedImport, changes []leastkey.Change, err error) {
	for i, spec := range specs {
		row, err := c.importCredential(tx, spec)
		if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind != Internal {
			plan.Refused = append(plan.Refused, RefusedSpec{Index: i, Message: refusal.Message})
			continue
		}
		if err != nil {
			return plan, nil, nil, err
		}
		if row == nil {
			plan.Unchanged++
			continue
		}
		plan.Imported++
		record := row.Record()
		changes = append(changes, leastkey.Change{Credential: &record})
		rows = append(rows, recordedImport{row.ID, row.Kind.String(), row.Principal.String(), row.Name})
	}
	return plan, rows, changes, nil
}

// importCredential puts one credential; nil when it is there.
func (c *Control) importCredential(tx Tx, spec CredentialSpec) (*Credential, error) {
	if spec.Wrong != "" {
		return nil, &Error{Kind: Invalid, Message: spec.Wrong}
	}
	if err := hasOwner(tx, spec); err != nil {
		return nil, err
	}
	there, err := tx.CredentialWithSecret(spec.Hash)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return nil, err
	case there.Kind != spec.Kind || there.Principal != spec.Owner:
		return nil, &Error{Kind: Taken, Message: "the secret is that of another credential"}
	default:
		return nil, nil
	}
	row, err := c.importable(tx, spec)
	if err != nil {
		return nil, err
	}
	row.Secrets = []StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: spec.Hash}, Tail: spec.Tail, CreatedOn: row.IssuedOn}}
	err = tx.PutCredential(row)
	if errors.Is(err, ErrExists) {
		return nil, &Error{Kind: Taken, Message: "the secret was revoked or replaced here, for good"}
	}
	return &row, err
}

func hasOwner(r Reader, spec CredentialSpec) error {
	var err error
	switch spec.Owner.Kind {
	case leastkey.UserPrincipal:
		_, err = r.User(spec.Owner.ID)
	case leastkey.AccountPrincipal:
		_, err = r.Account(spec.Owner.ID)
	default:
		return invalid("/owner", "name a user or an account")
	}
	if err == nil && spec.Kind != leastkey.Token && spec.Owner.Kind != leastkey.UserPrincipal {
		return invalid("/owner", "only a user has a key of this kind")
	}
	return explain(err, string(spec.Owner.Resource().Type), spec.Owner.ID)
}

// importable is the credential without its secret: a new token, or the one key that a user has.
func (c *Control) importable(r Reader, spec CredentialSpec) (row Credential, err error) {
	now := c.now()
	if spec.Kind == leastkey.Token {
		row = Credential{IssuedOn: now}
		row.Kind, row.Principal, row.Status = leastkey.Token, spec.Owner, leastkey.Active
		if err = c.write(&row, spec.Token, now); err == nil {
			err = expiresLater(spec.Token, now)
		}
		if err != nil {
			return row, err
		}
		row.ID, err = c.newRowID()
	} else {
		row, err = c.keyOf(r, spec.Kind, spec.Owner)
		row.Status, row.ModifiedOn = leastkey.Active, now
	}
	if !spec.IssuedOn.IsZero() && spec.IssuedOn.Before(now) {
		row.IssuedOn = spec.IssuedOn
	}
	return row, err
}

// keyOf is the legacy key of a kind that a user has, or a new one.
func (c *Control) keyOf(r Reader, kind leastkey.Kind, owner leastkey.Principal) (Credential, error) {
	keys, err := r.Credentials(owner, kind)
	if err != nil || len(keys) > 0 {
		return slices.Concat(keys, []Credential{{}})[0], err
	}
	for _, of := range []LegacyKey{GlobalKey, OriginCAKey} {
		is, _, name, _ := of.shape()
		if is != kind {
			continue
		}
		key := Credential{Name: name, IssuedOn: c.now()}
		key.Kind, key.Principal = kind, owner
		key.ID, err = leastkey.NewID(c.random)
		return key, err
	}
	return Credential{}, invalid("/kind", "want token, global_api_key or origin_ca_key")
}
