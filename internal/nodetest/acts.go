package nodetest

import (
	"context"
	"testing"

	"github.com/leastkey/leastkey/internal/control"
)

// Acts are the audit rows, oldest first: of what was done, and of what was refused.
func (n *Node) Acts(t testing.TB) (done, refused []control.Audit) {
	t.Helper()
	err := n.Store.View(context.Background(), func(r control.Reader) error {
		rows, err := r.AuditAfter(0, 1<<20)
		for _, row := range rows {
			if row.Fault != nil {
				return row.Fault
			}
			if row.Refused == "" {
				done = append(done, row.Audit)
			} else {
				refused = append(refused, row.Audit)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return done, refused
}
