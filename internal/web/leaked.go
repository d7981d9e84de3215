package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) leakedRoutes() []route {
	return []route{
		{http.MethodGet, "/leaked", open, s.leakedPage},
		{http.MethodPost, "/leaked", open, s.endLeaked},
	}
}

// leakedBody is the body of the page "leaked".
type leakedBody struct {
	Done int // secrets that were handed in; 0: none yet
}

// mostHandedIn is how many secrets may be handed in at a time.
const mostHandedIn = 100

func leakedView(nav Nav, body leakedBody, errs ...FieldError) View {
	return View{Title: "End a leaked secret", Nav: nav, Errors: errs, Body: body}
}

func (s *Site) leakedPage(_ context.Context, v *visit) (answer, error) {
	return show("leaked", leakedView(v.nav(""), leakedBody{})), nil
}

// endLeaked ends what was handed in. It never says what was good for something, and never shows it again.
func (s *Site) endLeaked(ctx context.Context, v *visit) (answer, error) {
	lines := strings.Fields(v.form.Get("secrets"))
	switch {
	case len(lines) == 0:
		return refused("leaked", leakedView(v.nav(""), leakedBody{}, FieldError{"secrets", "Paste at least one secret."})), nil
	case len(lines) > mostHandedIn:
		return refused("leaked", leakedView(v.nav(""), leakedBody{}, FieldError{"secrets", "Hand in up to " + strconv.Itoa(mostHandedIn) + " at a time. For more there is leastkey token revoke-leaked."})), nil
	}
	if status, words := s.turnedAway(v, s.Login.Attempt(v.addr)); words != "" {
		return answer{status: status, page: "leaked", view: leakedView(v.nav(""), leakedBody{}, FieldError{Message: words})}, nil
	}
	var leaks []control.Leak
	for _, line := range lines {
		if secret, _, err := s.Brand.ParseAny(line); err == nil {
			leaks = append(leaks, control.Leak{Secret: secret})
		}
	}
	if len(leaks) == 0 {
		return refused("leaked", leakedView(v.nav(""), leakedBody{}, FieldError{"secrets", "Nothing here has the form of a token or key of this installation. Was all of it copied?"})), nil
	}
	if _, err := s.Control.ReportLeaks(ctx, control.LeakReport{By: "secret holder", Addr: v.addr}, leaks); err != nil {
		return answer{}, err
	}
	return show("leaked", leakedView(v.nav(""), leakedBody{Done: len(leaks)})), nil
}
