package web

import (
	"bytes"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// gallery has a method for each page, in gallery_<page>_test.go, which takes nothing and returns its exhibit. They
// are found by reflection, so that no list of them is kept.
type gallery struct{}

// exhibit is a page with what it is shown with: "empty", "full" and "failing" at least. "full" has the hostile text
// wherever users choose the words, and "failing" has an alert.
type exhibit struct {
	page     string
	fixtures map[string]View
	part     string // rendered instead of the whole page; "" is "page"
}

// hostile is what users might choose as a name: markup, quotes, text that runs from right to left and takes what
// follows along, all in 120 characters.
const hostile = `<script>alert("1")</script><img src=x onerror=alert(2)>'"&amp; {{.}} javascript:alert(3) ` + "\u05e9\u05dc\u05d5\u05dd \u202eevil\u202c " + `long-name-here`

// noon is a time for fixtures.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// someone is a person with the usual number of accounts.
func someone(current string) Nav {
	return Nav{Email: "ada@example.com", Current: current, Accounts: []NavAccount{
		{"1b9a3e52c84f4d0ab5e7f9c2d6a81304", "Example Inc."},
		{"2c0b4f63d9504e1bc6f80ad3e7b92415", hostile},
	}}
}

// nobody is at the page of a person with no account.
func nobody(current string) Nav { return Nav{Email: "new@example.com", Current: current} }

// exhibits are all there are.
func exhibits() []exhibit {
	var all []exhibit
	rooms := reflect.ValueOf(gallery{})
	for _, room := range rooms.Methods() {
		all = append(all, room.Call(nil)[0].Interface().(exhibit))
	}
	return all
}

// galleryFiles are the templates, with one more page that shows every partial.
func galleryFiles(t testing.TB) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(templates, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(templates, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	vocabulary, err := os.ReadFile("testdata/vocabulary.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	files["page/vocabulary.tmpl"] = &fstest.MapFile{Data: vocabulary}
	return files
}

func galleryRenderer(t testing.TB) (*renderer, *assets) {
	t.Helper()
	static, err := newAssets(staticFiles)
	if err != nil {
		t.Fatal(err)
	}
	rd, err := newRenderer(galleryFiles(t), static, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return rd, static
}

// TestGallery renders every page with every fixture, and holds each to what all pages are held to. With a directory in
// LEASTKEY_GALLERY the pages are left there, to be looked at.
func TestGallery(t *testing.T) {
	rd, static := galleryRenderer(t)
	missing := maps.Clone(rd.pages)
	rooms := map[string][]byte{}
	for _, e := range exhibits() {
		part := e.part
		if part == "" {
			part = "page"
			delete(missing, e.page)
			for _, want := range []string{"empty", "full", "failing"} {
				if _, there := e.fixtures[want]; !there {
					t.Errorf("page %s has no fixture %q", e.page, want)
				}
			}
		}
		for name, view := range e.fixtures {
			t.Run(e.page+"/"+name, func(t *testing.T) {
				var page bytes.Buffer
				if err := rd.execute(&page, e.page, part, view); err != nil {
					t.Fatal(err)
				}
				faults := pageFaults(page.String(), e.part != "")
				faults = append(faults, roomFaults(page.String(), name, view)...)
				if weight := page.Len() + static.weight(); weight > heaviest {
					faults = append(faults, fmt.Sprintf("the page weighs %d bytes, more than %d", weight, heaviest))
				}
				for _, fault := range faults {
					t.Error(fault)
				}
				if e.part == "" {
					rooms[e.page+"-"+name+".html"] = page.Bytes()
				}
			})
		}
	}
	for page := range missing {
		t.Errorf("page %s is not in the gallery: give gallery a method in gallery_%s_test.go", page, page)
	}
	if dir := os.Getenv("LEASTKEY_GALLERY"); dir != "" {
		hang(t, dir, rooms, static)
	}
}

// roomFaults holds a fixture to its name.
func roomFaults(page, name string, view View) []string {
	var faults []string
	if name == "full" && !strings.Contains(html.UnescapeString(page), hostile) {
		faults = append(faults, "the full fixture shows no hostile text: put the constant wherever users choose the words")
	}
	if name == "failing" && !strings.Contains(page, `role="alert"`) {
		faults = append(faults, "the failing fixture shows no alert")
	}
	for _, e := range view.Errors {
		if e.Message == "" || !strings.Contains(html.UnescapeString(page), e.Message) {
			faults = append(faults, fmt.Sprintf("the error %q is not shown", e.Message))
		}
	}
	return faults
}

// heaviest is what a page may weigh on the wire with all it loads, in bytes.
const heaviest = 100_000

// weight is what static files weigh on the wire.
func (a *assets) weight() int {
	sum := 0
	for _, file := range a.files {
		sum += len(file.small)
	}
	return sum
}

// hang leaves the pages in a directory, with the files they load and a list of them.
func hang(t *testing.T, dir string, rooms map[string][]byte, static *assets) {
	t.Helper()
	files := map[string][]byte{}
	for url, file := range static.files {
		files[strings.TrimPrefix(url, "/")] = file.plain
	}
	index := "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gallery</title><ul>\n"
	for _, name := range slices.Sorted(maps.Keys(rooms)) {
		// Beside each other, pages and files are found without a server too.
		files[name] = bytes.ReplaceAll(rooms[name], []byte(`="/dashboard/`), []byte(`="dashboard/`))
		index += fmt.Sprintf("<li><a href=\"%s\">%s</a>\n", name, strings.TrimSuffix(name, ".html"))
	}
	files["index.html"] = []byte(index + "</ul></html>\n")
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d pages are in %s", len(rooms), dir)
}

// TestPageFailsWhole shows that nothing of a page that cannot be rendered is answered.
func TestPageFailsWhole(t *testing.T) {
	files := galleryFiles(t).(fstest.MapFS)
	files[path.Join("page", "broken.tmpl")] = &fstest.MapFile{Data: []byte(`{{define "content"}}half of it{{.Body.Missing}}{{end}}`)}
	static, err := newAssets(staticFiles)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	rd, err := newRenderer(files, static, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"broken", "no-such-page"} {
		t.Run(name, func(t *testing.T) {
			logged.Reset()
			w := httptest.NewRecorder()
			rd.page(w, http.StatusOK, name, View{Title: "A page", Nav: someone(""), Body: struct{}{}})
			if w.Code != http.StatusInternalServerError {
				t.Errorf("status %d", w.Code)
			}
			body := w.Body.String()
			if strings.Contains(body, "half of it") || !strings.Contains(body, "Something went wrong") {
				t.Errorf("answered %s", body)
			}
			if !strings.Contains(logged.String(), name) {
				t.Errorf("logged %q", logged.String())
			}
		})
	}
}
