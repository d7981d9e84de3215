package guard_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

// TestWarn: an answer says that a token ends, from two weeks before; also that a rolled secret does.
func TestWarn(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	ada := w.User("ada@example.com")
	for name, test := range map[string]struct {
		ends time.Duration // 0: never
		said bool
	}{"never": {0, false}, "in 15 days": {15 * 24 * time.Hour, false}, "in 14 days": {14 * 24 * time.Hour, true}, "in an hour": {time.Hour, true}} {
		var end time.Time
		if test.ends > 0 {
			end = w.Now().Add(test.ends)
		}
		token := w.Token(ada, leastkeytest.Allow("User Details Read").On(leastkey.PatternOne(ada.Resource())), leastkeytest.Expires(end))
		v := w.Guard.Check(t.Context(), guard.Request{Method: "GET", Target: "/client/v4/user", Header: http.Header{"Authorization": {"Bearer " + token.Secret.Reveal()}}, Can: guard.AllAbilities})
		answer := http.Header{}
		w.Guard.Warn(answer, v)
		want := ""
		if test.said {
			want = end.UTC().Format(time.RFC3339)
		}
		if got := answer.Get(guard.ExpiresHeader); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
	rolled := w.Token(ada)
	old := rolled.Secret
	rolled.Roll(time.Hour)
	v := w.Guard.Check(t.Context(), guard.Request{Method: "GET", Target: "/client/v4/user/tokens/verify", Header: http.Header{"Authorization": {"Bearer " + old.Reveal()}}, Can: guard.AllAbilities})
	answer := http.Header{}
	w.Guard.Warn(answer, v)
	if answer.Get(guard.ExpiresHeader) != w.Now().Add(time.Hour).UTC().Format(time.RFC3339) {
		t.Errorf("of a secret that was rolled away: %v", answer)
	}
	answer = http.Header{}
	w.Guard.Warn(answer, guard.Verdict{})
	if len(answer) > 0 {
		t.Errorf("to nobody: %v", answer)
	}
}
