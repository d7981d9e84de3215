package guard_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"pgregory.net/rapid"
)

// What is tried with a credential's id comes out as it does with the secret, for any credential
// and any request; and of what is checked, one observation is told, which says the same.
func TestTryAgreesWithCheck(t *testing.T) {
	w := newWorld(t)
	g, seen := w.observed(t)
	token := secret(t, leastkey.UserTokenSecret, 1)
	statuses := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		rec := w.drawCredential(t, token)
		w.apply(t, leastkey.Change{Credential: &rec})
		email := rarely(t, 4, "e-mail", w.ada.email, "Ada@example.com", "ada", "")
		w.apply(t, w.drawOwners(t, email)...)
		shown := bearer(token)
		live := len(rec.Secrets) > 0 && rec.Secrets[0].LiveAt(clock())
		if rec.Credential.Kind == leastkey.GlobalAPIKey {
			shown = []string{"X-Auth-Email", email, "X-Auth-Key", w.ada.key.Reveal()}
			live = live && email == w.ada.email // the others cannot be sent, or are not in lower case as they are read
		}
		for range 30 {
			trial := w.drawTrial(t, rec.Credential.ID)
			r := guard.Request{Can: guard.AllAbilities, Method: trial.Method, Target: trial.Target, Header: http.Header{}, Addr: trial.Addr}
			maps.Copy(r.Header, trial.Header)
			for i := 0; i < len(shown); i += 2 {
				r.Header.Set(shown[i], shown[i+1])
			}
			if trial.Body != nil {
				body, err := trial.Body()
				r.Body = func(limit int64) ([]byte, error) {
					if int64(len(body)) > limit {
						return nil, guard.ErrBodyTooLarge
					}
					return body, err
				}
			}
			*seen = nil
			v, out := g.Check(context.Background(), r), g.Try(trial)
			if out.Known != live {
				t.Fatalf("known %t, live %t", out.Known, live)
			}
			status := http.StatusOK
			if v.Denial() != nil {
				status = v.Denial().Status
			}
			statuses[status]++
			if out.Allowed != v.Allowed() || out.Allowed != (out.Denial == nil) || out.Decision != v.Decision || out.Operation != v.Operation || out.Target != v.Target.Resource {
				t.Fatalf("%s %s: tried %+v, checked %+v", r.Method, r.Target, out, v)
			}
			// What nobody holds is answered as what it was taken for: a token.
			if diff := cmp.Diff(v.Denial(), out.Denial); diff != "" && (live || rec.Credential.Kind == leastkey.Token) {
				t.Fatalf("%s %s: the answers differ: %s", r.Method, r.Target, diff)
			}
			switch {
			case v.Credential.ID.IsZero() != (len(*seen) == 0) || len(*seen) > 1:
				t.Fatalf("%s %s: told %v of %+v", r.Method, r.Target, *seen, v)
			case len(*seen) == 1 && ((*seen)[0].Allowed != v.Allowed() || (*seen)[0].Reason != v.Decision.Reason):
				t.Fatalf("%s %s: told %v of %+v", r.Method, r.Target, *seen, v)
			}
		}
	})
	for _, status := range []int{200, 400, 401, 403, 404, 413} {
		if statuses[status] == 0 {
			t.Errorf("no request came out as %d: %v", status, statuses)
		}
	}
}

// rarely draws one of others once in n times.
func rarely[T any](t *rapid.T, n int, label string, usual T, others ...T) T {
	odds := make([]bool, n) // ranges of numbers would be drawn near their ends
	odds[n-1] = true
	if !rapid.SampledFrom(odds).Draw(t, label+" otherwise") {
		return usual
	}
	return rapid.SampledFrom(others).Draw(t, label)
}

// drawCredential makes a token of Ada or of her account, or Ada's key, in any state.
func (w *world) drawCredential(t *rapid.T, token leastkey.Secret) leastkey.CredentialRecord {
	instants := []time.Time{{}, clock().Add(-1), clock(), clock().Add(1)}
	until := rarely(t, 5, "until", time.Time{}, instants...)
	rec := leastkey.CredentialRecord{
		Credential: leastkey.Credential{ID: numbered('k', 0), Kind: leastkey.GlobalAPIKey, Principal: leastkey.UserOf(w.ada.id)},
		Secrets:    []leastkey.LiveSecret{{Hash: w.ada.key.Hash(), Until: until}},
	}
	if rarely(t, 4, "kind", leastkey.Token, leastkey.GlobalAPIKey) == leastkey.Token {
		rec.Credential.ID, rec.Credential.Kind = numbered('t', 1), leastkey.Token
		rec.Secrets[0].Hash = token.Hash()
		rec.Credential.Principal = rarely(t, 3, "owner", leastkey.UserOf(w.ada.id), leastkey.AccountOf(w.ada.account))
		rec.Credential.Policies = rapid.SliceOfN(rapid.Custom(w.drawPolicy), 0, 4).Draw(t, "policies")
	}
	rec.Credential.Status = rarely(t, 8, "status", leastkey.Active, leastkey.Disabled, 0)
	rec.Credential.Validity = leastkey.Validity{NotBefore: rarely(t, 5, "from", time.Time{}, instants...), ExpiresOn: rarely(t, 5, "to", time.Time{}, instants...)}
	if rarely(t, 4, "bound to addresses", false, true) {
		in, err := leastkey.ParseAddressRange("192.0.2.0/24")
		if err != nil {
			t.Fatal(err)
		}
		rec.Credential.Condition.In = []leastkey.AddressRange{in}
	}
	if rarely(t, 10, "revoked", false, true) {
		rec.Secrets = nil
	}
	return rec
}

// drawPolicy is about everything that the drawn pattern's type can be granted, or some of it.
func (w *world) drawPolicy(t *rapid.T) leastkey.Policy {
	adas, bens := leastkey.AccountOf(w.ada.account).Resource(), leastkey.AccountOf(w.ben.account).Resource()
	on := rapid.SampledFrom([]leastkey.Pattern{
		leastkey.PatternOne(w.one), leastkey.PatternOne(w.three), leastkey.PatternOne(zone(9)), leastkey.PatternEvery("zone"),
		leastkey.PatternUnder("zone", adas), leastkey.PatternUnder("zone", bens),
		leastkey.PatternOne(adas), leastkey.PatternEvery("account"), leastkey.PatternEvery("user"),
	}).Draw(t, "pattern")
	p := leastkey.Policy{Effect: rapid.SampledFrom([]leastkey.Effect{leastkey.Allow, leastkey.Allow, leastkey.Deny}).Draw(t, "effect"), Patterns: []leastkey.Pattern{on}}
	every := rapid.Bool().Draw(t, "every group")
	for _, group := range w.catalog.Groups() {
		if group.Type == on.Type && (every || strings.HasPrefix(group.Name, "Zone") || strings.HasPrefix(group.Name, "Account")) {
			p.Groups = append(p.Groups, group.ID)
		}
	}
	return p
}

// drawOwners sets who Ada is by now.
func (w *world) drawOwners(t *rapid.T, email string) []leastkey.Change {
	all := w.catalog.Roles()
	roles := rarely(t, 3, "roles", []leastkey.ID{all[0].ID}, []leastkey.ID{all[1].ID}, nil)
	return []leastkey.Change{
		{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(w.ada.id), Email: email, Active: rarely(t, 8, "user is active", true, false)}},
		{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(w.ada.account), Active: rarely(t, 8, "account is active", true, false)}},
		{Membership: &leastkey.Membership{User: w.ada.id, Account: w.ada.account, Roles: roles}},
	}
}

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// drawTrial is a request for some operation of the catalogue, or for something near one.
func (w *world) drawTrial(t *rapid.T, id leastkey.ID) guard.Trial {
	ids := rapid.SampledFrom([]string{w.one.ID, w.one.ID, w.two.ID, w.three.ID, zone(9).ID, w.ada.account.String(), w.ada.account.String(),
		w.ben.account.String(), w.ada.id.String(), id.String(), "a%20b", strings.ToUpper(w.one.ID)})
	op := rapid.SampledFrom(w.catalog.Operations()).Draw(t, "operation")
	if rarely(t, 6, "decided by the body", false, true) {
		op, _, _ = w.catalog.Match("POST", "", "/client/v4/zones")
	}
	trial := guard.Trial{Credential: id, Method: op.Method, Target: parameter.ReplaceAllStringFunc(op.Route, func(string) string { return ids.Draw(t, "id") })}
	switch rarely(t, 4, "bent", "nothing", "base", "end", "method", "target") {
	case "base":
		trial.Target = strings.TrimPrefix(trial.Target, "/client/v4")
	case "end":
		trial.Target += rapid.SampledFrom([]string{"/", "//", "/..", "/x", ";x", "?a=b", "?a;b", "%2F", "#", "?account_id=" + w.ada.account.String(),
			"/" + secret(t, leastkey.UserTokenSecret, 3).Reveal()}).Draw(t, "end")
	case "method":
		trial.Method = rapid.SampledFrom([]string{"get", "OPTIONS", "", "HEAD", "POST"}).Draw(t, "method")
	case "target":
		trial.Target = rapid.SampledFrom([]string{"", "*", "/", "zones", "http://api.example/client/v4/zones"}).Draw(t, "target")
	}
	trial.Addr = rapid.SampledFrom([]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), {}}).Draw(t, "addr")
	if kind := rarely(t, 3, "content type", "application/json", "text/plain", ""); kind != "" {
		trial.Header = http.Header{"Content-Type": {kind}}
	}
	switch body := rapid.SampledFrom([]string{"none", "broken", "{", `{"account":{"id":"ID"}}`, `{"account":{"id":"ID"}}`, strings.Repeat(" ", 1001)}).Draw(t, "body"); body {
	case "none":
	case "broken":
		trial.Body = func() ([]byte, error) { return nil, errors.New("broken") }
	default:
		body = strings.ReplaceAll(body, "ID", ids.Draw(t, "id in the body"))
		trial.Body = func() ([]byte, error) { return []byte(body), nil }
	}
	return trial
}

// A path is tried as it is written, and the header's own credential is nobody's.
func TestTry(t *testing.T) {
	w := newWorld(t)
	s := secret(t, leastkey.UserTokenSecret, 1)
	session := leastkey.Change{Credential: &leastkey.CredentialRecord{
		Credential: leastkey.Credential{ID: numbered('s', 1), Kind: leastkey.Session, Principal: leastkey.UserOf(w.ada.id), Status: leastkey.Active},
		Secrets:    []leastkey.LiveSecret{{Hash: secret(t, leastkey.GlobalKeySecret, 7).Hash()}},
	}}
	w.apply(t, w.token(1, s, w.policy(t, leastkey.Allow, leastkey.PatternOne(w.one), "Zone Read")), session)
	token, key := numbered('t', 1), numbered('k', 0)
	one, two := "/client/v4/zones/"+w.one.ID, "/client/v4/zones/"+w.two.ID
	for _, c := range []struct {
		name   string
		trial  guard.Trial
		status int
		known  bool
	}{
		{"allowed", guard.Trial{Credential: token, Method: "GET", Target: one}, 200, true},
		{"allowed, with a query", guard.Trial{Credential: token, Method: "GET", Target: one + "?a=b"}, 200, true},
		{"another zone", guard.Trial{Credential: token, Method: "GET", Target: two}, 403, true},
		{"without the base", guard.Trial{Credential: token, Method: "GET", Target: strings.TrimPrefix(one, "/client/v4")}, 404, true},
		{"in lower case", guard.Trial{Credential: token, Method: "get", Target: one}, 404, true},
		{"unclear", guard.Trial{Credential: token, Method: "GET", Target: one + "/../x"}, 400, true},
		{"verify with a token", guard.Trial{Credential: token, Method: "GET", Target: "/client/v4/user/tokens/verify"}, 200, true},
		{"verify with a key", guard.Trial{Credential: key, Method: "GET", Target: "/client/v4/user/tokens/verify"}, 400, true},
		{"key", guard.Trial{Credential: key, Method: "GET", Target: two}, 200, true},
		{"the header's key", guard.Trial{Credential: token, Method: "GET", Target: two, Header: request("GET", "", "", w.ada.byKey()...).Header}, 403, true},
		{"two credentials in the header", guard.Trial{Credential: token, Method: "GET", Target: one, Header: http.Header{"Authorization": {"a", "b"}}}, 200, true},
		{"session", guard.Trial{Credential: numbered('s', 1), Method: "GET", Target: one}, 401, false},
		{"unknown", guard.Trial{Credential: numbered('t', 9), Method: "GET", Target: one}, 401, false},
		{"unknown and unclear", guard.Trial{Credential: numbered('t', 9), Method: "GET", Target: one + "//"}, 400, false},
		{"nothing", guard.Trial{}, 400, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := w.guard.Try(c.trial)
			status := http.StatusOK
			if out.Denial != nil {
				status = out.Denial.Status
			}
			if status != c.status || out.Allowed != (c.status == 200) || out.Known != c.known {
				t.Errorf("%d, allowed %t, known %t", status, out.Allowed, out.Known)
			}
		})
	}
	w.state.Doubt()
	if out := w.guard.Try(guard.Trial{Credential: token, Method: "GET", Target: one}); out.Allowed || out.Denial == nil || out.Denial.Status != 503 {
		t.Errorf("an unsure guard: %+v", out)
	}
}

// A dashboard session is no credential for the API, in whatever way its key is sent; and a service key
// is good for nothing but what names it.
func TestSessionsAndServiceKeysOpenNothing(t *testing.T) {
	w := newWorld(t)
	for _, kind := range []leastkey.Kind{leastkey.Session, leastkey.ServiceKey} {
		for _, shape := range []leastkey.SecretKind{leastkey.UserTokenSecret, leastkey.AccountTokenSecret, leastkey.GlobalKeySecret, leastkey.ServiceKeySecret} {
			s := secret(t, shape, 7)
			rec := w.token(1, s)
			rec.Credential.Credential.Kind = kind
			w.apply(t, rec)
			for _, fields := range [][]string{bearer(s), {"X-Auth-Email", w.ada.email, "X-Auth-Key", s.Reveal()}, {"X-Auth-User-Service-Key", s.Reveal()}} {
				if got := w.status(request("GET", "/zones", "", fields...)); got != 400 && got != 401 && (got != 403 || kind != leastkey.ServiceKey) {
					t.Errorf("%v in the shape %d, sent in %s: %d", kind, shape, fields[0], got)
				}
			}
			if out := w.guard.Try(guard.Trial{Credential: numbered('t', 1), Method: "GET", Target: "/client/v4/zones"}); out.Known != (kind == leastkey.ServiceKey) || out.Allowed {
				t.Errorf("%v in the shape %d, tried: %+v", kind, shape, out)
			}
		}
	}
}
