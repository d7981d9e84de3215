package vectors_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/vectors"
)

// The guard decides every case as it is wanted, on behalf of an adapter that can do everything.
func TestGuard(t *testing.T) {
	vectors.Run(t, func(_ *testing.T, w *vectors.World) func(*testing.T, vectors.Case) {
		return func(t *testing.T, c vectors.Case) {
			v := w.Guard.Check(context.Background(), w.Sent(t, c).Guarded(guard.AllAbilities))
			hold(t, w, c, v)
		}
	})
}

// An adapter that lacks any of what a case needs refuses it in one way. What it lacks beside that
// changes nothing.
func TestAbilities(t *testing.T) {
	vectors.Run(t, func(_ *testing.T, w *vectors.World) func(*testing.T, vectors.Case) {
		return func(t *testing.T, c vectors.Case) {
			needs, err := vectors.Abilities(c.Want.Needs)
			if err != nil {
				t.Fatal(err)
			}
			for lacking := guard.Ability(1); lacking <= guard.AllAbilities; lacking++ {
				v := w.Guard.Check(context.Background(), w.Sent(t, c).Guarded(guard.AllAbilities&^lacking))
				if needs&lacking == 0 {
					hold(t, w, c, v)
				} else if v.Allowed() || v.Denial().Status != 501 || v.Denial().Errors[0].Code != api.CodeUnsupported || v.Denial().Challenge != "" {
					t.Errorf("without %05b: allowed %t, %+v; want a refusal with 501 and %d", lacking, v.Allowed(), v.Denial(), api.CodeUnsupported)
				}
			}
		}
	})
}

// hold compares a verdict with what is wanted.
func hold(t *testing.T, w *vectors.World, c vectors.Case, v guard.Verdict) {
	t.Helper()
	want := c.Want
	status, code, header := 200, 0, ""
	if v.Denial() != nil {
		rec := httptest.NewRecorder()
		v.Denial().Write(rec)
		status, code, header = rec.Code, v.Denial().Errors[0].Code, rec.Header().Get("WWW-Authenticate")
	}
	got := fmt.Sprintf("allowed %t, %d, %d, %s", v.Allowed(), status, code, v.Decision.Reason)
	if wanted := fmt.Sprintf("allowed %t, %d, %d, %s", want.Allowed, want.Status, want.Code, want.Reason); got != wanted {
		t.Errorf("%s; want %s (%+v)", got, wanted, v.Denial())
	}
	if fault := w.Challenged(want, header); fault != "" {
		t.Error(fault)
	}
	operation := ""
	if v.Operation != nil {
		operation = v.Operation.String()
	}
	if operation != want.Operation {
		t.Errorf("operation %q; want %q", operation, want.Operation)
	}
	target := ""
	if v.Target.Resource.ID != "" {
		target = v.Target.Resource.String()
	}
	if target != w.Fill(want.Target) {
		t.Errorf("target %q; want %q", target, w.Fill(want.Target))
	}
	if id, owner, known := w.Owner(c); want.Allowed && (!known || v.Credential.ID != id || v.Credential.Principal != owner) {
		t.Errorf("credential %s of %s; want %s of %s", v.Credential.ID, v.Credential.Principal, id, owner)
	}
	if want.Sees != nil {
		if sees := seen(w, v.Operation.Target.Type, v.Sees); sees != strings.Join(slices.Sorted(slices.Values(want.Sees)), " ") {
			t.Errorf("sees %q; want %q", sees, want.Sees)
		}
	}
}

// seen names what may be seen of all that the world has of a type.
func seen(w *vectors.World, kind leastkey.ResourceType, sees func(leastkey.Resource) bool) string {
	var names []string
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(w.Rows.Accounts)), slices.Sorted(maps.Keys(w.Rows.Resources))) {
		if r, _ := w.Rows.Named(name); r.Type == kind && sees(r) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
