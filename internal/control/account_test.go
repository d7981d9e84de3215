package control_test

import (
	"context"
	"errors"
	"testing"

	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// A second account of one name, in whatever case, is refused and leaves nothing behind.
func TestAccountNamesAreTakenOnce(t *testing.T) {
	n := Start(t, Config{Empty: true})
	ctx := context.Background()
	if _, err := n.Control.CreateAccount(ctx, control.Operator(), "Kitchen"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Kitchen", " kitchen ", "KITCHEN"} {
		var refusal *control.Error
		if _, err := n.Control.CreateAccount(ctx, control.Operator(), name); !errors.As(err, &refusal) || refusal.Kind != control.Taken {
			t.Errorf("%q: %v", name, err)
		}
	}
	accounts, err := n.Control.Accounts(ctx, control.Operator(), nil)
	if err != nil || len(accounts) != 1 {
		t.Errorf("%d accounts, %v", len(accounts), err)
	}
}
