package guard_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"pgregory.net/rapid"
)

// What is explained is what is then decided, for any credential and any request. An addition that is
// certain, applied, turns that refusal into an allow; one that is not does so wherever any could.
func TestExplainAgreesWithCheck(t *testing.T) {
	w := newWorld(t)
	token := secret(t, leastkey.UserTokenSecret, 1)
	asker := leastkey.Credential{Kind: leastkey.GlobalAPIKey, Principal: leastkey.UserOf(w.ada.id), Status: leastkey.Active}
	helped, uncertain, denied := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rec := w.drawCredential(t, token)
		for i := range rec.Credential.Policies {
			rec.Credential.Policies[i].ID = numbered('p', byte(i))
		}
		w.apply(t, leastkey.Change{Credential: &rec})
		live := len(rec.Secrets) > 0 && rec.Secrets[0].LiveAt(clock())
		shown := bearer(token)
		if rec.Credential.Kind == leastkey.GlobalAPIKey {
			shown = w.ada.byKey()
		}
		check := func(trial guard.Trial) guard.Verdict {
			r := guard.Request{Method: trial.Method, Target: trial.Target, Header: http.Header{}, Addr: trial.Addr, Can: guard.AllAbilities}
			maps.Copy(r.Header, trial.Header)
			for i := 0; i < len(shown); i += 2 {
				r.Header.Set(shown[i], shown[i+1])
			}
			if trial.Body != nil {
				r.Body = func(int64) ([]byte, error) { return trial.Body() }
			}
			return w.guard.Check(context.Background(), r)
		}
		for range 60 {
			trial := w.drawTrial(t, rec.Credential.ID)
			v, told, own := check(trial), w.guard.Explain(trial, asker), w.guard.Explain(trial, rec.Credential)
			for _, e := range []guard.Explanation{told, own} {
				switch {
				case e.Allowed != v.Allowed() || e.Known != live || e.Operation != v.Operation || e.Decision != v.Decision:
					t.Fatalf("explained %+v, checked %+v", e, v)
				case e.Allowed && e.Addition != nil, !live && e.Addition != nil, e.Policy >= len(rec.Credential.Policies):
					t.Fatalf("%+v", e)
				}
			}
			if told.Policy >= 0 && !told.Allowed {
				denied++
				if p := rec.Credential.Policies[told.Policy]; p.Effect != leastkey.Deny || told.Addition != nil {
					t.Fatalf("%+v denies, with the addition %+v", p, told.Addition)
				}
			}
			for _, e := range []guard.Explanation{told, own} {
				if e.Addition == nil {
					continue
				}
				with := rec
				with.Credential.Policies = append(slices.Clip(with.Credential.Policies), e.Addition.Policy)
				w.apply(t, leastkey.Change{Credential: &with})
				allowed := check(trial).Decision.Reason == leastkey.Granted
				w.apply(t, leastkey.Change{Credential: &rec})
				if e.Addition.Certain && !allowed || !e.Addition.Certain && !allowed && told.Addition != nil {
					t.Fatalf("with %+v it is refused still: %s %s", e.Addition, trial.Method, trial.Target)
				}
				if e.Addition.Certain {
					helped++
				} else {
					uncertain++
				}
			}
		}
	})
	for what, n := range map[string]int{"certain addition": helped, "addition that was not certain": uncertain, "policy that denied": denied} {
		if n < 10 {
			t.Errorf("only %d times there was a %s", n, what)
		}
	}
}

// Of several groups that would do, the one that opens least is taken: reading before changing.
func TestAdditionOpensLeast(t *testing.T) {
	w := newWorld(t)
	s := secret(t, leastkey.UserTokenSecret, 1)
	w.apply(t, w.token(1, s))
	asker := leastkey.Credential{Kind: leastkey.GlobalAPIKey, Principal: leastkey.UserOf(w.ada.id), Status: leastkey.Active}
	tried := 0
	for _, op := range w.catalog.Operations() {
		if op.Method != http.MethodGet || op.Access != catalog.ByPermission {
			continue
		}
		path := strings.NewReplacer("{account_id}", w.ada.account.String(), "{zone_id}", w.one.ID).Replace(op.Route)
		path = parameter.ReplaceAllString(path, numbered('x', 1).String())
		e := w.guard.Explain(guard.Trial{Credential: numbered('t', 1), Method: op.Method, Target: path}, asker)
		if e.Addition == nil {
			continue
		}
		tried++
		got, _ := w.catalog.Group(e.Addition.Policy.Groups[0])
		for _, p := range op.AnyOf {
			if other, _ := w.catalog.Group(p.Group); other.Access == catalog.Read && got.Access == catalog.Write {
				t.Errorf("%s: %s, where %s would do", op, got.Name, other.Name)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d operations were tried", tried)
	}
}
