package guard

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Observation is what is told of one decided request: who asked what, and what came of it. All of
// it is in the words of the catalogue and the registry. Nothing that the caller wrote is in it, so
// a secret that was pasted in a wrong place is not either.
type Observation struct {
	Credential leastkey.ID
	Secret     leastkey.SecretHash // the one that was presented
	At         time.Time           // the instant by which it was decided
	Addr       netip.Addr          // the client's, as the adapter gave it; may be invalid
	Method     string              // empty when it is none of HTTP's
	Operation  string              // "PATCH /client/v4/zones/{zone_id}"; empty when no route matched
	Target     leastkey.Resource   // with an id when it is one known resource; zero when it was not looked for
	Reason     leastkey.Reason     // Granted, or why not; DeniedByDefault also for what is no matter of rights
	Allowed    bool
}

// observation tells of a verdict about a recognised credential.
func observation(v *Verdict, method string) Observation {
	target := v.Target.Resource
	if !v.Target.Known {
		target.ID = "" // it comes from the request
	}
	operation := ""
	if v.Operation != nil {
		operation = v.now.rules.names[v.Operation.Number()]
	}
	return Observation{
		Credential: v.Credential.ID,
		Secret:     v.Secret,
		At:         v.time,
		Addr:       v.Addr,
		Method:     plainMethod(v.Operation, method),
		Operation:  operation,
		Target:     target,
		Reason:     v.Decision.Reason,
		Allowed:    v.Allowed(),
	}
}

// plainMethod is the method if the catalogue or HTTP has it. Any word can be sent as a method.
func plainMethod(op *catalog.Operation, method string) string {
	if op != nil {
		return op.Method
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	default:
		return ""
	}
}
