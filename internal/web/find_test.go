package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// The search shows what the owner of the token may do anything on, and keeps what is ticked.
func TestFindResources(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	find := func(b *nodetest.Browser, query string) (names []string, ticked []string, body string) {
		t.Helper()
		a := b.Get("/dashboard/find/resources?" + query)
		want(t, a, http.StatusOK)
		for node := range written(t, a).Descendants() {
			if node.Data != "label" {
				continue
			}
			for f := range node.Descendants() {
				if f.Data == "input" && has(f, "checked") {
					ticked = append(ticked, strings.TrimSpace(textOf(node)))
				}
			}
			names = append(names, strings.TrimSpace(textOf(node)))
		}
		return names, ticked, string(a.Body)
	}
	both := []string{"one.example", "two.example"}
	row := func(more ...string) string {
		v := url.Values{"row": {"2:1"}, "rule-2-resource-1-type": {"zone"}}
		for pair := range slices.Chunk(more, 2) {
			v.Add("rule-2-resource-1-"+pair[0], pair[1])
		}
		return v.Encode()
	}
	for _, c := range []struct {
		query         string
		names, ticked []string
		says          string
	}{
		{"type=zone&q=", both, nil, ""},
		{"type=zone&q=TWO", both[1:], nil, ""},
		{"type=zone&q=" + n.Ada.Zones[0], both[:1], nil, ""},
		{"type=zone&q=three", nil, nil, "No zone was found."},
		{"type=zone&q=" + n.Ben.Zones[0], nil, nil, "No zone was found."},
		{"type=account&q=", []string{"Ada's"}, nil, ""},
		{"type=planet&q=", nil, nil, "No planet was found."},
		{"type=zone&account=" + n.Ada.Account.String(), both, nil, ""},
		{"type=zone&account=" + n.Ben.Account.String(), nil, nil, "No zone"},
		{"type=zone&owner=" + n.Ada.Account.String(), both, nil, ""},
		{row("find", "one"), both[:1], nil, `name="rule-2-resource-1-id"`},
		{row("find", "two", "id", n.Ada.Zones[0]), both, both[:1], `id="found-2-1"`},
		{row("find", "one", "id", n.Ada.Zones[0]), both[:1], both[:1], "No other zone was found."},
		{row("find", "one", "id", n.Ben.Zones[0]), both[:1], nil, ""},
	} {
		names, ticked, body := find(b, c.query)
		if !slices.Equal(names, c.names) || !slices.Equal(ticked, c.ticked) || !strings.Contains(body, c.says) {
			t.Errorf("%s finds %q, ticked %q, in %s", c.query, names, ticked, body)
		}
	}
	for _, query := range []string{"row=x", "row=0", "row=-1:0", "row=0:0", "owner=" + n.Ben.Account.String(), "owner=x", "account=x"} {
		want(t, b.Get("/dashboard/find/resources?type=zone&"+query), http.StatusNotFound)
	}
	for i := range 30 {
		name := fmt.Sprintf("zone-%02d.example", i)
		id := fmt.Sprintf("%032x", i+1)
		if _, err := n.Control.Register(t.Context(), control.Operator(), nodetest.Zone(id), name, leastkey.AccountOf(n.Ada.Account).Resource()); err != nil {
			t.Fatal(err)
		}
	}
	if names, _, body := find(b, "type=zone&q="); len(names) != 20 || !strings.Contains(body, "The first 20. Search to find others.") {
		t.Errorf("%d of many in %s", len(names), body)
	}
	// Without scripts the same is found by a button, and what was chosen stays.
	w := begin(t, b, newToken+template(t, n, "Edit zone DNS"))
	w.tick("one.example").set("rule-0-resource-0-find", "zone-29").press("find:0:0", http.StatusOK, "zone-29.example", "one.example")
	w.tick("zone-29.example").press("summary", http.StatusOK, "one.example", "zone-29.example")
}
