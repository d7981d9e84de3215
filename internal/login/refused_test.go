package login_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/login"
)

// A sign-in that is refused stands in the audit log of the user it was for; of nobody there is no row.
func TestRefusedSignInIsRecorded(t *testing.T) {
	d := open(t, login.Limits{})
	for _, who := range []string{email, "nobody@example.com"} {
		if _, err := d.SignIn(t.Context(), who, "wrong", from(7)); !errors.Is(err, login.ErrWrong) {
			t.Fatalf("%s: %v", who, err)
		}
	}
	d.Wait()
	_, refused := d.node.Acts(t)
	if len(refused) != 1 {
		t.Fatalf("%d rows: %+v", len(refused), refused)
	}
	row := refused[0]
	if row.Action != "session.begin" || row.Actor != leastkey.UserOf(d.user.ID) || row.Addr != from(7).Addr || !strings.Contains(row.Refused, "password") || strings.Contains(row.Refused, "wrong") {
		t.Errorf("%+v", row)
	}
}
