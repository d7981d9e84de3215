package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
)

//go:embed layout/*.tmpl page/*.tmpl
var templates embed.FS

// renderer turns views into answers. Its templates are read once.
type renderer struct {
	pages map[string]*template.Template // by name; each with the layout
	log   *slog.Logger
}

// newRenderer reads layout/*.tmpl, which every page shares, and page/*.tmpl, each of which is a page by its
// file's name and defines "content".
func newRenderer(files fs.FS, static *assets, log *slog.Logger) (*renderer, error) {
	layout, err := template.New("").Funcs(functions(static)).Option("missingkey=error").ParseFS(files, "layout/*.tmpl")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "page/*.tmpl")
	if err != nil {
		return nil, err
	}
	rd := &renderer{pages: map[string]*template.Template{}, log: log}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".tmpl")
		page, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		if page, err = page.ParseFS(files, file); err != nil {
			return nil, err
		}
		if page.Lookup("content") == nil {
			return nil, fmt.Errorf("web: %s does not define \"content\"", file)
		}
		rd.pages[name] = page
	}
	return rd, nil
}

// page answers with a whole page, or, when it cannot be rendered, with one that says so.
func (rd *renderer) page(w http.ResponseWriter, status int, name string, v View) {
	rd.fragment(w, status, name, "page", v)
}

// fragment answers with a part of a page: a template that the page's file, or the layout, defines.
func (rd *renderer) fragment(w http.ResponseWriter, status int, name, part string, v View) {
	var whole bytes.Buffer // a page that fails half-way must not have been answered by half
	if err := rd.execute(&whole, name, part, v); err != nil {
		rd.log.Error("page not rendered", "page", name, "part", part, "error", err)
		status = http.StatusInternalServerError
		whole.Reset()
		if err := rd.execute(&whole, "failure", "page", Failure{Status: status}.view(v.Nav)); err != nil {
			http.Error(w, "internal error", status)
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(whole.Bytes())
}

func (rd *renderer) execute(whole *bytes.Buffer, name, part string, v View) error {
	page, ok := rd.pages[name]
	if !ok {
		return fmt.Errorf("web: there is no page %q", name)
	}
	return page.ExecuteTemplate(whole, part, v)
}
