package web

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// route is one kind of request. A path that begins with {home} stands for two: the person's own
// pages under /profile, and those of an account under /account/{account}.
type route struct {
	method, path string
	access       access
	handle       func(context.Context, *visit) (answer, error)
}

// access says who may ask for a route at all. What they may then do is decided by the use cases.
type access uint8

const (
	_        access = iota
	open            // anyone
	signedIn        // a person with a session; others are sent to sign in
)

// routes is every page and form of the dashboard.
func (s *Site) routes() []route {
	var all []route
	for _, r := range s.table() {
		path, both := strings.CutPrefix(r.path, "{home}")
		if !both {
			all = append(all, r)
			continue
		}
		for _, home := range []string{"/profile", "/account/{account}"} {
			r.path = home + path
			all = append(all, r)
		}
	}
	return all
}

func (s *Site) table() []route {
	home := func(context.Context, *visit) (answer, error) { return seeOther("/profile/api-tokens"), nil }
	return slices.Concat(
		[]route{{"GET", "/{$}", signedIn, home}, {"GET", "/profile", signedIn, home}},
		s.signInRoutes(), s.providerRoutes(), s.leakedRoutes(), s.sessionRoutes(), s.passwordRoutes(),
		s.tokensRoutes(), s.rollRoutes(), s.statusRoutes(), s.deleteRoutes(), s.keysRoutes(), s.auditRoutes(), s.memberRoutes(),
		s.wizardRoutes(), s.findRoutes(), s.tokenRoutes(),
	)
}

// checkRoute refuses a route that does not say who may ask, or that Owns would never let through.
func (s *Site) checkRoute(r route) error {
	switch {
	case r.access != open && r.access != signedIn, r.handle == nil:
		return errors.New("web: " + r.method + " " + r.path + " does not say who may ask, or what to do")
	case r.method != "GET" && r.method != "POST":
		return errors.New("web: " + r.method + " " + r.path + ": forms know GET and POST")
	case r.path != "/{$}" && !Owns(r.path):
		return errors.New("web: " + r.path + " is not under a path of the dashboard")
	default:
		return nil
	}
}
