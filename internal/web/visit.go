package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// visit is one request, with who makes it and whose tokens the page is about.
type visit struct {
	*http.Request
	w    http.ResponseWriter // for cookies, and for what an answer does not say
	addr netip.Addr          // the client's
	form url.Values          // of a POST

	// Of a person who is signed in; zero otherwise.
	session  control.Session
	user     control.User
	accounts []NavAccount
	owner    leastkey.Principal // the person, or the account in the path
	home     string             // "/profile" or "/account/<id>"
}

func (v *visit) signedIn() bool { return !v.session.ID.IsZero() }

// ofAccount reports whether the page is about an account's tokens.
func (v *visit) ofAccount() bool { return v.owner.Kind == leastkey.AccountPrincipal }

// enter makes the visit one of an account's pages, for its members.
func (v *visit) enter(account string) error {
	id, err := leastkey.ParseID(account)
	if err != nil || !slices.ContainsFunc(v.accounts, func(a NavAccount) bool { return a.ID == account }) {
		return errNoPage
	}
	v.owner, v.home = leastkey.AccountOf(id), "/account/"+account
	return nil
}

// nav is the navigation, at the entry with the path.
func (v *visit) nav(current string) Nav {
	return Nav{Email: v.user.Email, Accounts: v.accounts, Current: current}
}

// ownerName is what the owner of the page's tokens is called.
func (v *visit) ownerName() string {
	if !v.ofAccount() {
		return v.user.Email
	}
	for _, a := range v.accounts {
		if a.ID == v.owner.ID.String() {
			return a.Name
		}
	}
	return v.owner.ID.String()
}

// id reads the id in the path.
func (v *visit) id() (leastkey.ID, error) {
	id, err := leastkey.ParseID(v.PathValue("id"))
	if err != nil {
		return leastkey.ID{}, errNoPage
	}
	return id, nil
}

// fragment reports whether htmx asks for a part of the page.
func (v *visit) fragment() bool { return v.Header.Get("HX-Request") == "true" }

var errNotAForm = errors.New("web: not a form of ours")

// readForm reads the body of a POST. Other types are refused: a page of another site can send them
// without asking the browser's leave.
func (v *visit) readForm() error {
	contentType, _, err := mime.ParseMediaType(v.Header.Get("Content-Type"))
	if err != nil || contentType != "application/x-www-form-urlencoded" {
		return errNotAForm
	}
	v.Body = http.MaxBytesReader(v.w, v.Body, largestForm)
	if err := v.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return err
		}
		return errNotAForm
	}
	v.form = v.PostForm
	return nil
}

// caller is the person who is signed in, who asks for what an operation of the API does on the
// tokens that the page is about: "POST /tokens" is that of /user/tokens, or of the account's. The
// same permission groups are asked for as the API asks for.
func (s *Site) caller(v *visit, operation string) control.Caller {
	method, rest, _ := strings.Cut(operation, " ")
	in := "/client/v4/user"
	if v.ofAccount() {
		in = "/client/v4/accounts/{account_id}"
	}
	return s.callerFor(v, method+" "+in+rest, v.owner)
}

// selfCaller is the person who is signed in, who asks for what an operation does on themselves.
func (s *Site) selfCaller(v *visit, operation string) control.Caller {
	return s.callerFor(v, operation, leastkey.UserOf(v.user.ID))
}

// callerFor is a caller without any permission when there is no such operation, and so refused.
func (s *Site) callerFor(v *visit, operation string, on leastkey.Principal) control.Caller {
	c := control.Caller{
		Session: true, Credential: v.session.ID, Secret: v.session.Hash, Principal: leastkey.UserOf(v.user.ID),
		Addr: v.addr, Target: leastkey.OnResource(on.Resource()),
	}
	if op := s.operations[operation]; op != nil {
		c.AnyOf = op.AnyOf
	} else {
		s.Log.Error("the dashboard asked for an operation that is not in the catalogue", "operation", operation)
	}
	return c
}

// newOnce is a fresh id for a form that must not be acted on twice.
func (s *Site) newOnce() (string, error) {
	id, err := leastkey.NewID(s.Random)
	return id.String(), err
}

// once reads the id of the form. A form without one is not from here.
func (v *visit) once() (leastkey.ID, error) {
	id, err := leastkey.ParseID(v.form.Get("once"))
	if err != nil || id.IsZero() {
		return leastkey.ID{}, errNotAForm
	}
	return id, nil
}

// confirmed reports whether the person proved lately who they are, so that a form that leads to a
// secret need not ask for the password.
func (s *Site) confirmed(v *visit) bool { return v.session.ConfirmedAt(s.Now()) }

// baseURL is the address at which people reach this node, without a slash at its end.
func (s *Site) baseURL(v *visit) string {
	if s.URL != "" {
		return s.URL
	}
	scheme := "http"
	if s.Secure(v.Request) {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s", scheme, v.Host)
}
