package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// Ready is what the program writes to its ready file once everything answers.
type Ready struct {
	// API is the base of the v4 API, without a slash at its end.
	API string `json:"api"`
	// Dashboard is the address of the pages for people.
	Dashboard string `json:"dashboard"`
	// DNS is host and port of the authoritative server, UDP and TCP.
	DNS      string    `json:"dns"`
	Users    []User    `json:"users"`
	Accounts []Account `json:"accounts"`
	Zones    []Zone    `json:"zones"`
}

// User is one of the seeded people, with the credentials the demo hands out here and nowhere else.
type User struct {
	ID           string   `json:"id"`
	Email        string   `json:"email"`
	Password     string   `json:"password"`
	GlobalAPIKey string   `json:"global_api_key"`
	SignInLink   string   `json:"sign_in_link"` // works once
	Accounts     []string `json:"accounts"`
}

// Account is one of the seeded accounts.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Zone is one of the seeded zones.
type Zone struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	AccountID string `json:"account_id"`
}

// readReady parses a ready file and checks that it holds the promised seeds.
func readReady(path string) (Ready, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Ready{}, err
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		return Ready{}, fmt.Errorf("the ready file holds credentials and has mode %o; want 600", mode)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return Ready{}, err
	}
	var ready Ready
	if err := json.Unmarshal(raw, &ready); err != nil {
		return Ready{}, fmt.Errorf("the ready file must appear whole: %w", err)
	}
	return ready, ready.check()
}

func (r Ready) check() error {
	if r.API == "" || r.Dashboard == "" || r.DNS == "" {
		return fmt.Errorf("the ready file lacks an address: api %q, dashboard %q, dns %q", r.API, r.Dashboard, r.DNS)
	}
	if len(r.Users) != 2 || len(r.Accounts) != 2 || len(r.Zones) != 3 {
		return fmt.Errorf("the demo has %d users, %d accounts, %d zones; want 2, 2, 3",
			len(r.Users), len(r.Accounts), len(r.Zones))
	}
	staging, production := r.find("staging.example"), r.find("production.example")
	if staging == nil || production == nil || staging.AccountID != production.AccountID {
		return fmt.Errorf("want staging.example and production.example in one account; have %+v", r.Zones)
	}
	if r.owner() == nil {
		return fmt.Errorf("no seeded user belongs to the account of staging.example: %+v", r.Zones)
	}
	return nil
}

func (r Ready) find(name string) *Zone {
	for i := range r.Zones {
		if r.Zones[i].Name == name {
			return &r.Zones[i]
		}
	}
	return nil
}

func (r Ready) owner() *User {
	account := r.find("staging.example").AccountID
	for i := range r.Users {
		if slices.Contains(r.Users[i].Accounts, account) {
			return &r.Users[i]
		}
	}
	return nil
}

// Staging is the zone that the tests' tokens are for.
func (r Ready) Staging() Zone { return *r.find("staging.example") }

// Production is the zone beside it, in the same account.
func (r Ready) Production() Zone { return *r.find("production.example") }

// Elsewhere is a zone in which the owner has no part.
func (r Ready) Elsewhere() Zone { return *r.find("elsewhere.example") }

// Owner is a user of the account of both zones.
func (r Ready) Owner() User { return *r.owner() }

// OtherAccount is the account that does not hold staging.example.
func (r Ready) OtherAccount() Account {
	for _, account := range r.Accounts {
		if account.ID != r.Staging().AccountID {
			return account
		}
	}
	return Account{}
}
