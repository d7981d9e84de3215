package walk

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

// twin is two tokens of one user with the same powers.
type twin struct {
	demo        *harness.Demo
	token       harness.Token // the one that things happen to
	neighbour   harness.Caller
	neighbourID string
}

func newTwin(t *testing.T) twin {
	t.Helper()
	d := harness.Start(t)
	other := editor(t, d, d.Staging())
	return twin{
		demo: d, token: editor(t, d, d.Staging()),
		neighbour: d.As(harness.Bearer(other.Value)), neighbourID: other.ID,
	}
}

// neighbourWorks fails the test unless the other token is untouched, at verify and at its zone.
func (w twin) neighbourWorks(t *testing.T) {
	t.Helper()
	var verified harness.Token
	w.neighbour.Verify(t).Want(t, http.StatusOK).Into(t, &verified)
	if verified.ID != w.neighbourID || verified.Status != "active" {
		t.Errorf("the other token is now %+v", verified)
	}
	w.neighbour.Call(t, http.MethodGet, w.records(), nil).Want(t, http.StatusOK)
}

func (w twin) records() string { return "/zones/" + w.demo.Staging().ID + "/dns_records" }

// refused fails the test unless the secret is dead, at verify and at its zone.
func (w twin) refused(t *testing.T, secret string) {
	t.Helper()
	caller := w.demo.As(harness.Bearer(secret))
	caller.Verify(t).Refused(t, harness.UnverifiedToken())
	caller.Call(t, http.MethodGet, w.records(), nil).Refused(t, harness.UnknownToken())
}

func (w twin) works(t *testing.T, secret string) {
	t.Helper()
	caller := w.demo.As(harness.Bearer(secret))
	caller.Verify(t).Want(t, http.StatusOK)
	caller.Call(t, http.MethodGet, w.records(), nil).Want(t, http.StatusOK)
}

// The old secret is refused by the time the call has returned.
func TestRollTouchesOneToken(t *testing.T) {
	w := newTwin(t)
	rolled := owner(w.demo).Roll(t, w.token.ID, 0)
	w.refused(t, w.token.Value)
	w.works(t, rolled)
	w.neighbourWorks(t)
}

// With overlap both secrets work, a roll without one ends it at once, and no third secret is ever alive.
func TestOverlapIsEndedByTheNextRoll(t *testing.T) {
	w := newTwin(t)
	first := w.token.Value
	second := owner(w.demo).Roll(t, w.token.ID, 600)
	w.works(t, first)
	w.works(t, second)

	third := owner(w.demo).Roll(t, w.token.ID, 600)
	w.refused(t, first)
	w.works(t, second)
	w.works(t, third)

	fourth := owner(w.demo).Roll(t, w.token.ID, 0)
	for _, old := range []string{first, second, third} {
		w.refused(t, old)
	}
	w.works(t, fourth)
	w.neighbourWorks(t)
}

// Both secrets work until the end of the overlap and no longer. The clock is the program's own, so this test looks
// until the end has come; the two bounds are what it asserts.
func TestOverlapEndsByItself(t *testing.T) {
	const overlap, late = 3 * time.Second, 6 * time.Second
	w := newTwin(t)
	before := time.Now()
	rolled := owner(w.demo).Roll(t, w.token.ID, int(overlap.Seconds()))
	old := w.demo.As(harness.Bearer(w.token.Value))

	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for accepted := 0; ; accepted++ {
		asked := time.Now()
		answer := old.Verify(t)
		if answer.Status == http.StatusOK && asked.Sub(before) > late {
			t.Fatalf("the old secret still works %s after a roll with an overlap of %s", asked.Sub(before), overlap)
		}
		if answer.Status != http.StatusOK {
			// Counted from before the roll was asked for, so an answer that comes sooner is wrong for certain.
			if lived := time.Since(before); lived < overlap || accepted == 0 {
				t.Errorf("the old secret was refused after %s and %d uses, within the overlap of %s", lived, accepted, overlap)
			}
			break
		}
		<-again.C
	}
	w.refused(t, w.token.Value)
	w.works(t, rolled)
	w.neighbourWorks(t)
}

// A disabled token is refused, says so to its holder, and works again when it is enabled; with the same secret.
func TestDisableTouchesOneToken(t *testing.T) {
	w := newTwin(t)
	set := func(status string) {
		owner(w.demo).Call(t, http.MethodPut, "/user/tokens/"+w.token.ID, map[string]any{
			"name": w.token.Name, "status": status, "policies": w.token.Policies,
		}).Want(t, http.StatusOK)
	}
	caller := w.demo.As(harness.Bearer(w.token.Value))
	set("disabled")
	caller.Call(t, http.MethodGet, w.records(), nil).Refused(t, harness.UnusableToken())
	w.neighbourWorks(t)
	set("active")
	w.works(t, w.token.Value)
	w.neighbourWorks(t)
}

func TestDeleteTouchesOneToken(t *testing.T) {
	w := newTwin(t)
	owner(w.demo).Call(t, http.MethodDelete, "/user/tokens/"+w.token.ID, nil).Want(t, http.StatusOK)
	w.refused(t, w.token.Value)
	w.neighbourWorks(t)
	owner(w.demo).Call(t, http.MethodGet, "/user/tokens/"+w.token.ID, nil).Want(t, http.StatusNotFound)
	if again := owner(w.demo).Call(t, http.MethodPut, "/user/tokens/"+w.token.ID+"/value", nil); again.Status != http.StatusNotFound {
		t.Errorf("a deleted token was rolled: %d", again.Status)
	}
	w.refused(t, w.token.Value)
}

// Whoever finds one token can neither see the other nor touch it, not even with the right to read tokens.
func TestLeakedTokenReachesNoOther(t *testing.T) {
	w := newTwin(t)
	leaked := w.demo.As(harness.Bearer(w.token.Value))
	path := "/user/tokens/" + w.neighbourID
	leaked.Call(t, http.MethodGet, path, nil).Refused(t, harness.DeniedTokens("API Tokens Read"))
	leaked.Call(t, http.MethodPut, path+"/value", nil).Refused(t, harness.DeniedTokens("API Tokens Write"))
	leaked.Call(t, http.MethodDelete, path, nil).Refused(t, harness.DeniedTokens("API Tokens Write"))

	reader := w.demo.As(harness.Bearer(owner(w.demo).Mint(t, "reader",
		owner(w.demo).Allow(t, harness.OneUser(w.demo.Owner().ID), harness.UserScope, "API Tokens Read")).Value))
	answer := reader.Call(t, http.MethodGet, path, nil).Want(t, http.StatusOK)
	if strings.Contains(string(answer.Body), `"value"`) {
		t.Errorf("reading a token shows a value: %s", answer.Body)
	}
	reader.Call(t, http.MethodPut, path+"/value", nil).Refused(t, harness.DeniedTokens("API Tokens Write"))
	w.neighbourWorks(t)
}
