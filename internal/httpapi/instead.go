package httpapi

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/tell"
)

// instead says what would help where no addition does; "" where there is one, and for what is allowed.
// What it says of permissions is as far as whoever asks may be told.
func (a *API) instead(trial guard.Trial, e guard.Explanation) string {
	switch {
	case e.Allowed || e.Addition != nil:
		return ""
	case !e.Known:
		return "No secret of the credential works any more. Roll it to give it a new one."
	}
	switch e.Decision.Reason {
	case leastkey.CredentialDisabled:
		return "Enable the credential."
	case leastkey.CredentialNotYetValid, leastkey.CredentialExpired:
		return "It works: " + tell.When(e.Credential.Validity, a.now()) + ". Change that, or wait."
	case leastkey.AddressRefused:
		return "It works: " + tell.Where(e.Credential.Condition) + ". Change that, or come from there."
	case leastkey.PrincipalInactive:
		return "The user or account that owns the credential is disabled, which the operator can undo."
	case leastkey.PermissionMissing, leastkey.PermissionDenied, leastkey.PrincipalLacks:
		return a.insteadOfPermission(e)
	}
	if e.Operation == nil {
		return "No operation of the catalogue is " + trial.Method + " on this path, or the path is not spelled plainly. Write it as a client sends it, from the first slash on."
	}
	return "The request is refused whoever makes it. Put it right as the error says."
}

func (a *API) insteadOfPermission(e guard.Explanation) string {
	const owner = "its owner may not do it, or there is no such resource; and a token never may more than its owner"
	switch {
	case e.Credential.Kind != leastkey.Token:
		return "A key may what its user may: the user needs a role that has one of the accepted permissions there, if there is such a resource. One that was never registered is none: the operator sees what is with leastkey resource list, and adds with leastkey resource add."
	case e.Supposed == leastkey.PermissionDenied && e.Policy >= 0:
		return fmt.Sprintf("Policy number %d of the token denies it, and a deny wins. Take it out of that policy.", e.Policy+1)
	case e.Supposed == leastkey.PermissionDenied:
		return "A policy of the token denies it, and a deny wins. Take it out of that policy."
	case e.Supposed == leastkey.Granted:
		return "The policies of the token name it already. Another of them denies it, or " + owner + "."
	default:
		return "No policy helps: " + owner + "."
	}
}
