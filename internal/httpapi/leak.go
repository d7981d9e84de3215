package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/leak"
)

// Leaks says how reports of leaked secrets are taken.
type Leaks struct {
	Brand    leastkey.Brand
	Keys     leak.Keys // of who may report what a scan found; none: nobody
	WarnOnly bool      // what a scan found is not ended, its owner is told
	Addr     func(*http.Request) netip.Addr
	Throttle Throttle // by address
}

// Throttle bounds requests. When there were too many it answers, and reports false.
type Throttle interface {
	Admit(w http.ResponseWriter, payer leastkey.ID) bool
}

// LeakQuota is how often a secret may be handed in from one address: a person, or a script with a list.
const (
	LeakQuota       = 300
	LeakQuotaPeriod = 5 * time.Minute
)

// Largest bodies, in bytes: of one secret, and of a report of some tens of thousands.
const (
	largestRevocation = 16 << 10
	largestReport     = 16 << 20
)

// IsLeak reports whether a request target, as it came on the wire, is one that LeakHandler serves.
func IsLeak(target string) bool { return target == api.RevokePath || target == api.SecretScanningPath }

// LeakHandler takes leaked secrets. No credential goes with them: who holds a secret may end it.
func (a *API) LeakHandler(l Leaks) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			oauthError(w, http.StatusMethodNotAllowed, "invalid_request", "send a POST")
		case !l.Throttle.Admit(w, payerAt(l.Addr(r))):
		case r.RequestURI == api.RevokePath:
			a.revoke(w, r, l)
		default:
			a.takeReport(w, r, l)
		}
	})
}

// payerAt stands for an address, or one network of 64 bits, where limits are counted.
func payerAt(addr netip.Addr) leastkey.ID {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			addr = network.Addr()
		}
	}
	sum := sha256.Sum256([]byte("address " + addr.String()))
	return leastkey.ID(sum[:len(leastkey.ID{})])
}

// revoke is the revocation of RFC 7009. What is no secret, or none any more, is answered alike.
func (a *API) revoke(w http.ResponseWriter, r *http.Request, l Leaks) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		oauthError(w, http.StatusBadRequest, "invalid_request", "send a form: Content-Type: application/x-www-form-urlencoded, and token=...")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestRevocation))
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", "the form could not be read, or is larger than 16 KiB")
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form["token"]) != 1 || form["token"][0] == "" {
		oauthError(w, http.StatusBadRequest, "invalid_request", "the form must have token exactly once")
		return
	}
	if secret, _, err := l.Brand.ParseAny(form["token"][0]); err == nil {
		report := control.LeakReport{By: "secret holder", Addr: l.Addr(r)}
		if _, err := a.control.ReportLeaks(context.WithoutCancel(r.Context()), report, []control.Leak{{Secret: secret}}); err != nil {
			a.log.Error("a secret that was handed in is not revoked", "error", err)
			oauthError(w, http.StatusServiceUnavailable, "server_error", "it may not have been revoked: try again")
			return
		}
	}
	w.WriteHeader(http.StatusOK)
}

// takeReport takes what a scan found, and answers which of it were secrets of ours.
func (a *API) takeReport(w http.ResponseWriter, r *http.Request, l Leaks) {
	if len(l.Keys) == 0 {
		api.WriteErrors(w, http.StatusNotFound, api.NoRoute(r.URL.Path)...)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestReport))
	if err != nil {
		a.fail(w, r, unreadable(err))
		return
	}
	identifiers, signatures := r.Header[leak.KeyField], r.Header[leak.SignatureField]
	if len(identifiers) != 1 || len(signatures) != 1 {
		oauthError(w, http.StatusForbidden, "access_denied", "a report is signed: "+leak.KeyField+" and "+leak.SignatureField+", each once")
		return
	}
	if err := l.Keys.Verify(body, identifiers[0], signatures[0]); err != nil {
		oauthError(w, http.StatusForbidden, "access_denied", err.Error())
		return
	}
	matches, err := leak.ParseReport(body)
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	labels, err := a.endMatches(context.WithoutCancel(r.Context()), l, l.Addr(r), matches)
	if err != nil {
		a.log.Error("secrets that a scan found are not all revoked", "error", err)
		oauthError(w, http.StatusServiceUnavailable, "server_error", "not all may have been revoked: send the report again")
		return
	}
	writeJSON(w, http.StatusOK, labels)
}

func (a *API) endMatches(ctx context.Context, l Leaks, addr netip.Addr, matches []leak.Match) ([]leak.Label, error) {
	var leaks []control.Leak
	of := make([]int, len(matches)) // the place in leaks; -1: no secret by its form
	for i, m := range matches {
		of[i] = -1
		if secret, _, err := l.Brand.ParseAny(m.Token); err == nil {
			of[i] = len(leaks)
			leaks = append(leaks, control.Leak{Secret: secret, URL: m.URL})
		}
	}
	known, err := a.control.ReportLeaks(ctx, control.LeakReport{By: "secret scanning", Addr: addr, WarnOnly: l.WarnOnly}, leaks)
	if err != nil {
		return nil, err
	}
	labels := make([]leak.Label, len(matches))
	for i, m := range matches {
		labels[i] = leak.LabelOf(m, of[i] >= 0 && known[of[i]])
	}
	return labels, nil
}

// oauthError answers in the form of RFC 6749, section 5.2.
func oauthError(w http.ResponseWriter, status int, code, why string) {
	writeJSON(w, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, why})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone cannot be told so
}
