package vectors_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/vectors"
)

// Whoever asks about a case is told what becomes of it: explanations agree with the guard on every
// request whose credential was recognised. An addition is offered to what wants for a permission alone.
func TestExplain(t *testing.T) {
	agreed, helped := 0, 0
	vectors.Run(t, func(_ *testing.T, w *vectors.World) func(*testing.T, vectors.Case) {
		return func(t *testing.T, c vectors.Case) {
			r := w.Sent(t, c).Guarded(guard.AllAbilities)
			v := w.Guard.Check(context.Background(), r)
			if v.Credential.ID.IsZero() {
				return
			}
			trial := guard.Trial{Credential: v.Credential.ID, Method: r.Method, Host: r.Host, Target: r.Target, Header: r.Header, Addr: r.Addr}
			if r.Body != nil {
				trial.Body = func() ([]byte, error) { return r.Body(1 << 30) }
			}
			e := w.Guard.Explain(trial, v.Record())
			if e.Allowed != v.Allowed() || e.Decision != v.Decision || e.Operation != v.Operation {
				t.Errorf("explained %+v, decided %+v", e, v)
			}
			if diff := cmp.Diff(v.Denial(), e.Denial); diff != "" {
				t.Error(diff)
			}
			if e.Addition != nil && (v.Denial() == nil || v.Denial().Status != 403) {
				t.Errorf("an addition to what is not refused with 403: %+v", e.Addition)
			}
			agreed++
			if e.Addition != nil {
				helped++
			}
		}
	})
	if agreed < 100 || helped < 10 {
		t.Errorf("only %d cases were explained, %d with an addition", agreed, helped)
	}
}
