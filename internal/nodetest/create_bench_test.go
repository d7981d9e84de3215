//go:build unix

package nodetest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// BenchmarkCreate measures how many tokens a second so many people at once make, each a token after
// the other, beside bare SQLite commits of one row on the same disk, by turns. of-plain is the number
// of creates a second, in bare commits a second.
func BenchmarkCreate(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkCreate(b, clients) })
	}
}

func benchmarkCreate(b *testing.B, clients int) {
	n := Start(b, Config{})
	const each, most = 20, 40 // tokens that one maker makes in a row, and in all: below the limit
	rounds := 2 * ((b.N + 2*clients*each - 1) / (2 * clients * each))
	makers := makersOf(b, n, clients*each*rounds/most)
	plain := newPlain(b)
	spec := control.TokenSpec{Name: "benchmark", Policies: []leastkey.Policy{{Effect: leastkey.Allow,
		Groups: []leastkey.ID{n.Group(b, "DNS Write"), n.Group(b, "Zone Read")}, Patterns: []leastkey.Pattern{leastkey.PatternOne(Zone(n.Ada.Zones[0]))}}}}
	var ours, bare, work, bareWork time.Duration
	made, commits := 0, 0
	b.ResetTimer()
	for round := range rounds {
		began, worked := time.Now(), cpu(b)
		var group sync.WaitGroup
		for _, m := range makers[round/2*clients:][:clients] {
			group.Go(func() {
				for range each {
					if _, _, err := n.Control.CreateToken(context.Background(), m, m.Principal, spec); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		ours += time.Since(began)
		work += cpu(b) - worked
		made += clients * each
		b.StopTimer()
		began, worked = time.Now(), cpu(b)
		for range each {
			plain.commit(b)
		}
		bare += time.Since(began)
		bareWork += cpu(b) - worked
		commits += each
		b.StartTimer()
	}
	creates, single := float64(made)/ours.Seconds(), float64(commits)/bare.Seconds()
	b.ReportMetric(creates/single, "of-plain")
	b.ReportMetric(creates, "creates/s")
	b.ReportMetric(single, "plain/s")
	b.ReportMetric(float64(work.Microseconds())/float64(made), "cpu-us/create")
	b.ReportMetric(float64(bareWork.Microseconds())/float64(commits), "cpu-us/plain")
	b.ReportMetric(0, "ns/op")
}

// cpu is what this process has used of processors, in the kernel too.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// makersOf are new people, as those who ask for a token with their Global API Key.
func makersOf(b *testing.B, n *Node, many int) []control.Caller {
	b.Helper()
	emails := make([]string, many)
	for i := range emails {
		emails[i] = fmt.Sprintf("maker-%d@example.com", i)
	}
	var create []leastkey.Permission
	for _, op := range n.Catalog.Operations() {
		if op.String() == "POST /client/v4/user/tokens" {
			create = op.AnyOf
		}
	}
	var makers []control.Caller
	for _, p := range n.Users(b, emails...) {
		n.Join(b, p, n.Ada.Account, "Administrator")
		caller := control.Caller{Principal: leastkey.UserOf(p.ID), AnyOf: create, Target: leastkey.OnResource(leastkey.UserOf(p.ID).Resource())}
		err := n.Store.View(b.Context(), func(r control.Reader) error {
			keys, err := r.Credentials(caller.Principal, leastkey.GlobalAPIKey)
			if err == nil {
				caller.Credential, caller.Secret = keys[0].ID, keys[0].Secrets[0].Hash
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		makers = append(makers, caller)
	}
	return makers
}

// plain is a bare SQLite database, as durable as the control plane's.
type plain struct{ conn *sqlite.Conn }

func newPlain(b *testing.B) plain {
	b.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(b.TempDir(), "plain.db"), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := conn.Close(); err != nil {
			b.Error(err)
		}
	})
	for _, sql := range []string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT)"} {
		if err := sqlitex.ExecuteTransient(conn, sql, nil); err != nil {
			b.Fatal(err)
		}
	}
	return plain{conn}
}

// commit is one row.
func (p plain) commit(b *testing.B) {
	b.Helper()
	if err := sqlitex.Execute(p.conn, "INSERT INTO plain (name) VALUES ('one')", nil); err != nil {
		b.Fatal(err)
	}
}
