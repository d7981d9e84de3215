package web

import (
	"context"
	"net/http"
	"net/netip"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const sessionsPath = "/profile/sessions"

func (s *Site) sessionRoutes() []route {
	return []route{
		{http.MethodGet, sessionsPath, signedIn, s.sessionsPage},
		{http.MethodPost, sessionsPath + "/end", signedIn, s.endSession},
		{http.MethodPost, sessionsPath + "/end-others", signedIn, s.endOtherSessions},
	}
}

// sessionsBody is the body of the page "sessions".
type sessionsBody struct {
	Sessions []sessionRow // this browser's first
	Others   bool
}

// sessionRow is a session as its person sees it.
type sessionRow struct {
	ID      string
	Browser string // in words
	Agent   string // as it says itself
	Here    bool
	ByLink  bool
	Began   Moment
	Seen    Moment
	From    []string // addresses, the last seen of each family
}

// sessionRows puts the session that asks first, then those seen of late.
func sessionRows(sessions []control.Session, here leastkey.ID) []sessionRow {
	sessions = slices.SortedStableFunc(slices.Values(sessions), func(a, b control.Session) int {
		switch {
		case a.ID == here:
			return -1
		case b.ID == here:
			return 1
		default:
			return b.SeenOn.Compare(a.SeenOn)
		}
	})
	rows := make([]sessionRow, len(sessions))
	for i, session := range sessions {
		rows[i] = sessionRow{
			ID: session.ID.String(), Browser: browserOf(session.Agent), Agent: session.Agent,
			Here: session.ID == here, ByLink: session.ByLink,
			Began: Moment{Time: session.CreatedOn}, Seen: Moment{Time: session.SeenOn},
		}
		for _, addr := range []netip.Addr{session.Addr4, session.Addr6} {
			if addr.IsValid() {
				rows[i].From = append(rows[i].From, addr.String())
			}
		}
	}
	return rows
}

func (s *Site) sessionsPage(ctx context.Context, v *visit) (answer, error) {
	sessions, err := s.Control.Sessions(ctx, s.selfCaller(v, "GET /client/v4/user"))
	if err != nil {
		return answer{}, err
	}
	rows := sessionRows(sessions, v.session.ID)
	words := map[string]string{"ended": "The session has ended.", "others": "All other sessions have ended."}
	return show("sessions", View{
		Title: "Sessions", Nav: v.nav(sessionsPath), Notice: Notice{Text: words[v.URL.Query().Get("done")]},
		Body: sessionsBody{Sessions: rows, Others: len(rows) > 1},
	}), nil
}

func (s *Site) endSession(ctx context.Context, v *visit) (answer, error) {
	id, err := leastkey.ParseID(v.form.Get("id"))
	if err != nil {
		return answer{}, errNotAForm
	}
	if id == v.session.ID {
		return s.signOut(ctx, v)
	}
	err = s.Control.EndSession(ctx, s.selfCaller(v, "PATCH /client/v4/user"), id)
	if err != nil && !isKind(err, control.NoSuch) { // then it has ended by itself, which is as good
		return answer{}, err
	}
	return seeOther(sessionsPath + "?done=ended"), nil
}

func (s *Site) endOtherSessions(ctx context.Context, v *visit) (answer, error) {
	if err := s.Control.EndOtherSessions(ctx, s.selfCaller(v, "PATCH /client/v4/user")); err != nil {
		return answer{}, err
	}
	return seeOther(sessionsPath + "?done=others"), nil
}
