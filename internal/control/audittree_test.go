package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// verified looks at the whole log, a few rows at a time.
func verified(t *testing.T, n *nodetest.Node, signed ...audit.Checkpoint) audit.Report {
	t.Helper()
	v := audit.NewVerifier(signed...)
	var after leastkey.Revision
	for {
		entries, size, err := n.Control.AuditEntries(t.Context(), control.Operator(), after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return v.Done(size)
		}
		for _, e := range entries {
			if err := v.Add(e); err != nil {
				t.Fatal(err)
			}
			after = e.Revision
		}
	}
}

// Rows that are old enough go; what is left can be verified still, also against what was signed before.
func TestPruneAudit(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	size, root, err := n.Control.AuditTree(t.Context(), control.Operator())
	if err != nil {
		t.Fatal(err)
	}
	signed := audit.Checkpoint{Size: size, Root: root}
	prune := func(before time.Time, want int) {
		t.Helper()
		gone, err := n.Control.PruneAudit(context.Background(), before)
		if err != nil || gone != want {
			t.Errorf("%d rows went, %v; want %d", gone, err, want)
		}
	}
	prune(n.Clock.Now().Add(-time.Hour), 0)
	if report := verified(t, n, signed); len(report.Findings) > 0 || report.Size != size {
		t.Errorf("nothing was old: %+v", report)
	}
	n.Clock.Advance(48 * time.Hour)
	young := n.Mint(t, n.Ada.ByKey(), "young")
	prune(n.Clock.Now().Add(-24*time.Hour), int(size))
	report := verified(t, n, signed)
	if len(report.Findings) > 0 || report.Pruned != size || report.Rows != 2 || report.Size != size+2 {
		t.Errorf("%+v; want rows up to %d gone, and no finding", report, size)
	}
	done, _ := n.Acts(t)
	if len(done) != 2 || done[0].Subject != "token "+young.ID || done[1].Action != audit.ActionPrune || done[1].Agent != "retention" {
		t.Errorf("left are %+v", done)
	}
	prune(n.Clock.Now().Add(-24*time.Hour), 0)
	if _, refused := n.Acts(t); len(refused) > 0 {
		t.Errorf("%+v", refused)
	}
	n.Restart(t)
	if report := verified(t, n, signed); len(report.Findings) > 0 {
		t.Errorf("%+v", report)
	}
}
