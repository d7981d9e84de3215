package guard

import (
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// Verdict is what the guard says of one request. The zero Verdict refuses.
type Verdict struct {
	Decision   leastkey.Decision
	Denial     *Denial             // what to answer; set exactly when the request is refused
	Operation  *catalog.Operation  // nil when no operation was found
	Params     catalog.Params      // values of the path template's parameters
	Host       string              // in lower case, without a port; "" when the request names none
	Path       string              // canonical path: what was decided, and what is to be forwarded
	RawQuery   string              // the query, undecoded, to be forwarded as it is
	Credential leastkey.Credential // whose; zero when none was recognised
	Secret     leastkey.SecretHash // of what was presented; zero when it was not recognised
	Email      string              // of the user who owns the credential, when a user does
	Target     leastkey.Target     // zero when it was not found
	MovesTo    leastkey.Resource   // the new parent of the target, of an operation that moves it
	Addr       netip.Addr          // the client's, as the adapter gave it

	rules *rules
	found leastkey.Target // of a refusal whose Target may not be told; otherwise zero
	sees  func(leastkey.Resource) bool
}

// Catalog is the catalogue by which it was decided, or nil when it was refused before that.
func (v Verdict) Catalog() *catalog.Catalog {
	if v.rules == nil {
		return nil
	}
	return v.rules.catalog
}

// Allowed reports whether the request may go ahead.
func (v Verdict) Allowed() bool { return v.Denial == nil && v.Decision.Allowed() }

// Sees reports whether one item of an allowed list may be shown: the operation's accepted
// permissions, decided on that resource, with the same credential at the same instant. It may be
// called by many goroutines.
func (v Verdict) Sees(r leastkey.Resource) bool { return v.Allowed() && v.sees != nil && v.sees(r) }

// Denial is the answer to a refused request, in the terms of HTTP and of the wire contract.
type Denial struct {
	Status     int         // 400, 401, 403, 404, 413, 501 or 503
	Errors     []api.Error // at least one
	Challenge  string      // value of WWW-Authenticate; empty for none
	RetryAfter time.Duration
}

// Write sends the denial.
func (d *Denial) Write(w http.ResponseWriter) {
	h := w.Header()
	if d.Challenge != "" {
		h.Set("WWW-Authenticate", d.Challenge)
	}
	if d.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((d.RetryAfter+time.Second-1)/time.Second)))
	}
	api.WriteErrors(w, d.Status, d.Errors...)
}
