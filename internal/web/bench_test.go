package web_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// The person of the benchmark has as much as anybody is expected to have.
const (
	manyTokens = 500
	manyZones  = 10_000
	manyActs   = 300
)

// BenchmarkPages loads every page of a person with 500 tokens and 10,000 zones. The figure to look
// at is median-ms; each is to be below 50.
func BenchmarkPages(b *testing.B) {
	n := nodetest.Start(b, nodetest.Config{Limits: control.Limits{UserTokens: manyTokens + 1, AccountTokens: manyTokens + 1, Overlap: time.Hour}})
	token := crowd(b, n)
	browser := n.SignIn(b, n.Ada)
	home, account := "/profile/api-tokens", "/account/"+n.Ada.Account.String()
	custom := url.Values{"do": {"summary"}}
	for _, page := range []struct {
		name, path string
		form       url.Values
	}{
		{"tokens", home, nil},
		{"tokens_last_page", home + "?page=10", nil},
		{"tokens_search", home + "?q=zone-9999", nil},
		{"tokens_of_account", account + "/api-tokens", nil},
		{"token", home + "/" + token, nil},
		{"templates", home + "/new", nil},
		{"form", home + "/new?template=custom", nil},
		{"form_for_all_zones", home + "/new?permissionGroupKeys=" + url.QueryEscape(`[{"key":"dns","type":"edit"}]`) + "&zoneId=all&name=x", nil},
		{"form_refused", home + "/new", custom},
		{"edit", home + "/" + token + "/edit", nil},
		{"roll", home + "/" + token + "/roll", nil},
		{"delete", home + "/" + token + "/delete", nil},
		{"find_zones", "/dashboard/find/resources?type=zone&q=zone-99", nil},
		{"find_zones_all", "/dashboard/find/resources?type=zone&q=", nil},
		{"find_zones_none", "/dashboard/find/resources?type=zone&q=nowhere", nil},
		{"global_api_key", "/profile/global-api-key", nil},
		{"origin_ca_key", "/profile/origin-ca-key", nil},
		{"sessions", "/profile/sessions", nil},
		{"password", "/profile/password", nil},
		{"audit", "/profile/audit", nil},
		{"audit_of_account", account + "/audit", nil},
	} {
		b.Run(page.name, func(b *testing.B) {
			var took []time.Duration
			var size int
			for b.Loop() {
				began := time.Now()
				var a nodetest.Answer
				if page.form == nil {
					a = browser.Get(page.path)
				} else {
					a = browser.Post(page.path, page.form)
				}
				took = append(took, time.Since(began))
				if size = len(a.Body); a.Status != http.StatusOK && a.Status != http.StatusUnprocessableEntity {
					b.Fatalf("%s: %d\n%.500s", page.path, a.Status, a.Body)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(size)/1024, "KB")
		})
	}
}

// crowd gives Ada zones and tokens, some for one of them, some for several, and gives the id of one
// of the tokens. It writes them straight to the store: to make each by a use case would take minutes.
func crowd(b *testing.B, n *nodetest.Node) string {
	b.Helper()
	owner, account := leastkey.UserOf(n.Ada.ID), leastkey.AccountOf(n.Ada.Account).Resource()
	group := n.Group(b, "DNS Write")
	now := n.Clock.Now()
	var last leastkey.ID
	_, err := n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		for i := range manyZones {
			err := tx.PutResource(control.Resource{Resource: nodetest.Zone(zoneID(i)), Name: "zone-" + strconv.Itoa(i) + ".example", Parent: account, CreatedOn: now})
			if err != nil {
				return control.Act{}, err
			}
		}
		for i := range 2 * manyTokens {
			of := owner
			if i%2 == 1 {
				of = leastkey.AccountOf(n.Ada.Account)
			}
			t := control.Credential{Name: fmt.Sprintf("token %d", i), IssuedOn: now, ModifiedOn: now, LastUsedOn: now}
			binary.BigEndian.PutUint64(t.ID[:], uint64(i+1))
			t.Kind, t.Principal, t.Status = leastkey.Token, of, leastkey.Active
			policy := leastkey.Policy{ID: t.ID, Effect: leastkey.Allow, Groups: []leastkey.ID{group}}
			for z := range 1 + i%5 {
				policy.Patterns = append(policy.Patterns, leastkey.PatternOne(nodetest.Zone(zoneID(i*5+z))))
			}
			t.Policies = []leastkey.Policy{policy}
			hash := leastkey.SecretHash{}
			binary.BigEndian.PutUint64(hash[:], uint64(i+1))
			t.Secrets = []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: hash}, Tail: "abcd", CreatedOn: now}}
			if err := tx.PutCredential(t); err != nil {
				return control.Act{}, err
			}
			if of == owner {
				last = t.ID
			}
		}
		return control.Act{Audit: control.Audit{ID: last, At: now, Action: "benchmark.fill", Actor: owner, Account: n.Ada.Account}}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	n.State.Doubt()
	n.Control.Heal(context.Background())
	caller := control.Caller{Session: true, Target: leastkey.OnResource(owner.Resource()), Principal: owner}
	session := n.Session(b, n.Ada)
	caller.Credential, caller.Secret = session.ID, session.Hash
	caller.AnyOf = []leastkey.Permission{{Group: n.Group(b, "API Tokens Write"), Type: leastkey.UserType}}
	for i := range manyActs {
		status := []leastkey.Status{leastkey.Disabled, leastkey.Active}[i%2]
		if _, err := n.Control.SetTokenStatus(context.Background(), caller, owner, last, status); err != nil {
			b.Fatal(err)
		}
	}
	return last.String()
}

func zoneID(i int) string { return fmt.Sprintf("%032x", i+1) }
