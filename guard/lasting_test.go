package guard_test

import (
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/leastkeytest"
)

func TestLasts(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(token *leastkeytest.Credential, now time.Time)
		want   time.Duration // 0: time does not end it
	}{
		"for ever": {func(*leastkeytest.Credential, time.Time) {}, 0},
		"expires": {func(token *leastkeytest.Credential, now time.Time) {
			token.Edit(func(c *leastkey.Credential) { c.Validity.ExpiresOn = now.Add(time.Hour) })
		}, time.Hour},
		"in its overlap": {func(token *leastkeytest.Credential, _ time.Time) { token.Roll(time.Minute) }, time.Minute},
		"in its overlap, and expires before": {func(token *leastkeytest.Credential, now time.Time) {
			token.Roll(time.Minute)
			token.Edit(func(c *leastkey.Credential) { c.Validity.ExpiresOn = now.Add(time.Second) })
		}, time.Second},
		"in its overlap, and expires after": {func(token *leastkeytest.Credential, now time.Time) {
			token.Roll(time.Minute)
			token.Edit(func(c *leastkey.Credential) { c.Validity.ExpiresOn = now.Add(time.Hour) })
		}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			w := leastkeytest.New(t, c)
			token := w.Token(w.User("ada@example.com"))
			r := token.Request("GET", "/client/v4/user/tokens/verify", "")
			test.change(token, w.Now())
			v := w.Check(r)
			left, ends := w.Guard.Lasts(v)
			if !v.Allowed() || ends != (test.want != 0) || left != test.want {
				t.Fatalf("allowed %t, %v, %t; want %v", v.Allowed(), left, ends, test.want)
			}
			if !ends {
				return
			}
			w.SetNow(w.Now().Add(left - 1))
			if !w.Check(r).Allowed() {
				t.Error("it ended before")
			}
			w.SetNow(w.Now().Add(1))
			if w.Check(r).Allowed() {
				t.Error("it did not end")
			}
		})
	}
}
