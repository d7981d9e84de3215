package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/demo"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/cli"
	"github.com/leastkey/leastkey/internal/control"
)

// seeds is what a demo starts with, and where it answers: the content of the ready file.
type seeds struct {
	API       string        `json:"api"`
	Dashboard string        `json:"dashboard"`
	DNS       string        `json:"dns"`
	Users     []seedUser    `json:"users"`
	Accounts  []seedAccount `json:"accounts"`
	Zones     []seedZone    `json:"zones"`
	OriginCA  struct {
		RSA string `json:"rsa"`
		ECC string `json:"ecc"`
	} `json:"origin_ca"` // files with the certificates of the authorities for origin certificates
}

type seedUser struct {
	ID       leastkey.ID   `json:"id"`
	Email    string        `json:"email"`
	Password string        `json:"password,omitempty"`       // unless it was changed since the first start
	Key      string        `json:"global_api_key,omitempty"` // unless it was changed since the first start
	SignIn   string        `json:"sign_in_link"`             // works once
	Accounts []leastkey.ID `json:"accounts"`
}

type seedAccount struct {
	ID   leastkey.ID `json:"id"`
	Name string      `json:"name"`
}

type seedZone struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Account leastkey.ID `json:"account_id"`
}

// story is the demo's cast: two people in two accounts, and their zones.
var story = []struct {
	email, first, last, account string
	zones                       []string
}{
	{"ada@example.com", "Ada", "Lindqvist", "Example Corp", []string{"production.example", "staging.example"}},
	{"ben@example.com", "Ben", "Okafor", "Elsewhere Ltd", []string{"elsewhere.example"}},
}

// zoneRecords are in every seeded zone. Addresses are those kept for documents (RFC 5737, 3849).
func zoneRecords(zone string) []demo.Record {
	ten := 10
	return []demo.Record{
		{Type: "A", Name: zone, Content: "192.0.2.10", TTL: 1},
		{Type: "AAAA", Name: zone, Content: "2001:db8::10", TTL: 1},
		{Type: "CNAME", Name: "www." + zone, Content: zone, TTL: 1},
		{Type: "MX", Name: zone, Content: "mail." + zone, Priority: &ten, TTL: 1},
		{Type: "A", Name: "mail." + zone, Content: "192.0.2.25", TTL: 1},
		{Type: "TXT", Name: zone, Content: "v=spf1 mx -all", TTL: 1},
	}
}

// seed makes, on the first start, what is missing of the story; a start that was cut off is
// finished by the next one, and what people changed since then stays as it is. Passwords and
// Global API Keys are derived from a key file, so that every start can say them again without any
// of them being kept.
func seed(ctx context.Context, c *control.Control, cat *catalog.Catalog, product *demo.Product, dir string) (*seeds, error) {
	key, err := seedKey(filepath.Join(dir, "seed.key"))
	if err != nil {
		return nil, err
	}
	done := filepath.Join(dir, "seed.done")
	if _, err := os.Stat(done); errors.Is(err, os.ErrNotExist) {
		if err := plant(ctx, c, cat, product, key); err != nil {
			return nil, err
		}
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			return nil, err
		}
	}
	if err := reconcile(ctx, c, product); err != nil {
		return nil, err
	}
	return harvest(ctx, c, product, key)
}

// plant makes the people, accounts and zones of the story.
func plant(ctx context.Context, c *control.Control, cat *catalog.Catalog, product *demo.Product, key []byte) error {
	admin, ok := cat.RoleNamed("Super Administrator")
	if !ok {
		return errors.New("the catalogue has no role Super Administrator")
	}
	for _, part := range story {
		if err := plantUser(ctx, c, key, part.email, part.first, part.last); err != nil {
			return err
		}
		account, err := plantAccount(ctx, c, part.account)
		if err != nil {
			return err
		}
		if err := plantMember(ctx, c, account.ID, part.email, admin.ID); err != nil {
			return err
		}
		if err := product.PutAccount(ctx, account.ID.String(), account.Name); err != nil {
			return err
		}
		for _, name := range part.zones {
			if _, err := product.SeedZone(ctx, account.ID.String(), name, zoneRecords(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func plantUser(ctx context.Context, c *control.Control, key []byte, email, first, last string) error {
	globalKey, _, err := leastkey.DefaultBrand.Parse(derive(key, "global api key of "+email)[:37])
	if err != nil {
		return err
	}
	_, err = c.CreateUser(ctx, control.Operator(), control.UserSpec{
		Email: email, FirstName: first, LastName: last, Password: passwordOf(key, email), GlobalKey: globalKey,
	})
	return unlessTaken(err)
}

func plantAccount(ctx context.Context, c *control.Control, name string) (control.Account, error) {
	accounts, err := c.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return control.Account{}, err
	}
	if i := slices.IndexFunc(accounts, func(a control.Account) bool { return strings.EqualFold(a.Name, name) }); i >= 0 {
		return accounts[i], nil
	}
	return c.CreateAccount(ctx, control.Operator(), name)
}

func plantMember(ctx context.Context, c *control.Control, account leastkey.ID, email string, role leastkey.ID) error {
	_, err := c.AddMember(ctx, control.Operator(), account, email, []leastkey.ID{role})
	return unlessTaken(err)
}

func unlessTaken(err error) error {
	var refusal *control.Error
	if errors.As(err, &refusal) && refusal.Kind == control.Taken {
		return nil
	}
	return err
}

// reconcile makes the registry agree with the product, which is right about what exists: a stop
// between the two may have left a zone that only one of them knows.
func reconcile(ctx context.Context, c *control.Control, product *demo.Product) error {
	zones, err := product.Zones(ctx)
	if err != nil {
		return err
	}
	rows, err := c.Resources(ctx, control.Operator(), zoneType, leastkey.Resource{})
	if err != nil {
		return err
	}
	unseen := map[string]control.Resource{}
	for _, row := range rows {
		unseen[row.ID] = row
	}
	for _, zone := range zones {
		if _, known := unseen[zone.ID]; known {
			delete(unseen, zone.ID)
			continue
		}
		parent := leastkey.Resource{Type: leastkey.AccountType, ID: zone.AccountID}
		if _, err := c.Register(ctx, control.Operator(), leastkey.Resource{Type: zoneType, ID: zone.ID}, zone.Name, parent); err != nil {
			return err
		}
	}
	for _, gone := range unseen {
		if err := c.Unregister(ctx, control.Operator(), gone.Resource); err != nil {
			return err
		}
	}
	return nil
}

const zoneType leastkey.ResourceType = "zone"

// harvest says who and what the demo has now.
func harvest(ctx context.Context, c *control.Control, product *demo.Product, key []byte) (*seeds, error) {
	s := &seeds{}
	users, err := c.Users(ctx, control.Operator())
	if err != nil {
		return nil, err
	}
	accounts, err := c.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return nil, err
	}
	for _, part := range story {
		i := slices.IndexFunc(users, func(u control.User) bool { return u.Email == part.email })
		if i < 0 {
			continue // made by an operator since, or renamed: not ours to say
		}
		s.Users = append(s.Users, seedUser{ID: users[i].ID, Email: part.email, Password: passwordOf(key, part.email),
			Key: derive(key, "global api key of "+part.email)[:37], Accounts: []leastkey.ID{}})
	}
	for _, a := range accounts {
		s.Accounts = append(s.Accounts, seedAccount{a.ID, a.Name})
		members, err := c.Members(ctx, control.Operator(), a.ID)
		if err != nil {
			return nil, err
		}
		for i := range s.Users {
			if slices.ContainsFunc(members, func(m control.MemberOf) bool { return m.Member.User == s.Users[i].ID }) {
				s.Users[i].Accounts = append(s.Users[i].Accounts, a.ID)
			}
		}
	}
	zones, err := product.Zones(ctx)
	if err != nil {
		return nil, err
	}
	for _, z := range zones {
		account, err := leastkey.ParseID(z.AccountID)
		if err != nil {
			return nil, err
		}
		s.Zones = append(s.Zones, seedZone{z.ID, z.Name, account})
	}
	return s, nil
}

// seedKey reads the key from which the demo's first secrets follow, or makes it.
func seedKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		return key, writeWhole(file, []byte(hex.EncodeToString(key)))
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(string(text))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s is not 64 hex digits; remove the data directory to begin anew", file)
	}
	return key, nil
}

// derive gives 64 lower-case hex digits that follow from the key and a label.
func derive(key []byte, label string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(label))
	return hex.EncodeToString(mac.Sum(nil))
}

func passwordOf(key []byte, email string) string { return derive(key, "password of "+email)[:20] }

// writeFile writes the ready file whole: under another name first, so that whoever waits for it
// never reads half of it. It holds secrets of the demo, so only its owner may read it.
func (s *seeds) writeFile(file string) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(file, append(text, '\n'))
}

// removeReady removes the ready file of an earlier run, which names a server that is gone.
func removeReady(file string) error {
	if file == "" {
		return nil
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func writeWhole(file string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".leastkey-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// forget leaves out the passwords and keys that people have changed since the first start.
func (s *seeds) forget(ctx context.Context, n *node) error {
	users, err := n.control.Users(ctx, control.Operator())
	if err != nil {
		return err
	}
	for i, u := range s.Users {
		of := slices.IndexFunc(users, func(user control.User) bool { return user.ID == u.ID })
		if of < 0 {
			continue
		}
		same, err := control.CheckPassword(users[of].PasswordHash, u.Password)
		if err != nil {
			return err
		}
		if !same {
			s.Users[i].Password = ""
		}
		header := http.Header{"X-Auth-Email": {u.Email}, "X-Auth-Key": {u.Key}}
		if v := n.guard.Recheck(ctx, guard.Request{Can: guard.Control, Method: http.MethodGet, Target: "/client/v4/user", Header: header}); !v.Allowed() {
			s.Users[i].Key = ""
		}
	}
	return nil
}

// orChanged is a secret of the first start, or why it is not said.
func orChanged(secret string) string { return cmp.Or(secret, "(changed)") }

// signInLinkLife is how long the links that a demo prints can wait to be used.
const signInLinkLife = 24 * time.Hour

// addSignInLinks makes a link for each person, with which they can sign in once.
func (s *seeds) addSignInLinks(ctx context.Context, c *control.Control) error {
	for i, u := range s.Users {
		code, _, err := c.MakeSignInLink(ctx, control.Operator(), u.ID, signInLinkLife)
		if err != nil {
			return err
		}
		s.Users[i].SignIn = s.Dashboard + "sign-in/link?code=" + code
	}
	return nil
}

// print says where things are, and what to do first.
func (s *seeds) print(o cli.DemoOptions) {
	out := o.Stdout
	fmt.Fprintf(out, "Leastkey demo is ready. Data is kept in %s; Ctrl-C stops it.\n\n", o.Data)
	fmt.Fprintf(out, "  Dashboard  %s\n  API        %s\n  DNS        %s (UDP and TCP)\n  Origin CA  %s, %s\n\n", s.Dashboard, s.API, s.DNS, s.OriginCA.RSA, s.OriginCA.ECC)
	for _, u := range s.Users {
		fmt.Fprintf(out, "  %s\n    sign in         %s (works once)\n    password        %s\n    Global API Key  %s\n", u.Email, u.SignIn, orChanged(u.Password), orChanged(u.Key))
		for _, z := range s.Zones {
			if slices.Contains(u.Accounts, z.Account) {
				fmt.Fprintf(out, "    zone            %s  %s\n", z.ID, z.Name)
			}
		}
	}
	if len(s.Users) == 0 {
		return
	}
	u := s.Users[0]
	u.Key = cmp.Or(u.Key, "THE_NEW_KEY")
	fmt.Fprintf(out, `
Open the first sign-in link to make a token in the dashboard. Or make one that may edit the DNS of
one zone in another terminal:

  export LEASTKEY_URL=%s LEASTKEY_EMAIL=%s LEASTKEY_KEY=%s
  %s token create --name first --template "Edit zone DNS" --zone staging.example

Or see with curl what the all-powerful key sees:

  curl %s/zones -H "X-Auth-Email: %s" -H "X-Auth-Key: %s"
`, s.API, u.Email, u.Key, shellWord(o.Program), s.API, u.Email, u.Key)
}
