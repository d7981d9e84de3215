package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// CreateAccount makes an account. Only the operator may. A name that another account has, in
// whatever case, is refused: commands name accounts by it. Renaming is not: whoever renames their
// account must not learn what others are called.
func (c *Control) CreateAccount(ctx context.Context, caller Caller, name string) (Account, error) {
	name, err := accountName(name)
	if err != nil {
		return Account{}, err
	}
	var account Account
	err = c.act(ctx, caller, operatorOnly, attempt{action: "account.create"}, func(tx Tx, _ authority, done *deed) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(accounts, func(a Account) bool { return strings.EqualFold(a.Name, name) }); i >= 0 {
			return &Error{Kind: Taken, Message: fmt.Sprintf("the account %s is called %q already", accounts[i].ID, accounts[i].Name)}
		}
		id, err := leastkey.NewID(c.random)
		if err != nil {
			return err
		}
		now := c.now()
		account = Account{ID: id, Name: name, CreatedOn: now, ModifiedOn: now}
		return c.keepAccount(tx, done, nil, account)
	})
	return account, err
}

// RenameAccount renames an account.
func (c *Control) RenameAccount(ctx context.Context, caller Caller, id leastkey.ID, name string) (Account, error) {
	name, err := accountName(name)
	if err != nil {
		return Account{}, err
	}
	var account Account
	err = c.act(ctx, caller, leastkey.AccountOf(id).Resource(), attempt{"account.update", "account " + id.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := tx.Account(id)
		if err != nil {
			return explain(err, "account", id)
		}
		account = was
		account.Name, account.ModifiedOn = name, c.now()
		return c.keepAccount(tx, done, &was, account)
	})
	return account, err
}

func (c *Control) keepAccount(tx Tx, done *deed, was *Account, account Account) error {
	if err := tx.PutAccount(account); err != nil {
		return err
	}
	done.subject, done.account = "account "+account.ID.String(), account.ID
	if was != nil {
		done.before = describedAccount(*was)
	}
	done.after = describedAccount(account)
	principal := account.record()
	done.changes = []leastkey.Change{{Principal: &principal}}
	return nil
}

// Account gives one account.
func (c *Control) Account(ctx context.Context, caller Caller, id leastkey.ID) (Account, error) {
	var account Account
	err := c.view(ctx, caller, leastkey.AccountOf(id).Resource(), func(r Reader) (err error) {
		account, err = r.Account(id)
		return explain(err, "account", id)
	})
	return account, err
}

// Accounts lists the accounts that sees admits: the items of a list are decided one by one, by
// whoever decided the list. For the operator a nil sees admits all.
func (c *Control) Accounts(ctx context.Context, caller Caller, sees func(leastkey.Resource) bool) ([]Account, error) {
	var seen []Account
	err := c.view(ctx, caller, leastkey.Resource{Type: leastkey.AccountType}, func(r Reader) error {
		accounts, err := r.Accounts()
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if caller.operator || sees != nil && sees(leastkey.AccountOf(a.ID).Resource()) {
				seen = append(seen, a)
			}
		}
		return nil
	})
	return seen, err
}

func describedAccount(a Account) any {
	return struct {
		Name string `json:"name"`
	}{a.Name}
}

const longestAccountName = 160

func accountName(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > longestAccountName || strings.ContainsFunc(s, isControl) {
		return "", invalid("/name", "an account's name has 1 to %d characters, none of them control characters", longestAccountName)
	}
	return s, nil
}
