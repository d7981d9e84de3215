package web

import (
	"io"
	"net/http"
)

// answer is what a handler gives: a page, a part of one, a file, or another place to go to.
type answer struct {
	status int    // 0: 200
	page   string // the template
	part   string // of the page, for htmx; empty: the whole page
	view   View
	goTo   string          // a path of the dashboard
	stream func(io.Writer) // a file, with its type and name
	mime   string
	name   string
}

// show answers with a page.
func show(page string, v View) answer { return answer{page: page, view: v} }

// refused answers with a page again, whose errors say what to mend.
func refused(page string, v View) answer {
	return answer{status: http.StatusUnprocessableEntity, page: page, view: v}
}

// seeOther sends the browser on with a GET.
func seeOther(path string) answer { return answer{goTo: path} }

// stream answers with a file to keep, which is written piece by piece.
func stream(mime, name string, write func(io.Writer)) answer {
	return answer{mime: mime, name: name, stream: write}
}

func (a answer) write(rd *renderer, w http.ResponseWriter, r *http.Request) {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	switch {
	case a.goTo != "":
		if r.Header.Get("HX-Request") == "true" { // htmx would put the page it is sent to into this one
			w.Header().Set("HX-Redirect", a.goTo)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Redirect(w, r, a.goTo, http.StatusSeeOther)
	case a.stream != nil:
		h := w.Header()
		h.Set("Content-Type", a.mime)
		h.Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
		w.WriteHeader(status)
		a.stream(w)
	default:
		w, end := pack(w, r, a.page)
		part := a.part
		if part == "" {
			part = "page"
		}
		rd.fragment(w, status, a.page, part, a.view)
		if err := end(); err != nil {
			rd.log.Debug("the end of a page was not taken", "page", a.page, "error", err)
		}
	}
}
