package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// payerOf says whose quota a request is counted against. A credential that is not in order pays
// for itself: whoever found a dead token must not use up what its owner needs to make a new one.
// Revoking a token is free, so that a leaked one cannot keep its owner from it.
func payerOf(v guard.Verdict) (leastkey.ID, bool) {
	switch {
	case v.Credential.ID.IsZero():
		return leastkey.ID{}, false
	case v.Allowed() && v.Operation.Control && v.Operation.Method == http.MethodDelete && strings.Contains(v.Operation.Route, "/tokens/"):
		return leastkey.ID{}, false
	}
	switch v.Decision.Reason {
	case leastkey.CredentialDisabled, leastkey.CredentialExpired, leastkey.CredentialNotYetValid,
		leastkey.AddressRefused, leastkey.PrincipalInactive:
		return v.Credential.ID, true
	default:
		return v.Credential.Principal.ID, true
	}
}

// lingering is how long a refused request may go on sending its body, which the server reads to
// its end before it answers, to keep the connection.
const lingering = 2 * time.Second

// hurry bounds the time for which a refused request can hold its connection.
func hurry(w http.ResponseWriter) {
	// A writer without deadlines has no connection to hold.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lingering))
}
