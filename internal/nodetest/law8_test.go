package nodetest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// failing is the real store on a bad day.
type failing struct {
	control.Store
	mu                    sync.Mutex
	before, after, onView error
}

func (f *failing) set(before, after, onView error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after, f.onView = before, after, onView
}

func (f *failing) faults() (before, after, onView error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.before, f.after, f.onView
}

// Commit fails before anything was done, or after everything was: then the answer got lost.
func (f *failing) Commit(ctx context.Context, fn func(control.Tx) (control.Act, error)) (leastkey.Revision, error) {
	before, after, _ := f.faults()
	if before != nil {
		return 0, before
	}
	rev, err := f.Store.Commit(ctx, fn)
	if err == nil && after != nil {
		return 0, after
	}
	return rev, err
}

func (f *failing) View(ctx context.Context, fn func(control.Reader) error) error {
	if _, _, onView := f.faults(); onView != nil {
		return onView
	}
	return f.Store.View(ctx, fn)
}

// Law 8: a node that cannot be sure answers 503, not 401 and not 200; and it becomes sure again.
func TestLaw8InDoubtNobodyIsDecided(t *testing.T) {
	disk := errors.New("the disk is on fire")
	for name, row := range map[string]struct {
		before, after, onView error
		act                   int  // what the one who acts is told
		sure                  bool // that the node knows the state when they are told
		done                  bool // that the revoke happened
	}{
		"nothing was done":                       {before: disk, act: 500, sure: true},
		"it was done, and the answer got lost":   {after: disk, act: 500, sure: true, done: true},
		"nothing was done, and nothing is read":  {before: disk, onView: disk, act: 500},
		"it was done, and nothing is read":       {after: disk, onView: disk, act: 500, done: true},
		"it was done, and is not read after all": {onView: disk, act: 200, sure: true, done: true},
	} {
		t.Run(name, func(t *testing.T) {
			store := &failing{}
			n := Start(t, Config{Store: func(s control.Store) control.Store { store.Store = s; return store }})
			ada := n.Ada.ByKey()
			token, other := n.Mint(t, ada, "one"), n.Mint(t, ada, "other")
			status := func(by Credential) int { return n.Do(t, by, "GET", "/user/tokens/verify", nil).Status }

			store.set(row.before, row.after, row.onView)
			a := n.Do(t, ada, "DELETE", "/user/tokens/"+token.ID, nil)
			if a.Status != row.act || strings.Contains(string(a.Body), "fire") {
				t.Errorf("delete: %d %s", a.Status, a.Body)
			}
			after := map[bool]int{true: http.StatusUnauthorized, false: http.StatusOK}[row.done]
			if row.sure {
				if got := status(token.Bearer()); got != after {
					t.Errorf("sure: the token gets %d, want %d", got, after)
				}
			} else {
				for who, by := range map[string]Credential{"token": token.Bearer(), "other": other.Bearer(), "key": ada, "nobody": Nobody} {
					a := n.Do(t, by, "GET", "/user/tokens/verify", nil)
					if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
						t.Errorf("in doubt: %s gets %d", who, a.Status)
					}
				}
				n.Control.Heal(t.Context()) // to no avail, as long as nothing can be read
				if got := status(other.Bearer()); got != http.StatusServiceUnavailable {
					t.Errorf("healed out of nothing: %d", got)
				}
			}
			store.set(nil, nil, nil)
			n.Control.Heal(t.Context())
			if got := status(token.Bearer()); got != after {
				t.Errorf("healed: the token gets %d, want %d", got, after)
			}
			if got := status(other.Bearer()); got != http.StatusOK {
				t.Errorf("healed: the other gets %d", got)
			}
			n.Mint(t, ada, "after") // and everything goes on
			if now, sure := n.State.Revision(); !sure || now == 0 {
				t.Errorf("revision %d, sure %t", now, sure)
			}
		})
	}
}

// A commit that the node was not told of, as from a restored copy, is noticed with the next one:
// nothing is decided on a state with a hole.
func TestLaw8AHoleIsNoticed(t *testing.T) {
	n := Start(t, Config{})
	token := n.Mint(t, n.Ada.ByKey(), "one")
	id := leastkey.MustParseID(token.ID)
	_, err := n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		return control.Act{Audit: control.Audit{ID: id, Action: "behind its back"}}, tx.RevokeCredential(id, Epoch)
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Mint(t, n.Ada.ByKey(), "two")
	if a := n.Do(t, token.Bearer(), "GET", "/user/tokens/verify", nil); a.Status != http.StatusUnauthorized {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
