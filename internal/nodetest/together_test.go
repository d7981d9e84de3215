package nodetest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// Laws 7 and 8, with many at once: whoever is answered that a token was revoked sees it refused from then
// on, and whoever is answered that one was made sees it work, whatever others do meanwhile; also while
// catalogues change, and while answers of the store get lost, after which the node knows what is there.
func TestLaw8ManyAtOnce(t *testing.T) {
	store := &failing{}
	n := Start(t, Config{Store: func(s control.Store) control.Store { store.Store = s; return store }})
	people := []Person{n.Ada, n.Ben, n.User(t, "cy@example.com"), n.User(t, "di@example.com"), n.User(t, "ed@example.com"), n.User(t, "flo@example.com")}
	status := func(by Credential) int { return n.Do(t, by, "GET", "/user/tokens/verify", nil).Status }
	round := func(certain bool) {
		var group sync.WaitGroup
		for _, p := range people {
			group.Go(func() {
				for i := range 6 {
					a := n.Do(t, p.ByKey(), "POST", "/user/tokens", Object{"name": fmt.Sprint(i), "policies": []Policy{}})
					if a.Status != http.StatusOK {
						if certain {
							t.Errorf("make: %d %s", a.Status, a.Body)
						}
						continue
					}
					var token Token
					a.Result(t, &token)
					if got := status(token.Bearer()); got != http.StatusOK && (certain || got != http.StatusServiceUnavailable) {
						t.Errorf("a token that was made gets %d", got)
					}
					if a := n.Do(t, p.ByKey(), "DELETE", "/user/tokens/"+token.ID, nil); a.Status != http.StatusOK {
						if certain {
							t.Errorf("revoke: %d %s", a.Status, a.Body)
						}
						continue
					}
					if got := status(token.Bearer()); got != http.StatusUnauthorized && (certain || got != http.StatusServiceUnavailable) {
						t.Errorf("a token that was revoked gets %d", got)
					}
				}
			})
		}
		group.Go(func() {
			for i := range 6 {
				if !certain {
					store.set(nil, map[int]error{0: errors.New("the answer got lost")}[i%2], nil)
					n.Control.Heal(context.Background())
				}
				err := n.Control.UseCatalog(context.Background(), control.Operator(), TheCatalog())
				if err != nil && certain {
					t.Errorf("change the catalogue: %v", err)
				}
			}
		})
		group.Wait()
		store.set(nil, nil, nil)
		n.Control.Heal(context.Background())
		var head leastkey.Revision
		err := n.Store.View(context.Background(), func(r control.Reader) (err error) {
			head, err = r.Revision()
			return err
		})
		if known, sure := n.State.Revision(); err != nil || !sure || known != head {
			t.Errorf("the node knows revision %d (sure: %t), the store has %d: %v", known, sure, head, err)
		}
	}
	round(true)
	round(false)
	round(true)
}
