package sqlite

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// BenchmarkState measures how long a node that starts takes to be given so many tokens: 100,000, or
// LEASTKEY_BENCH_TOKENS. They have one to three policies of 300 groups, on zones of their own or
// on all; a fifth has a condition, a tenth denies something.
func BenchmarkState(b *testing.B) {
	tokens := 100_000
	if text := os.Getenv("LEASTKEY_BENCH_TOKENS"); text != "" {
		var err error
		if tokens, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	store := open(b, filepath.Join(b.TempDir(), "state.db"))
	defer func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	}()
	fillTokens(b, store, tokens)
	var took time.Duration
	b.ResetTimer()
	for range b.N {
		given := 0
		began := time.Now()
		err := store.View(b.Context(), func(r control.Reader) error {
			return r.State(func(c leastkey.Change) error {
				if c.Credential != nil {
					given++
				}
				return nil
			})
		})
		took += time.Since(began)
		if err != nil || given != tokens {
			b.Fatalf("%d of %d tokens: %v", given, tokens, err)
		}
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/float64(tokens), "ns/token")
	b.ReportMetric(float64(tokens), "tokens")
}

// fillTokens puts tokens straight into the tables, in the order of ids, for it would take minutes otherwise.
func fillTokens(b *testing.B, store *Store, tokens int) {
	b.Helper()
	conn, release := writing(b, store)
	defer release()
	must := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	ids := make([]leastkey.ID, tokens)
	for i := range ids {
		_, err := rand.Read(ids[i][:])
		must(err)
	}
	slices.SortFunc(ids, func(a, b leastkey.ID) int { return slices.Compare(a[:], b[:]) })
	put := session{conn: conn}
	must(sqlitex.ExecuteTransient(conn, "BEGIN", nil))
	for i, id := range ids {
		condition := leastkey.Condition{}
		if i%5 == 0 {
			r, err := leastkey.ParseAddressRange(fmt.Sprintf("10.%d.%d.0/24", i>>8&255, i&255))
			must(err)
			condition.In = []leastkey.AddressRange{r}
		}
		var policies []leastkey.Policy
		for p := range 1 + i%3 {
			policy := leastkey.Policy{ID: id, Effect: leastkey.Allow, Groups: []leastkey.ID{{byte(i % 150)}, {byte(i % 150), 1}}}
			policy.ID[0] += byte(p)
			zone := func(n int) leastkey.Resource {
				return leastkey.Resource{Type: "zone", ID: hex.EncodeToString(id[:15]) + fmt.Sprintf("%02x", n)}
			}
			switch (i + p) % 4 {
			case 0:
				policy.Patterns = []leastkey.Pattern{leastkey.PatternEvery("zone")}
			case 1:
				policy.Patterns = []leastkey.Pattern{leastkey.PatternUnder("zone", leastkey.AccountOf(leastkey.ID{byte(i)}).Resource())}
			case 2:
				policy.Patterns = []leastkey.Pattern{leastkey.PatternOne(zone(0))}
			default:
				policy.Patterns = []leastkey.Pattern{leastkey.PatternOne(zone(0)), leastkey.PatternOne(zone(1))}
			}
			if i%10 == 0 && p == 0 {
				policy.Effect = leastkey.Deny
			}
			policies = append(policies, policy)
		}
		first, err1 := encode(condition)
		second, err2 := encode(policies)
		must(err1)
		must(err2)
		at := time.UnixMicro(int64(i))
		must(put.run(insertCredential, nil, int64(leastkey.UserPrincipal), leastkey.ID{byte(i), byte(i >> 8)}, "benchmark", int64(leastkey.Active), time.Time{}, time.Time{},
			first, second, at, at, time.Time{}, id, int64(leastkey.Token)))
		hash := leastkey.SecretHash{byte(i >> 16), byte(i >> 8), byte(i)} // a walk by credential is in no order of hashes
		copy(hash[3:], id[:])
		hash[0], hash[1], hash[2] = id[13], id[14], id[15]
		must(put.run(insertSecret, nil, int64(0), time.Time{}, "tail", at, time.Time{}, hash, id))
	}
	must(sqlitex.ExecuteTransient(conn, "COMMIT", nil))
}
