package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
)

// Config is what a Site is made of. All of it is needed, but for URL.
type Config struct {
	Control *control.Control
	Catalog func() *catalog.Catalog // the one in force
	Guard   *guard.Guard
	Login   *login.Login
	Brand   leastkey.Brand
	URL     string                         // how people reach this, "https://tokens.example.com"; empty: as each request says
	Secure  func(*http.Request) bool       // whether the browser came over TLS
	Addr    func(*http.Request) netip.Addr // the client's address, behind trusted proxies too
	Now     func() time.Time
	Random  io.Reader // crypto/rand.Reader outside tests
	Log     *slog.Logger
}

// Site is the dashboard, an http.Handler for the requests that [Owns] names.
type Site struct {
	Config
	renderer   *renderer
	static     *assets
	operations map[string]*catalog.Operation // by "GET /client/v4/user/tokens"
	handler    http.Handler
}

// New makes the dashboard. It fails when a template or an operation that it relies on is missing.
func New(c Config) (*Site, error) {
	s := &Site{Config: c, operations: map[string]*catalog.Operation{}}
	for _, op := range c.Catalog().Operations() {
		if op.Control {
			s.operations[op.String()] = op
		}
	}
	var err error
	if s.static, err = newAssets(staticFiles); err != nil {
		return nil, err
	}
	if s.renderer, err = newRenderer(templates, s.static, c.Log); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /dashboard/{hash}/{file}", s.static)
	for _, r := range s.routes() {
		if err := s.checkRoute(r); err != nil {
			return nil, err
		}
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) { s.serve(w, req, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.renderer.fail(w, Nav{}, Failure{Status: http.StatusNotFound})
	})
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.renderer.fail(w, Nav{}, Failure{Status: http.StatusForbidden, Text: "This form was sent from another site, so nothing was done."})
	}))
	s.handler = headers(s.canonical(crossOrigin.Handler(mux)))
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// ownSegments are the first segments of the paths that belong to the dashboard.
func ownSegments() []string {
	return []string{"sign-in", "sign-out", "profile", "account", "dashboard", "leaked"}
}

// Owns reports whether a request target, as it came on the wire, is the dashboard's. Whatever is
// spelled in another way is not.
func Owns(target string) bool {
	target, _, _ = strings.Cut(target, "?")
	rest, ok := strings.CutPrefix(target, "/")
	first, _, _ := strings.Cut(rest, "/")
	return ok && (rest == "" || slices.Contains(ownSegments(), first))
}

// Conflicts lists the operations of a catalogue that the dashboard would hide on the same listener.
func Conflicts(c *catalog.Catalog) []string {
	var hidden []string
	for _, op := range c.Operations() {
		first, _, _ := strings.Cut(strings.TrimPrefix(op.Route, "/"), "/")
		if op.Route == "/" || strings.HasPrefix(first, "{") || slices.Contains(ownSegments(), first) {
			hidden = append(hidden, op.String())
		}
	}
	return hidden
}

// canonical answers paths that are not spelled plainly, which a ServeMux would redirect.
func (s *Site) canonical(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" || r.URL.Path != "/" && path.Clean(r.URL.Path) != r.URL.Path {
			s.renderer.fail(w, Nav{}, Failure{Status: http.StatusNotFound})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// largestForm is in bytes.
const largestForm = 1 << 20

// serve runs one route.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, to route) {
	v := &visit{Request: r, w: w, addr: s.Addr(r)}
	answer, err := s.run(r.Context(), v, to)
	if err != nil {
		s.fail(w, v, err)
		return
	}
	answer.write(s.renderer, w, r)
}

func (s *Site) run(ctx context.Context, v *visit, to route) (answer, error) {
	if v.Method == http.MethodPost {
		if err := v.readForm(); err != nil {
			return answer{}, err
		}
	}
	session, user, err := s.Login.Resume(v.Request, v.addr)
	switch {
	case err == nil:
		v.session, v.user = session, user
		v.owner, v.home = leastkey.UserOf(user.ID), "/profile"
		if err := s.addAccounts(ctx, v); err != nil {
			return answer{}, err
		}
	case isKind(err, control.Refused):
		if to.access == signedIn {
			return seeOther(signInPath(v.Request)), nil
		}
	default:
		return answer{}, err
	}
	return to.handle(ctx, v)
}

// signInPath leads back to the page afterwards. What a form had is lost: its POST is not repeated.
func signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// addAccounts reads the accounts of the person, and whose pages these are.
func (s *Site) addAccounts(ctx context.Context, v *visit) error {
	members, err := s.Control.Memberships(ctx, s.selfCaller(v, "GET /client/v4/memberships"), v.user.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		v.accounts = append(v.accounts, NavAccount{ID: m.Account.ID.String(), Name: m.Account.Name})
	}
	if in := v.PathValue("account"); in != "" {
		return v.enter(in)
	}
	return nil
}

// errNoPage is a page that does not exist, or not for this person.
var errNoPage = errors.New("web: no such page")

// fail answers an error that no page has dealt with.
func (s *Site) fail(w http.ResponseWriter, v *visit, err error) {
	f := failureOf(err)
	if f.Status == http.StatusInternalServerError {
		s.Log.Error("the dashboard failed", "method", v.Method, "path", v.URL.Path, "error", err)
	}
	s.renderer.fail(w, v.nav(""), f)
}

func failureOf(err error) Failure {
	var refusal *control.Error
	var too *http.MaxBytesError
	switch {
	case errors.Is(err, errNoPage):
		return Failure{Status: http.StatusNotFound}
	case errors.Is(err, errNotAForm):
		return Failure{Status: http.StatusUnsupportedMediaType, Text: "Only forms of these pages are understood here."}
	case errors.As(err, &too):
		return Failure{Status: http.StatusRequestEntityTooLarge, Text: "The form is larger than 1 MiB."}
	case !errors.As(err, &refusal):
		return Failure{Status: http.StatusInternalServerError}
	}
	text := sentence(refusal.Message)
	switch refusal.Kind {
	case control.NoSuch:
		return Failure{Status: http.StatusNotFound}
	case control.Refused, control.Unconfirmed:
		return Failure{Status: http.StatusForbidden, Text: text}
	case control.Overtaken:
		return Failure{Status: http.StatusConflict, Text: text}
	case control.Repeated:
		return Failure{Status: http.StatusConflict, Text: "This was done already, once. A secret that it made was shown then, and is not kept."}
	case control.Invalid, control.CheckFailed, control.Taken, control.TooMany:
		return Failure{Status: http.StatusBadRequest, Text: text}
	default:
		return Failure{Status: http.StatusInternalServerError}
	}
}

// sentence makes a message into a sentence.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// isKind reports whether an error is a refusal of this kind.
func isKind(err error, kind control.Kind) bool {
	var refusal *control.Error
	return errors.As(err, &refusal) && refusal.Kind == kind
}
