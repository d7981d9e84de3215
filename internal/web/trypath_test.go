package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey/catalog"
)

func TestReadTarget(t *testing.T) {
	notes, err := catalog.Load("notes.yaml", []byte(`
namespace: com.example.api
ids: any
resources:
  note: {}
permission_groups:
  - {id: 00000000000000000000000000000001, name: Notes Read, resource: note}
operations:
  - {route: "GET /notes", any_of: [Notes Read], target: {list: note}, items: {at: /notes, id: /id}}
  - {route: "GET /notes/{id}", any_of: [Notes Read], target: {note: path.id}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/client/v4"}, bases(notes)); diff != "" {
		t.Error(diff)
	}
	s := &Site{Config: Config{Catalog: func() *catalog.Catalog { return notes }}}
	for typed, want := range map[string]string{
		"/notes/1":                           "/notes/1",
		"notes/1?x=/notes":                   "/notes/1?x=/notes",
		"notes.example/notes/1":              "/notes/1",
		"https://notes.example/notes/":       "/notes/",
		"https://notes.example":              "/",
		"https://notes.example?a=b":          "/?a=b",
		"user":                               "/client/v4/user",
		"https://x/user/tokens/verify":       "/client/v4/user/tokens/verify",
		"/1":                                 "/1",
		"/notes?next=https://x.example/user": "/notes?next=https://x.example/user",
		"/notes#part":                        "/notes",
		"://":                                "/",
		"/Notes/1":                           "/Notes/1",
		"//notes":                            "//notes",
	} {
		if got := s.readTarget("GET", typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}
