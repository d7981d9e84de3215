package nodetest_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// oracle answers what a node should say, from the rows of the store alone. It knows nothing of
// snapshots, changes and compiled grants, and reads patterns as text.
type oracle struct {
	catalog     *catalog.Catalog
	users       map[leastkey.ID]control.User
	accounts    map[leastkey.ID]bool
	members     []control.Member
	parents     map[leastkey.Resource]leastkey.Resource
	credentials []control.Credential
	accepts     map[string][]leastkey.Permission // by operation
}

// accepts is what the operations of the catalogue accept.
var accepts = sync.OnceValue(func() map[string][]leastkey.Permission {
	m := map[string][]leastkey.Permission{}
	for _, op := range TheCatalog().Operations() {
		m[op.String()] = op.AnyOf
	}
	return m
})

func consult(t testing.TB, n *Node) oracle {
	t.Helper()
	o := oracle{catalog: n.Catalog, accepts: accepts(), users: map[leastkey.ID]control.User{}, accounts: map[leastkey.ID]bool{}, parents: map[leastkey.Resource]leastkey.Resource{}}
	err := n.Store.View(context.Background(), func(r control.Reader) error {
		users, err := r.Users()
		if err != nil {
			return err
		}
		accounts, err := r.Accounts()
		if err != nil {
			return err
		}
		resources, err := r.Resources("", leastkey.Resource{})
		if err != nil {
			return err
		}
		var owners []leastkey.Principal
		for _, u := range users {
			o.users[u.ID] = u
			owners = append(owners, leastkey.UserOf(u.ID))
			joined, err := r.Memberships(u.ID)
			if err != nil {
				return err
			}
			o.members = append(o.members, joined...)
		}
		for _, a := range accounts {
			o.accounts[a.ID] = true
			owners = append(owners, leastkey.AccountOf(a.ID))
		}
		for _, row := range resources {
			o.parents[row.Resource] = row.Parent
		}
		for _, owner := range owners {
			for _, kind := range []leastkey.Kind{leastkey.Token, leastkey.GlobalAPIKey} {
				some, err := r.Credentials(owner, kind)
				if err != nil {
					return err
				}
				o.credentials = append(o.credentials, some...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// probe is one request that could be made.
type probe struct {
	operation string // of the catalogue
	on        leastkey.Resource
	under     leastkey.Resource // of a create: the parent
}

// whose finds the credential that a secret belongs to now.
func (o oracle) whose(secret string, at time.Time) (control.Credential, bool) {
	parsed, _, err := leastkey.DefaultBrand.Parse(secret)
	if err != nil {
		return control.Credential{}, false
	}
	for _, c := range o.credentials {
		for _, s := range c.Secrets {
			if s.Hash == parsed.Hash() && (s.Until.IsZero() || at.Before(s.Until)) {
				return c, true
			}
		}
	}
	return control.Credential{}, false
}

// usable says whether the secret is good for anything.
func (o oracle) usable(secret string, addr netip.Addr, at time.Time) (control.Credential, bool) {
	c, known := o.whose(secret, at)
	switch {
	case !known || c.Status.String() != "active":
	case !c.Validity.NotBefore.IsZero() && at.Before(c.Validity.NotBefore):
	case !c.Validity.ExpiresOn.IsZero() && !at.Before(c.Validity.ExpiresOn):
	case len(c.Condition.In) > 0 && !within(c.Condition.In, addr) || within(c.Condition.NotIn, addr):
	case c.Principal.Kind == leastkey.UserPrincipal && o.users[c.Principal.ID].Disabled:
	default:
		return c, true
	}
	return c, false
}

func within(ranges []leastkey.AddressRange, addr netip.Addr) bool {
	for _, r := range ranges {
		text := r.String()
		if !strings.Contains(text, "/") {
			text += "/32" // the tests have no others
		}
		if netip.MustParsePrefix(text).Contains(addr) {
			return true
		}
	}
	return false
}

// allows says whether the secret opens the probe.
func (o oracle) allows(secret string, addr netip.Addr, at time.Time, p probe) bool {
	c, usable := o.usable(secret, addr, at)
	return usable && o.reaches(c, p)
}

// reaches says whether a usable credential opens the probe.
func (o oracle) reaches(c control.Credential, p probe) bool {
	chain, known := o.chain(p.on)
	if !p.under.IsZero() {
		above, there := o.chain(p.under)
		chain, known = append([]string{p.under.String()}, above...), there
	}
	if !known {
		return false
	}
	for _, accepted := range o.accepts[p.operation] {
		if accepted.Type == p.on.Type && o.ownPolicies(c, accepted.Group, p, chain) && o.held(c.Principal, accepted, p, chain) {
			return true
		}
	}
	return false
}

// chain is everything above a resource.
func (o oracle) chain(r leastkey.Resource) (chain []string, known bool) {
	for r.Type != "account" && r.Type != "user" {
		parent, there := o.parents[r]
		if !there {
			return nil, false
		}
		chain = append(chain, parent.String())
		r = parent
	}
	id, err := leastkey.ParseID(r.ID)
	_, isUser := o.users[id]
	return chain, err == nil && (r.Type == "account" && o.accounts[id] || r.Type == "user" && isUser)
}

func (o oracle) ownPolicies(c control.Credential, group leastkey.ID, p probe, chain []string) bool {
	if c.Kind == leastkey.GlobalAPIKey {
		return true
	}
	allowed, denied := false, false
	for _, policy := range c.Policies {
		for _, pattern := range policy.Patterns {
			if slices.Contains(policy.Groups, group) && speaks(pattern.String(), p, chain) {
				allowed = allowed || policy.Effect.String() == "allow"
				denied = denied || policy.Effect.String() == "deny"
			}
		}
	}
	return allowed && !denied
}

// speaks reads "zone x", "every zone" and "every zone of account x".
func speaks(pattern string, p probe, chain []string) bool {
	words := strings.SplitN(pattern, " ", 4)
	switch {
	case words[0] != "every":
		return p.under.IsZero() && pattern == p.on.String()
	case words[1] != string(p.on.Type):
		return false
	case len(words) == 2:
		return true
	default:
		return slices.Contains(chain, words[3])
	}
}

// held says what memberships and roles say.
func (o oracle) held(owner leastkey.Principal, accepted leastkey.Permission, p probe, chain []string) bool {
	if owner.Kind == leastkey.UserPrincipal && accepted.Type == "user" {
		return p.on.ID == owner.ID.String()
	}
	reaches := func(account leastkey.ID) bool {
		if accepted.Type == "account" {
			return p.on.ID == account.String()
		}
		return slices.Contains(chain, "account "+account.String())
	}
	if owner.Kind == leastkey.AccountPrincipal {
		return accepted.Type != "user" && reaches(owner.ID)
	}
	for _, m := range o.members {
		for _, id := range m.Roles {
			role, _ := o.catalog.Role(id)
			if m.User == owner.ID && slices.Contains(role.Groups, accepted.Group) && reaches(m.Account) {
				return true
			}
		}
	}
	return false
}
