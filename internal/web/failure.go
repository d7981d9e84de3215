package web

import "net/http"

// Failure is the body of the page that says why there is no other.
type Failure struct {
	Status int
	Text   string // "": words by the status
	Action Link   // where to go on; zero: the tokens page
}

// Words say what happened, and what to do.
func (f Failure) Words() string {
	switch {
	case f.Text != "":
		return f.Text
	case f.Status == http.StatusNotFound:
		return "Nothing is at this address, or it is not yours to see."
	case f.Status == http.StatusForbidden:
		return "You may not do this now. Your rights may have changed since the page was made."
	default:
		return "Something went wrong here, and it has been logged. Nothing was changed unless a page said so. Try again."
	}
}

// Next is where to go on.
func (f Failure) Next() Link {
	if f.Action == (Link{}) {
		return Link{"Go to API tokens", "/profile/api-tokens"}
	}
	return f.Action
}

// view is the page, for whoever Nav is.
func (f Failure) view(nav Nav) View {
	title := "Something went wrong"
	switch f.Status {
	case http.StatusNotFound:
		title = "Not found"
	case http.StatusForbidden:
		title = "Refused"
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		title = "Not understood"
	case http.StatusTooManyRequests:
		title = "Too many requests"
	case http.StatusServiceUnavailable:
		title = "Not available now"
	}
	return View{Title: title, Nav: nav, Body: f}
}

// fail answers that there is no page.
func (rd *renderer) fail(w http.ResponseWriter, nav Nav, f Failure) {
	rd.page(w, f.Status, "failure", f.view(nav))
}
