package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
)

// Whatever a catalogue says, the control plane asks what it always asks, save for its readers.
func TestControlPlaneStaysAsItIs(t *testing.T) {
	own := head + tail + `sets:
  user_token_reading: [{group: x}]
`
	if _, err := catalog.Load("my.yaml", []byte(own)); err == nil {
		t.Error("a set may hold names only")
	}
	own = head + tail + `sets:
  account_reading: [Site Read]
  member_reading: [Site Read]
readers:
  - {route: "GET /accounts/{account_id}", any_of: [Site Read, 00000000000000000000000000000003]}
`
	c, err := catalog.Load("my.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	accepts := map[string][]string{
		"GET /client/v4/accounts":                      {"Account Settings Read (account)", "Account Settings Write (account)", "SCIM Provisioning (account)"},
		"GET /client/v4/accounts/{account_id}":         {"Account Settings Read (account)", "Account Settings Write (account)", "SCIM Provisioning (account)", "Site Read (account)"},
		"GET /client/v4/accounts/{account_id}/members": {"Account Settings Read (account)", "Account Settings Write (account)", "SCIM Provisioning (account)"},
	}
	for route, want := range accepts {
		method, path, _ := strings.Cut(route, " ")
		if got := names(c, find(c, method, path).AnyOf); !slices.Equal(got, want) {
			t.Errorf("%s accepts %q", route, got)
		}
	}
	for _, name := range []string{"Super Administrator", "Administrator", "Administrator Read Only"} {
		if _, ok := c.RoleNamed(name); !ok {
			t.Errorf("no role %s", name)
		}
	}
	if _, ok := c.TemplateNamed("Create additional tokens"); !ok {
		t.Error("no template Create additional tokens")
	}
}

// Anchors are YAML's own way to say things once, and work.
func TestAnchors(t *testing.T) {
	own := head + `operations:
  - {route: "GET /sites/{id}", any_of: &reading [Site Read], target: &one {site: path.id}}
  - {route: "GET /sites/{id}/notes", any_of: *reading, target: *one}
`
	c, err := catalog.Load("my.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	op, _, ok := c.Match("GET", "", "/sites/1/notes")
	if !ok || op.Target.ID.String() != "path.id" || !slices.Equal(names(c, op.AnyOf), []string{"Site Read (site)"}) {
		t.Errorf("%+v", op)
	}
}

// The groups of a name bind by the type of the target.
func TestNameForTwoTypes(t *testing.T) {
	own := head + `operations:
  - {route: "GET /sites/{id}", any_of: [Site Read], target: {site: path.id}}
  - {route: "GET /owners/{id}", any_of: [Site Read], target: {account: path.id}}
`
	c, err := catalog.Load("my.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/sites/1": "Site Read (site)", "/owners/1": "Site Read (account)"} {
		if op, _, _ := c.Match("GET", "", path); !slices.Equal(names(c, op.AnyOf), []string{want}) {
			t.Errorf("%s accepts %q", path, names(c, op.AnyOf))
		}
	}
}

// A create that does not say the id of what it made is a warning, and no more. What is counted is
// what the file has.
func TestWarnings(t *testing.T) {
	own := head + `operations:
  - {route: POST /pages, any_of: [Page Write], target: {create: page, under: {site: body./site}}}
  - {route: POST /more, any_of: [Page Write], target: {create: page, under: {site: body./site}}, creates: {id: /id}}
  - {route: PROPFIND /pages, any_of: [Page Write], target: {page: query.id}}
`
	c, err := catalog.Load("my.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	want := `my.yaml:8: a new page of POST /pages will not be registered, so no token will reach it; add creates: {id: /id} with the place of its id in the answer, or register each with leastkey resource add`
	if got := c.Warnings().Error(); got != want {
		t.Errorf("warns %s", got)
	}
	if got := c.Own(); got != (catalog.Counts{Resources: 2, Groups: 3, Operations: 3}) {
		t.Errorf("counts %+v", got)
	}
	if c, err := catalog.Default(); err != nil || len(c.Warnings()) > 0 {
		t.Errorf("the default catalogue: %v, %v", c.Warnings(), err)
	}
}

// Any text loads or is refused with problems that say what to do; nothing panics.
func FuzzLoad(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := catalog.Load("fuzz.yaml", data)
		if err == nil {
			for _, op := range c.Operations() {
				if op.Access == catalog.ByPermission && len(op.AnyOf) == 0 {
					t.Fatalf("%v accepts nothing", op)
				}
			}
			return
		}
		var problems catalog.Problems
		if c != nil || !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("%v, %v", c, err)
		}
		for _, p := range problems {
			if p.File != "fuzz.yaml" || p.Line < 1 || p.What == "" || p.Fix == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
