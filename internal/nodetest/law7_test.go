package nodetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// Law 7: no path makes a revoked token, or a secret that was rolled away, work again.
func TestLaw7RevokedIsFinal(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	owned := "/accounts/" + n.Ada.Account.String() + "/tokens"
	dead := map[string]string{}
	alive := map[string]string{}
	for _, path := range []string{"/user/tokens", owned} {
		mint := func() (token Token) {
			n.Must(t, ada, "POST", path, Object{"name": "n", "policies": []Policy{}}, &token)
			return token
		}
		roll := func(token Token, body any) (value string) {
			n.Must(t, ada, "PUT", path+"/"+token.ID+"/value", body, &value)
			return value
		}
		deleted := mint()
		n.Must(t, ada, "DELETE", path+"/"+deleted.ID, nil, nil)
		dead[deleted.Value] = path + " deleted"

		both := mint()
		dead[both.Value] = path + " deleted in an overlap, old"
		dead[roll(both, `{"overlap_seconds":3600}`)] = path + " deleted in an overlap, new"
		n.Must(t, ada, "DELETE", path+"/"+both.ID, nil, nil)

		rolled := mint()
		dead[rolled.Value] = path + " rolled"
		alive[roll(rolled, nil)] = path + " rolled to"

		late := mint()
		dead[late.Value] = path + " after its overlap"
		alive[roll(late, `{"overlap_seconds":1}`)] = path + " rolled to, with overlap"

		thrice := mint()
		dead[thrice.Value] = path + " two rolls ago"
		alive[roll(thrice, `{"overlap_seconds":3600}`)] = path + " one roll ago"
		alive[roll(thrice, `{"overlap_seconds":3600}`)] = path + " just rolled"
	}
	n.Clock.Advance(time.Second)
	var ids []string
	check := func(when string) {
		t.Helper()
		for value, what := range dead {
			for _, path := range []string{"/user/tokens/verify", owned + "/verify", "/zones"} {
				if a := n.Do(t, Bearer(value), "GET", path, nil); a.Status != 401 {
					t.Errorf("%s, %s: GET %s: %d", when, what, path, a.Status)
				}
			}
		}
		for value, what := range alive {
			if a, b := n.Do(t, Bearer(value), "GET", "/user/tokens/verify", nil), n.Do(t, Bearer(value), "GET", owned+"/verify", nil); a.Status != 200 && b.Status != 200 {
				t.Errorf("%s, %s: %d", when, what, a.Status)
			}
		}
	}
	check("at once")
	n.State.Doubt()
	n.Control.Heal(t.Context())
	check("after doubt")
	n.Restart(t)
	check("after a restart")
	for range 2 { // what was done to other tokens does not wake these
		n.Mint(t, ada, "more")
		n.Operate(t, "PATCH", "/users/"+n.Ada.ID.String(), Object{"disabled": true})
		n.Operate(t, "PATCH", "/users/"+n.Ada.ID.String(), Object{"disabled": false})
		n.Restart(t)
	}
	check("after more acts")

	// Nor does anything done to the dead ones themselves.
	err := n.Store.View(context.Background(), func(r control.Reader) error {
		rows, err := r.AuditRows(control.AuditFilter{Limit: 1000})
		for _, row := range rows {
			if row.Action == "token.delete" {
				ids = append(ids, row.Subject[len("token "):])
			}
		}
		return err
	})
	if err != nil || len(ids) != 4 {
		t.Fatalf("%d deleted tokens, %v", len(ids), err)
	}
	for _, id := range ids {
		for _, path := range []string{"/user/tokens/", owned + "/"} {
			for _, attempt := range []struct{ method, suffix string }{{"GET", ""}, {"PUT", ""}, {"DELETE", ""}, {"PUT", "/value"}} {
				a := n.Do(t, ada, attempt.method, path+id+attempt.suffix, Object{"name": "n", "status": "active", "policies": []Policy{}})
				if a.Status != 404 {
					t.Errorf("%s %s%s%s: %d", attempt.method, path, id, attempt.suffix, a.Status)
				}
			}
		}
	}
	for value, what := range dead {
		if err := resurrect(n, value); err == nil {
			t.Errorf("%s: the store took the secret again", what)
		}
	}
	check("after all attempts")
	n.Restart(t)
	check("at the end")
}

// resurrect puts a secret into the store anew, as a restored or replayed row would.
func resurrect(n *Node, value string) error {
	secret, _, err := leastkey.DefaultBrand.Parse(value)
	if err != nil {
		return err
	}
	_, err = n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		id, err := leastkey.NewID(NewRandom(77))
		if err != nil {
			return control.Act{}, err
		}
		c := control.Credential{Name: "again", IssuedOn: Epoch, ModifiedOn: Epoch}
		c.ID, c.Kind, c.Principal, c.Status = id, leastkey.Token, leastkey.UserOf(n.Ada.ID), leastkey.Active
		c.Secrets = []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: secret.Hash()}}}
		return control.Act{Audit: control.Audit{ID: id, Action: "resurrect"}}, tx.PutCredential(c)
	})
	return err
}
