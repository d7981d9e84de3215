package control_test

import (
	"context"
	"errors"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// Law 7, of Global API Keys: when the roll has returned, the old key is dead for ever and the new one
// works; the credential is the same one.
func TestRollGlobalKey(t *testing.T) {
	n := Start(t, Config{})
	ctx := context.Background()
	was := keyOf(t, n, n.Ada.ID)
	rolled, err := n.Control.RollGlobalKey(ctx, control.Operator(), n.Ada.ID)
	if err != nil || rolled.Email != n.Ada.Email || rolled.Password != "" {
		t.Fatalf("%+v, %v", rolled, err)
	}
	for _, from := range []string{"at once", "after a restart"} {
		if a := n.Do(t, n.Ada.ByKey(), "GET", "/user", nil); a.Status != 401 {
			t.Errorf("%s the old key: %d", from, a.Status)
		}
		if a := n.Do(t, Fields("X-Auth-Email", n.Ada.Email, "X-Auth-Key", rolled.GlobalKey.Reveal()), "GET", "/user", nil); a.Status != 200 {
			t.Errorf("%s the new key: %d", from, a.Status)
		}
		n.Restart(t)
	}
	is := keyOf(t, n, n.Ada.ID)
	if is.ID != was.ID || len(is.Secrets) != 1 || is.Secrets[0].Hash != rolled.GlobalKey.Hash() {
		t.Errorf("the credential is %+v", is)
	}
	_, err = n.Control.RollGlobalKey(ctx, control.Operator(), leastkey.ID{1})
	var refusal *control.Error
	if !errors.As(err, &refusal) || refusal.Kind != control.NoSuch {
		t.Errorf("nobody's key: %v", err)
	}
}
