package vectors

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/leastkeytest"
)

// Rows is a world as its file has it. The keys of the maps are names, each of one thing.
type Rows struct {
	Catalog     string // file in golden; "" for the default catalogue
	Now         time.Time
	Accounts    map[string]AccountRow
	Users       map[string]UserRow
	Resources   map[string]ResourceRow
	Credentials map[string]CredentialRow
	Strangers   map[string]string // secrets that are nobody's: their shape
}

// AccountRow is an account.
type AccountRow struct{ Inactive bool }

// UserRow is a user. Memberships are from the name of an account to those of roles.
type UserRow struct {
	Email       string
	Inactive    bool
	Memberships map[string][]string
}

// ResourceRow is a resource. Its id is made of its name when it has none.
type ResourceRow struct {
	Type   leastkey.ResourceType
	ID     string
	Parent string // name of an account or a resource
	Called string // what people call it
	Gone   bool   // was registered, and is no more
}

// CredentialRow is a credential, and the secrets that it is presented with.
type CredentialRow struct {
	Kind      string // token, global_key or service_key
	Owner     string // name of a user or an account
	Disabled  bool
	NotBefore time.Time `json:"not_before"`
	ExpiresOn time.Time `json:"expires_on"`
	In        []string
	NotIn     []string `json:"not_in"`
	Policies  []PolicyRow
	Revoked   bool
	Rolled    *RolledRow // nil when it has one secret, of the same name
}

// PolicyRow is a policy. On are patterns: "zone NAME", "every zone", "every zone of NAME".
type PolicyRow struct {
	Effect leastkey.Effect
	Groups []string
	On     []string
}

// RolledRow names the secret that was rolled away, and says how long it works on.
type RolledRow struct {
	Old     string
	Overlap int // seconds
}

// World is a world that was built.
type World struct {
	*leastkeytest.World
	Rows    Rows
	Catalog *catalog.Catalog

	secrets     map[string]leastkey.Secret // by name
	credentials map[string]*leastkeytest.Credential
	fill        *strings.Replacer
}

// ReadWorld reads the rows of a world, and its catalogue.
func ReadWorld(name string) (Rows, *catalog.Catalog, error) {
	var rows Rows
	if err := read("golden/worlds/"+name+".json", &rows); err != nil {
		return rows, nil, err
	}
	if rows.Catalog == "" {
		c, err := catalog.Default()
		return rows, c, err
	}
	data, err := golden.ReadFile("golden/" + rows.Catalog)
	if err != nil {
		return rows, nil, err
	}
	c, err := catalog.Load(rows.Catalog, data)
	return rows, c, err
}

// Build makes the world of a set.
func (s Set) Build(t testing.TB) *World {
	t.Helper()
	rows, c, err := ReadWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	w := &World{World: leastkeytest.New(t, c), Rows: rows, Catalog: c, secrets: map[string]leastkey.Secret{}, credentials: map[string]*leastkeytest.Credential{}}
	w.SetNow(rows.Now)
	if err := w.addAll(); err != nil {
		t.Fatal(err)
	}
	if s.Unsure {
		w.State.Doubt()
	}
	return w
}

func (w *World) addAll() error {
	for _, name := range slices.Sorted(maps.Keys(w.Rows.Accounts)) {
		if account := w.Account(name); w.Rows.Accounts[name].Inactive {
			w.Disable(account)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Rows.Users)) {
		row := w.Rows.Users[name]
		user := w.User(row.Email)
		for _, account := range slices.Sorted(maps.Keys(row.Memberships)) {
			roles := row.Memberships[account]
			w.Join(user, leastkey.AccountOf(leastkeytest.ID(account)), roles[0], roles[1:]...)
		}
		if row.Inactive {
			w.Disable(user)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Rows.Resources)) {
		row := w.Rows.Resources[name]
		parent, _ := w.Rows.Named(row.Parent)
		resource, _ := w.Rows.Named(name)
		w.Resource(row.Type, resource.ID, parent)
		if row.Called != "" {
			w.Call(resource, parent, row.Called)
		}
		if row.Gone {
			w.Remove(resource)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Rows.Credentials)) {
		if err := w.addCredential(name, w.Rows.Credentials[name]); err != nil {
			return fmt.Errorf("credential %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Rows.Strangers)) {
		shape, ok := map[string]leastkey.SecretKind{"user_token": leastkey.UserTokenSecret, "account_token": leastkey.AccountTokenSecret,
			"global_key": leastkey.GlobalKeySecret, "service_key": leastkey.ServiceKeySecret}[w.Rows.Strangers[name]]
		if !ok {
			return fmt.Errorf("secret %s: no such shape", name)
		}
		w.secrets[name], _ = w.Mint(shape)
	}
	w.fill = strings.NewReplacer(w.values()...)
	return nil
}

func (w *World) addCredential(name string, row CredentialRow) error {
	options := []leastkeytest.Option{
		leastkeytest.NotBefore(row.NotBefore), leastkeytest.Expires(row.ExpiresOn), leastkeytest.From(row.In...), leastkeytest.NotFrom(row.NotIn...),
	}
	if row.Disabled {
		options = append(options, leastkeytest.Disabled())
	}
	for _, policy := range row.Policies {
		grant := leastkeytest.Allow(policy.Groups...)
		if policy.Effect == leastkey.Deny {
			grant = leastkeytest.Deny(policy.Groups...)
		}
		patterns, err := w.Rows.Patterns(policy.On)
		if err != nil {
			return err
		}
		options = append(options, grant.On(patterns...))
	}
	owner, ok := w.Rows.Principal(row.Owner)
	if !ok {
		return fmt.Errorf("no owner %q", row.Owner)
	}
	var made *leastkeytest.Credential
	switch row.Kind {
	case "token":
		made = w.Token(owner, options...)
	case "global_key":
		made = w.Key(owner, options...)
	case "service_key":
		made = w.ServiceKey(owner, options...)
	default:
		return errors.New("no such kind as " + row.Kind)
	}
	if row.Rolled != nil {
		w.secrets[row.Rolled.Old], w.credentials[row.Rolled.Old] = made.Secret, made
		made.Roll(time.Duration(row.Rolled.Overlap) * time.Second)
	}
	w.secrets[name], w.credentials[name] = made.Secret, made
	if row.Revoked {
		made.Revoke()
	}
	return nil
}
