package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/edge/gateway"
)

// A catalogue whose file changes comes into force; a broken one leaves the old one in force and is
// told of once, with line and fix; and so does one that cannot be served.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "catalog.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const first = `namespace: com.example.api
resources: {item: {}}
permission_groups: [{id: 5c0e8f0e6c1b4a7d9b0d3f4a2e1c7a01, name: Item Read, resource: item}]
operations:
- {route: "GET /items/{id}", any_of: [Item Read], target: {item: path.id}}
`
	write(first)
	cat, err := loadCatalog(file)
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, nil))
	n, err := openNode(t.Context(), nodeConfig{data: t.TempDir(), catalog: cat, brand: leastkey.DefaultBrand,
		upstreams: []gateway.Upstream{{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:9"}}}, log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	serves := error(nil)
	r := &reloading{file: file, check: func(*catalog.Catalog) error { return serves }, control: n.control, log: log}
	look := func(inForce int, words ...string) {
		t.Helper()
		told.Reset()
		r.look(t.Context(), false)
		for _, c := range []*catalog.Catalog{n.control.Catalog(), n.state.Catalog()} {
			if got := c.Own().Operations; got != inForce {
				t.Errorf("%d operations are in force, want %d", got, inForce)
			}
		}
		for _, word := range words {
			if !strings.Contains(told.String(), word) {
				t.Errorf("nothing says %q in %q", word, told.String())
			}
		}
		if len(words) == 0 && told.Len() > 0 {
			t.Errorf("told %q", told.String())
		}
	}
	look(1)
	more := first + `- {route: "GET /items/{id}/more", any_of: [Item Read], target: {item: path.id}}` + "\n"
	write(more)
	look(2, "is in force", "operations=2")
	look(2)
	write(first + "- {route: GET items}\n")
	look(2, "the one in force stays", "catalog.yaml:6", "does not begin with /")
	look(2)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	look(2, "cannot be read")
	look(2)
	write(more)
	look(2)
	serves = os.ErrInvalid
	write(first)
	look(2, "invalid argument")
	serves = nil
	told.Reset()
	r.look(t.Context(), true) // as on a SIGHUP
	if n.control.Catalog().Own().Operations != 1 {
		t.Errorf("asked again, the file was not taken: %s", told.String())
	}
}

// Ticks and signals are what it looks at, and the end of the context ends it.
func TestReloadRuns(t *testing.T) {
	var told bytes.Buffer
	r := &reloading{file: filepath.Join(t.TempDir(), "none"), log: slog.New(slog.NewTextHandler(&told, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	tick, hangup := make(chan time.Time), make(chan os.Signal)
	ended := make(chan struct{})
	go func() { defer close(ended); r.run(ctx, tick, hangup) }()
	tick <- time.Time{}
	tick <- time.Time{}
	hangup <- os.Interrupt
	cancel()
	<-ended
	if got := strings.Count(told.String(), "cannot be read"); got != 2 {
		t.Errorf("told %d times: %s", got, told.String())
	}
}
