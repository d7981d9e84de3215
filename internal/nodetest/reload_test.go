package nodetest_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// twoCatalogues are the default one in two versions, in which two operations accept each other's
// groups, and every group concerned says in its name of which version it is.
func twoCatalogues(t *testing.T) (first, second *catalog.Catalog) {
	t.Helper()
	text, err := os.ReadFile("../../catalog/cloudflare.yaml")
	if err != nil {
		t.Fatal(err)
	}
	version := func(name, records, rules string) *catalog.Catalog {
		own := strings.NewReplacer("DNS Read", "DNS Read "+name, "DNS Write", "DNS Write "+name,
			"Firewall Services Read", "Firewall Services Read "+name, "Firewall Services Write", "Firewall Services Write "+name,
			`/dns_records", any_of: [$dns_reading]`, `/dns_records", any_of: [$`+records+`]`,
			`/firewall/rules", any_of: [$firewall_reading]`, `/firewall/rules", any_of: [$`+rules+`]`).Replace(string(text))
		c, err := catalog.Load(name+".yaml", []byte(own))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return version("of the first", "dns_reading", "firewall_reading"), version("of the second", "firewall_reading", "dns_reading")
}

// A catalogue is swapped twenty times under ten thousand requests: every one is answered, and each
// by one catalogue from its beginning to its end.
func TestCatalogueIsSwappedUnderLoad(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	first, second := twoCatalogues(t)
	token := n.Mint(t, n.Ada.ByKey(), "dns", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	if err := n.Control.UseCatalog(t.Context(), control.Operator(), first); err != nil {
		t.Fatal(err)
	}
	const requests, swaps, workers = 10_000, 20, 4
	var asked, allowed, denied atomic.Int64
	var faults sync.Map
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for i := asked.Add(1); i <= requests; i = asked.Add(1) {
				path, of := "/dns_records", "of the second" // who refuses the records is the second
				if i%2 == 0 {
					path, of = "/firewall/rules", "of the first"
				}
				a := n.Send(nodetest.Request(t, token.Bearer(), http.MethodGet, "/zones/"+n.Ada.Zones[0]+path, nil))
				needs := fmt.Sprintf("needs one of Firewall Services Read %s, Firewall Services Write %s on zone %s", of, of, n.Ada.Zones[0])
				switch {
				case a.Status == http.StatusOK:
					allowed.Add(1)
				case a.Status == http.StatusForbidden && strings.Contains(string(a.Body), needs):
					denied.Add(1)
				default:
					faults.Store(fmt.Sprintf("%s: %d %s", path, a.Status, a.Body), true)
				}
			}
		})
	}
	for i := range swaps {
		for asked.Load() < int64((i+1)*requests/(swaps+1)) { // spread over the load
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
			n.Send(nodetest.Request(t, nodetest.Nobody, http.MethodGet, "/user", nil)) // something to do meanwhile
		}
		next := second
		if i%2 == 1 {
			next = first
		}
		if err := n.Control.UseCatalog(t.Context(), control.Operator(), next); err != nil {
			t.Fatal(err)
		}
	}
	running.Wait()
	faults.Range(func(fault, _ any) bool { t.Error(fault); return true })
	if sum := allowed.Load() + denied.Load(); sum != requests || allowed.Load() < requests/4 || denied.Load() < requests/4 {
		t.Errorf("%d requests were allowed and %d denied", allowed.Load(), denied.Load())
	}
}

// What a role means is the catalogue's to say: with another one, the rights of people change at
// once, and come back with the old one.
func TestCatalogueChangesWhatPeopleMay(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	text, err := os.ReadFile("../../catalog/cloudflare.yaml")
	if err != nil {
		t.Fatal(err)
	}
	without := strings.ReplaceAll(string(text), `{route: "GET /zones/{zone_id}/dns_records", any_of: [$dns_reading]`, `{route: "GET /zones/{zone_id}/dns_records", any_of: [$firewall_reading]`)
	next, err := catalog.Load("next.yaml", []byte(without))
	if err != nil {
		t.Fatal(err)
	}
	token := n.Mint(t, n.Ada.ByKey(), "dns", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	ask := func(want int) {
		t.Helper()
		if a := n.Do(t, token.Bearer(), http.MethodGet, "/zones/"+n.Ada.Zones[0]+"/dns_records", nil); a.Status != want {
			t.Errorf("%d %s, want %d", a.Status, a.Body, want)
		}
	}
	ask(http.StatusOK)
	if err := n.Control.UseCatalog(t.Context(), control.Operator(), next); err != nil {
		t.Fatal(err)
	}
	ask(http.StatusForbidden)
	if err := n.Control.UseCatalog(t.Context(), control.Operator(), n.Catalog); err != nil {
		t.Fatal(err)
	}
	ask(http.StatusOK)
	if err := n.Control.UseCatalog(t.Context(), control.Caller{Principal: leastkey.UserOf(n.Ada.ID)}, next); err == nil {
		t.Error("somebody who is not the operator changed the catalogue")
	}
}
