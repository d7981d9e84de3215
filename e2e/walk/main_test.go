// Package walk takes the announcement's walk through the demo with curl, the command line and plain HTTP: one zone's
// DNS opened, everything else refused with a reason, and every token on its own.
package walk

import (
	"os"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// owner is the user of both zones, calling with the Global API Key.
func owner(d *harness.Demo) harness.Caller { return d.As(harness.GlobalKey(d.Owner())) }

// editor makes a token like the template "Edit zone DNS" on one zone.
func editor(t *testing.T, d *harness.Demo, zone harness.Zone) harness.Token {
	t.Helper()
	return owner(d).Mint(t, "edit "+zone.Name,
		owner(d).Allow(t, harness.OneZone(zone.ID), harness.ZoneScope, "DNS Write"))
}
