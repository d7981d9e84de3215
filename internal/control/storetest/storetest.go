// Package storetest holds every [control.Store] to its contract.
package storetest

import (
	"context"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// Factory opens the store under test.
type Factory struct {
	// Open opens the store that dir stands for: a new one the first time, the same one again
	// after it was closed. Whether dir holds files or only names the store is the factory's
	// affair. It fails the test when the store does not open.
	Open func(t testing.TB, dir string) control.Store
}

// Run runs the whole suite, each part on stores of its own.
func Run(t *testing.T, f Factory) {
	parts := []struct {
		name string
		test func(*testing.T, Factory)
	}{
		{"Empty", testEmpty},
		{"Users", testUsers},
		{"Accounts", testAccounts},
		{"Members", testMembers},
		{"Resources", testResources},
		{"Credentials", testCredentials},
		{"CredentialPages", testCredentialPages},
		{"Secrets", testSecrets},
		{"Naming", testNaming},
		{"RevokedIsFinal", testRevokedIsFinal},
		{"Texts", testTexts},
		{"Times", testTimes},
		{"Audit", testAudit},
		{"AuditSpans", testAuditSpans},
		{"ChangeLog", testChangeLog},
		{"State", testState},
		{"FindResources", testFindResources},
		{"FindDeep", testFindDeep},
		{"Sessions", testSessions},
		{"SignInLinks", testSignInLinks},
		{"Identities", testIdentities},
		{"Roles", testRoles},
		{"SessionSeen", testSessionSeen},
		{"AuditTree", testAuditTree},
		{"PruneAudit", testPruneAudit},
		{"LongAudit", testLongAudit},
		{"Sweep", testSweep},
		{"Uses", testUses},
		{"LastUsed", testLastUsed},
		{"Note", testNote},
		{"Atomic", testAtomic},
		{"RefusedPutLeavesNothing", testRefusedPut},
		{"Panic", testPanic},
		{"Context", testContext},
		{"Isolation", testIsolation},
		{"ReadOwnWrites", testReadOwnWrites},
		{"DeadReader", testDeadReader},
		{"Concurrent", testConcurrent},
		{"Together", testTogether},
		{"Close", testClose},
		{"Reopen", testReopen},
		{"Model", testModel},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.test(t, f) })
	}
}

// bench is one store under test, with the short words the tests speak.
type bench struct {
	testing.TB
	store control.Store
	ids   int
}

func start(t testing.TB, f Factory) *bench {
	t.Helper()
	b := &bench{TB: t, store: f.Open(t, t.TempDir())}
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// act is what a commit says of itself where the test does not care.
func (b *bench) act(changes ...leastkey.Change) control.Act {
	return control.Act{Audit: control.Audit{ID: b.id(), Action: "test"}, Changes: changes}
}

// commit runs fn in a commit that must succeed.
func (b *bench) commit(fn func(control.Tx) error) leastkey.Revision {
	b.Helper()
	rev, err := b.try(fn)
	if err != nil {
		b.Fatalf("commit: %v", err)
	}
	return rev
}

// try runs fn in a commit.
func (b *bench) try(fn func(control.Tx) error) (leastkey.Revision, error) {
	act := b.act()
	return b.store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		return act, fn(tx)
	})
}

// view runs fn in a view that must succeed.
func (b *bench) view(fn func(control.Reader) error) {
	b.Helper()
	if err := b.store.View(context.Background(), fn); err != nil {
		b.Fatalf("view: %v", err)
	}
}

// read gives what one method of a Reader says, which must not be an error.
func read[T any](b *bench, method func(control.Reader) (T, error)) (got T) {
	b.Helper()
	b.view(func(r control.Reader) (err error) {
		got, err = method(r)
		return err
	})
	return got
}

func (b *bench) revision() leastkey.Revision {
	b.Helper()
	return read(b, control.Reader.Revision)
}

// id makes an id that no other call gives.
func (b *bench) id() leastkey.ID {
	b.ids++
	return number(b.ids)
}
