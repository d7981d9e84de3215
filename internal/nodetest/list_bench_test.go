package nodetest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// BenchmarkList measures the listing of the 500 tokens that an account may have: all of them by the use
// case, one page of them by a request through the gateway, and all pages one after the other. median-ms
// is how long each takes.
func BenchmarkList(b *testing.B) {
	const tokens, perPage = 500, 50
	n := Start(b, Config{})
	owner := leastkey.AccountOf(n.Ada.Account)
	putTokens(b, n, owner, tokens)
	page := func(b *testing.B, number int) {
		a := n.Do(b, n.Ada.ByKey(), "GET", fmt.Sprintf("/accounts/%s/tokens?per_page=%d&page=%d", n.Ada.Account, perPage, number), nil)
		if got := strings.Count(string(a.Body), `"issued_on"`); got != perPage {
			b.Fatalf("%d tokens on page %d: %d\n%.500s", got, number, a.Status, a.Body)
		}
	}
	for _, bench := range []struct {
		name string
		list func(*testing.B)
	}{
		{"use-case", func(b *testing.B) {
			got, err := n.Control.Tokens(context.Background(), control.Operator(), owner)
			if err != nil || len(got) != tokens {
				b.Fatalf("%d tokens: %v", len(got), err)
			}
		}},
		{"page", func(b *testing.B) { page(b, 2) }},
		{"all-pages", func(b *testing.B) {
			for number := range tokens / perPage {
				page(b, 1+number)
			}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				bench.list(b)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
		})
	}
}

// putTokens writes tokens straight to the store.
func putTokens(b *testing.B, n *Node, owner leastkey.Principal, many int) {
	b.Helper()
	now, group := n.Clock.Now(), n.Group(b, "DNS Write")
	_, err := n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		for i := range many {
			t := control.Credential{Name: fmt.Sprintf("token %d", i), IssuedOn: now, ModifiedOn: now}
			binary.BigEndian.PutUint64(t.ID[:], uint64(i+1))
			t.Kind, t.Principal, t.Status = leastkey.Token, owner, leastkey.Active
			for p := range 1 + i%3 {
				t.Policies = append(t.Policies, leastkey.Policy{ID: leastkey.ID{byte(p + 1)}, Effect: leastkey.Allow, Groups: []leastkey.ID{group},
					Patterns: []leastkey.Pattern{leastkey.PatternOne(Zone(n.Ada.Zones[p%2]))}})
			}
			hash := leastkey.SecretHash{}
			binary.BigEndian.PutUint64(hash[:], uint64(i+1))
			t.Secrets = []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: hash}, Tail: "abcd", CreatedOn: now}}
			if err := tx.PutCredential(t); err != nil {
				return control.Act{}, err
			}
		}
		return control.Act{Audit: control.Audit{ID: leastkey.ID{9}, At: now, Action: "benchmark.fill"}}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	n.State.Doubt()
	n.Control.Heal(context.Background())
}
