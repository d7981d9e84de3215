package web

import (
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (gallery) Sessions() exhibit {
	session := func(id byte, agent string, seen time.Duration) control.Session {
		return control.Session{
			ID: leastkey.ID{id}, CreatedOn: noon().Add(-30 * time.Hour), SeenOn: noon().Add(-seen), ExpiresOn: noon().Add(4 * 24 * time.Hour), Agent: agent,
			Addr4: netip.MustParseAddr("192.0.2.17"),
		}
	}
	here := session(1, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", time.Minute)
	phone := session(2, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", 3*time.Hour)
	phone.Addr6, phone.ByLink = netip.MustParseAddr("2001:db8:85a3:8d3:1319:8a2e:370:7348"), true
	odd := session(3, hostile, 0)
	odd.Addr4 = netip.Addr{}
	view := func(nav Nav, sessions ...control.Session) View {
		return View{Title: "Sessions", Nav: nav, Body: sessionsBody{Sessions: sessionRows(sessions, here.ID), Others: len(sessions) > 1}}
	}
	failing := view(someone(sessionsPath), here, phone)
	failing.Errors = []FieldError{{"", "The session could not be ended. Try again."}}
	return exhibit{page: "sessions", fixtures: map[string]View{
		"empty": view(nobody(sessionsPath), here), "full": view(someone(sessionsPath), phone, odd, here), "failing": failing,
	}}
}
