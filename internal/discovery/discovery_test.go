package discovery_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/discovery"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// upstream answers lists by path. A nil list cannot be read whole.
type upstream map[string][]string

// List implements discovery.Lister.
func (u upstream) List(_ context.Context, op *catalog.Operation, host, path string, _ catalog.Pointer, each func(id, name string)) error {
	for _, id := range u[path] {
		each(id, "name of "+id)
	}
	if u[path] == nil {
		return errors.New("the second page was not there")
	}
	return nil
}

func start(t *testing.T, n *nodetest.Node, u upstream, under ...string) *discovery.Discovery {
	t.Helper()
	var sources []discovery.Source
	for i, at := range under {
		sources = append(sources, discovery.Source{Method: "GET", Path: "/client/v4/zones?of=" + string(rune('a'+i)), Under: at})
	}
	d, err := discovery.New(discovery.Config{Control: n.Control, Catalog: func() *catalog.Catalog { return n.Catalog }, Lister: u,
		Sources: sources, Log: slog.New(slog.NewTextHandler(n.Log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func zonesOf(t *testing.T, n *nodetest.Node, account leastkey.ID) (ids []string) {
	t.Helper()
	rows, err := n.Control.Resources(context.Background(), control.Operator(), "zone", leastkey.AccountOf(account).Resource())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestRounds(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	const a, b = "/client/v4/zones?of=a", "/client/v4/zones?of=b"
	u := upstream{}
	d := start(t, n, u, "account:"+n.Ada.Account.String(), "account:Ben's")
	x, y, z := strings.Repeat("a", 32), strings.Repeat("b", 32), strings.Repeat("c", 32)
	had := append(slices.Clone(n.Ada.Zones), n.Ben.Zones...)
	slices.Sort(n.Ada.Zones)
	for _, step := range []struct {
		name     string
		a, b     []string
		ada, ben []string
		says     string
	}{
		{"both fail", nil, nil, n.Ada.Zones, n.Ben.Zones, "could not be read whole"},
		{"both are empty", []string{}, []string{}, n.Ada.Zones, n.Ben.Zones, "empty list"},
		{"new ones", []string{x, y}, []string{z}, []string{x, y}, []string{z}, "registered=2"},
		{"one fails", nil, []string{z, x}, []string{x, y}, []string{z}, "in doubt"},
		{"both have it", []string{x, y}, []string{z, x}, []string{x, y}, []string{z}, ""},
		{"new, and both have it", []string{x, y, had[0]}, []string{z, had[0]}, []string{x, y}, []string{z}, ""},
		{"it moved", []string{y}, []string{z, x}, []string{y}, []string{x, z}, "moved=1"},
	} {
		u[a], u[b] = step.a, step.b
		d.Round(context.Background())
		if ada, ben := zonesOf(t, n, n.Ada.Account), zonesOf(t, n, n.Ben.Account); !slices.Equal(ada, step.ada) || !slices.Equal(ben, step.ben) {
			t.Errorf("%s: %v and %v, want %v and %v", step.name, ada, ben, step.ada, step.ben)
		}
		if !strings.Contains(n.Log.String(), step.says) {
			t.Errorf("%s: nothing says %q:\n%s", step.name, step.says, n.Log)
		}
	}
}

func TestRun(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	x := strings.Repeat("a", 32)
	d := start(t, n, upstream{"/client/v4/zones?of=a": {x}}, "account:Ada's")
	ctx, cancel := context.WithCancel(context.Background())
	tick, ended := make(chan time.Time), make(chan struct{})
	go func() { d.Run(ctx, tick); close(ended) }()
	tick <- time.Time{} // it waits: the first round is over
	cancel()
	<-ended
	if got := zonesOf(t, n, n.Ada.Account); !slices.Equal(got, []string{x}) {
		t.Error(got)
	}
}

func TestSourcesAreChecked(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{Empty: true})
	for want, s := range map[string]discovery.Source{
		"no list GET /nowhere":   {Method: "GET", Path: "/nowhere", Under: "account:a"},
		"no list POST ":          {Method: "POST", Path: "/client/v4/zones", Under: "account:a"},
		"which are under a acco": {Method: "GET", Path: "/client/v4/zones", Under: "zone:a"},
		"write under: \"account": {Method: "GET", Path: "/client/v4/zones", Under: "account"},
	} {
		_, err := discovery.New(discovery.Config{Control: n.Control, Catalog: func() *catalog.Catalog { return n.Catalog }, Sources: []discovery.Source{s}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", s, err, want)
		}
	}
}

// A name that is free again leads nobody to what the lists of another account say.
func TestAnAccountIsNamedOnce(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	u := upstream{}
	d := start(t, n, u, "account:Ada's")
	x, y := strings.Repeat("a", 32), strings.Repeat("b", 32)
	u["/client/v4/zones?of=a"] = []string{x}
	d.Round(t.Context())
	for account, name := range map[leastkey.ID]string{n.Ada.Account: "Ada Ltd", n.Ben.Account: "Ada's"} {
		if _, err := n.Control.RenameAccount(t.Context(), control.Operator(), account, name); err != nil {
			t.Fatal(err)
		}
	}
	u["/client/v4/zones?of=a"] = []string{x, y}
	d.Round(t.Context())
	if got := zonesOf(t, n, n.Ada.Account); !slices.Contains(got, y) {
		t.Errorf("the account has %v, and not %s", got, y)
	}
	if got := zonesOf(t, n, n.Ben.Account); slices.Contains(got, y) {
		t.Errorf("who took the name has %v", got)
	}
}
