package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// ledger is what is written about acts.
type ledger struct {
	revision leastkey.Revision
	rows     []control.Audit // newest first
	changes  int
}

func ledgerOf(t *testing.T, n *Node) (l ledger) {
	t.Helper()
	err := n.Store.View(context.Background(), func(r control.Reader) (err error) {
		if l.revision, err = r.Revision(); err != nil {
			return err
		}
		if l.rows, err = r.AuditRows(control.AuditFilter{Limit: 10_000}); err != nil {
			return err
		}
		committed, err := r.Changes(0, 10_000)
		l.changes = len(committed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Law 9: every act leaves its audit row in the same transaction. Every route that changes
// something writes one audit row, one revision and one entry of the change log; what is refused to
// somebody who is known writes a row that says so and does nothing; every route that reads writes none.
func TestLaw9EveryActLeavesItsAuditRow(t *testing.T) {
	n := Start(t, Config{})
	guest := n.User(t, "guest@example.com")
	ids := map[string]string{"account_id": n.Ada.Account.String(), "role_id": n.Role(t, "Administrator").String()}
	acted := map[string]bool{}
	var token Credential
	for _, step := range story(t, n, guest) {
		by, actor := step.by, guest.ID
		switch {
		case strings.HasSuffix(step.operation, "/verify"):
			by = token
		case by == nil:
			by, actor = n.Ada.ByKey(), n.Ada.ID
		}
		method, path := fillPath(step.operation, ids)
		before := ledgerOf(t, n)
		refused := n.Do(t, Nobody, method, path, step.body)
		if l := ledgerOf(t, n); refused.Status != 401 || l.revision != before.revision {
			t.Errorf("%s: refused to nobody with %d, and left a trace", step.operation, refused.Status)
		}
		broken := n.Do(t, by, method, path, `{"`)
		if broken.Status != 200 {
			wrote := 0
			if !isReading(step.operation) {
				wrote = 1
			}
			l := ledgerOf(t, n)
			if int(l.revision-before.revision) != wrote || len(l.rows) != len(before.rows)+wrote {
				t.Errorf("%s: refused with %d, and wrote %d rows", step.operation, broken.Status, len(l.rows)-len(before.rows))
			}
			if row := l.rows[0]; wrote == 1 && (row.Refused == "" || row.Actor != leastkey.UserOf(actor) || row.Before != nil || row.After != nil) {
				t.Errorf("%s: refused with %d, and wrote %+v", step.operation, broken.Status, row)
			}
			before = l
		}
		if method != "GET" && broken.Status == 200 { // no body counts: that was the act
			if l := ledgerOf(t, n); l.revision != before.revision+1 || len(l.rows) != len(before.rows)+1 {
				t.Errorf("%s: %d revisions, %d audit rows", step.operation, l.revision-before.revision, len(l.rows)-len(before.rows))
			}
			acted[step.operation] = true
			continue
		}
		a := n.Must(t, by, method, path, step.body, nil)
		if step.keep != "" {
			var made struct{ ID, Value string }
			a.Result(t, &made)
			ids[step.keep], token = made.ID, Bearer(made.Value)
		}
		after, want := ledgerOf(t, n), 1
		accepts, _ := step.body.(Object)
		if isReading(step.operation) || accepts["status"] == "accepted" { // accepting changes nothing here
			want = 0
		}
		if int(after.revision-before.revision) != want || len(after.rows)-len(before.rows) != want || after.changes-before.changes != want {
			t.Errorf("%s: %d revisions, %d audit rows, %d changes, want %d", step.operation,
				after.revision-before.revision, len(after.rows)-len(before.rows), after.changes-before.changes, want)
			continue
		}
		if now, sure := n.State.Revision(); !sure || now != after.revision {
			t.Errorf("%s: answered before the node knew: revision %d of %d", step.operation, now, after.revision)
		}
		if want == 0 {
			continue
		}
		acted[step.operation] = true
		row := after.rows[0]
		if row.Actor != leastkey.UserOf(actor) || row.Credential.IsZero() || row.Addr.String() != "192.0.2.1" || row.Subject == "" ||
			row.Revision != after.revision || row.Before == nil && row.After == nil || row.At.Before(Epoch) {
			t.Errorf("%s: audit row %+v", step.operation, row)
		}
		if strings.HasPrefix(path, "/accounts/") && row.Account != n.Ada.Account {
			t.Errorf("%s: audit row of account %s", step.operation, row.Account)
		}
		for _, part := range []json.RawMessage{row.Before, row.After} {
			if part != nil && !json.Valid(part) {
				t.Errorf("%s: audit row with %s", step.operation, part)
			}
		}
	}
	for _, op := range n.Catalog.Operations() {
		operation := strings.Replace(op.Method+" "+strings.TrimPrefix(op.Route, Base), "{membership_id}", "{member_id}", 1)
		if op.Control && !isReading(operation) && !acted[operation] {
			t.Errorf("%s was not tried", operation)
		}
	}
}

// isReading reports whether an operation changes nothing, whatever its method.
func isReading(operation string) bool {
	return strings.HasPrefix(operation, "GET ") || strings.HasSuffix(operation, "/explain")
}

// Law 9, of what is refused: each route that changes something writes exactly one row, whoever refuses it
// and why, with nothing in it of what was sent.
func TestLaw9RefusedActsLeaveTheirRow(t *testing.T) {
	n := Start(t, Config{})
	reader := n.Mint(t, n.Ada.ByKey(), "reads zones", n.Allow(t, On(EveryZone), "Zone Read"))
	stranger := n.User(t, "stranger@example.com")
	const pasted = "lkut_a_secret_in_the_wrong_place"
	nothing := strings.Repeat("0", 32)
	ids := map[string]string{"account_id": n.Ada.Account.String(), "token_id": nothing, "member_id": nothing, "membership_id": nothing, "role_id": nothing}
	tried := 0
	for _, op := range n.Catalog.Operations() {
		operation := op.Method + " " + strings.TrimPrefix(op.Route, Base)
		if !op.Control || isReading(operation) {
			continue
		}
		method, path := fillPath(operation, ids)
		for _, by := range []struct {
			name    string
			as      Credential
			actor   leastkey.ID
			account bool // its log tells of it
		}{{"a token without the right", reader.Bearer(), n.Ada.ID, true}, {"nobody of the account", stranger.ByKey(), stranger.ID, false}, {"who may, wrongly", n.Ada.ByKey(), n.Ada.ID, true}} {
			for _, body := range []any{Object{"name": 5, "status": pasted, "roles": pasted, "first_name": Object{pasted: 1}, "email": pasted}, `{"` + pasted, ""} {
				before := ledgerOf(t, n)
				a := n.Do(t, by.as, method, path, body)
				after := ledgerOf(t, n)
				if a.Status == http.StatusOK {
					continue // as changing nothing about oneself
				}
				tried++
				if len(after.rows) != len(before.rows)+1 || after.revision != before.revision+1 {
					t.Errorf("%s by %s: %d, %d rows: %s", operation, by.name, a.Status, len(after.rows)-len(before.rows), a.Body)
					continue
				}
				row := after.rows[0]
				if row.Refused == "" || row.Action == "" || row.Actor != leastkey.UserOf(by.actor) || row.Credential.IsZero() || row.Addr.String() != "192.0.2.1" || row.Before != nil || row.After != nil {
					t.Errorf("%s by %s: %+v", operation, by.name, row)
				}
				if inPath := strings.Contains(op.Route, "{account_id}"); !row.Account.IsZero() != (inPath && by.account) {
					t.Errorf("%s by %s: in the log of %s", operation, by.name, row.Account)
				}
				if line, err := row.Leaf(); err != nil || strings.Contains(string(line), pasted) || strings.Contains(string(line), reader.Value) {
					t.Errorf("%s by %s: %s, %v", operation, by.name, line, err)
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("%d refusals were tried", tried)
	}
}

// Law 9, of what the operator is refused before any use case is asked.
func TestLaw9RefusedToTheOperator(t *testing.T) {
	n := Start(t, Config{})
	nothing := strings.Repeat("0", 32)
	for _, route := range []string{"POST /users", "PATCH /users/" + nothing, "PATCH /users/x", "POST /users/" + nothing + "/global_api_key", "POST /users/" + nothing + "/sign_in_link", "DELETE /users/" + nothing + "/identities", "POST /accounts",
		"POST /accounts/" + nothing + "/members", "PUT /accounts/" + nothing + "/members/" + nothing, "DELETE /accounts/" + nothing + "/members/" + nothing, "POST /resources",
		"POST /resources/import", "PATCH /resources/zone/x", "DELETE /resources/zone/x"} {
		method, path, _ := strings.Cut(route, " ")
		before := ledgerOf(t, n)
		a := n.Operate(t, method, path, "pasted")
		after := ledgerOf(t, n)
		if a.Status < 400 || a.Status >= 500 || len(after.rows) != len(before.rows)+1 {
			t.Errorf("%s: %d, %d rows: %s", route, a.Status, len(after.rows)-len(before.rows), a.Body)
			continue
		}
		if row := after.rows[0]; row.Refused == "" || !row.Actor.IsZero() || strings.Contains(row.Refused, "pasted") {
			t.Errorf("%s: %+v", route, row)
		}
	}
}

// Law 9, of what requests make and remove upstream, and of the operator.
func TestLaw9ForTheRegistryAndTheOperator(t *testing.T) {
	n := Start(t, Config{})
	once := func(what string, do func() Answer) Answer {
		t.Helper()
		before := ledgerOf(t, n)
		a := do()
		after := ledgerOf(t, n)
		if a.Status != http.StatusOK || after.revision != before.revision+1 || len(after.rows) != len(before.rows)+1 {
			t.Fatalf("%s: %d, %d revisions, %d audit rows: %s", what, a.Status, after.revision-before.revision, len(after.rows)-len(before.rows), a.Body)
		}
		return a
	}
	var zone struct{ ID string }
	once("create a zone", func() Answer {
		return n.Do(t, n.Ada.ByKey(), "POST", "/zones", Object{"name": "new.example", "account": Object{"id": n.Ada.Account}})
	}).Result(t, &zone)
	if row := ledgerOf(t, n).rows[0]; row.Action != "resource.register" || row.Actor != leastkey.UserOf(n.Ada.ID) || row.Account != n.Ada.Account {
		t.Errorf("%+v", row)
	}
	once("delete a zone", func() Answer { return n.Do(t, n.Ada.ByKey(), "DELETE", "/zones/"+zone.ID, nil) })

	var user, account, member struct{ ID string }
	operate := func(method, path string, body any) Answer {
		a := once(method+" "+path, func() Answer { return n.Operate(t, method, path, body) })
		if row := ledgerOf(t, n).rows[0]; !row.Actor.IsZero() || !row.Credential.IsZero() {
			t.Errorf("%s %s: audit row %+v", method, path, row)
		}
		return a
	}
	operate("POST", "/users", Object{"email": "eve@example.com"}).Result(t, &user)
	operate("PATCH", "/users/"+user.ID, Object{"disabled": true})
	operate("PATCH", "/users/"+user.ID, Object{"disabled": false})
	operate("POST", "/users/"+user.ID+"/global_api_key", nil)
	operate("POST", "/accounts", Object{"name": "Eve's"}).Result(t, &account)
	operate("POST", "/accounts/"+account.ID+"/members", Object{"email": "eve@example.com", "roles": []string{"Super Administrator"}}).Result(t, &member)
	operate("POST", "/accounts/"+account.ID+"/members", Object{"email": n.Ada.Email, "roles": []string{"Super Administrator"}}).Result(t, &member)
	operate("PUT", "/accounts/"+account.ID+"/members/"+member.ID, Object{"roles": []string{"Administrator"}})
	operate("DELETE", "/accounts/"+account.ID+"/members/"+member.ID, nil)
	operate("POST", "/resources", Object{"type": "zone", "id": strings.Repeat("1", 32), "parent": Object{"type": "account", "id": account.ID}})
	operate("DELETE", "/resources/zone/"+strings.Repeat("1", 32), nil)
	for _, path := range []string{"/users", "/accounts", "/accounts/" + account.ID + "/members", "/resources"} {
		before := ledgerOf(t, n)
		if a := n.Operate(t, "GET", path, nil); a.Status != 200 || ledgerOf(t, n).revision != before.revision {
			t.Errorf("GET %s: %d", path, a.Status)
		}
	}
}

// TestLargeRowsComeInParts: a log of large rows can be read whole, in answers that a client takes.
func TestLargeRowsComeInParts(t *testing.T) {
	n := Start(t, Config{})
	for i := range 20 {
		r := leastkey.Resource{Type: "zone", ID: strings.Repeat("0", 30) + fmt.Sprintf("%02d", i)}
		if _, err := n.Control.Register(t.Context(), control.Operator(), r, strings.Repeat("x", 1<<20), leastkey.AccountOf(n.Ada.Account).Resource()); err != nil {
			t.Fatal(err)
		}
	}
	operator := n.API.Operator("", n.Signer)
	var after leastkey.Revision
	answers := 0
	for {
		var answer api.Envelope[api.AuditEntries]
		w := httptest.NewRecorder()
		operator.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("%s/audit/entries?after=%d&limit=5000", api.OperatorPath, after), nil))
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatal(w.Code, err)
		}
		page := answer.Result
		if len(page.Entries) == 0 {
			if after != page.Size {
				t.Errorf("read up to row %d of %d", after, page.Size)
			}
			break
		}
		if answers++; w.Body.Len() > 8<<20 {
			t.Errorf("an answer of %d bytes", w.Body.Len())
		}
		for _, e := range page.Entries {
			if e.Revision != after+1 || e.Leaf == "" {
				t.Fatalf("row %d after row %d", e.Revision, after)
			}
			after = e.Revision
		}
	}
	if answers < 4 {
		t.Errorf("%d answers", answers)
	}
}
