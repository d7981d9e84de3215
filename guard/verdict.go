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
	Operation  *catalog.Operation  // nil when no operation was found
	Params     catalog.Params      // values of the path template's parameters
	Host       string              // in lower case, without a port; "" when the request names none
	Path       string              // canonical path: what was decided, and what is to be forwarded
	RawQuery   string              // the query, undecoded, to be forwarded as it is
	Credential Credential          // whose; zero when none was recognised
	Secret     leastkey.SecretHash // of what was presented; zero when it was not recognised
	Target     Target              // zero when it was not found
	MovesTo    leastkey.Resource   // the new parent of the target, of an operation that moves it
	Addr       netip.Addr          // the client's, as the adapter gave it

	refused bool          // also when the decision would allow it
	worded  *Denial       // what to answer, of a refusal that is not in the decision
	unknown leastkey.Kind // as what the secret was sent that nobody has; zero when it was not that

	now    *snapshot // by which it was decided; nil when it was refused before that
	by     bearer
	owner  owner
	time   time.Time
	aim    target
	parent leastkey.Resource // of what is to be created, or what a list is of, as the request names it
	within handle            // of a list: what its items must be below; nowhere for anything
}

// Credential is what a verdict tells of a credential. It is no [leastkey.Credential], so that nothing can
// be decided by it: see [Verdict.Record].
type Credential struct {
	ID        leastkey.ID
	Kind      leastkey.Kind
	Principal leastkey.Principal
	Status    leastkey.Status
	Validity  leastkey.Validity
}

// Target is what a verdict tells of what a request acts on. It is no [leastkey.Target], so that nothing
// can be decided by it: see [Verdict.Decided].
type Target struct {
	Kind     leastkey.TargetKind
	Resource leastkey.Resource // TargetOne: the resource; otherwise only its Type is set
	Known    bool              // TargetOne, TargetCreate: the registry knows the resource (the parent)
}

// Record is the credential whole, with what bounds it; zero when none was recognised.
func (v Verdict) Record() leastkey.Credential {
	if v.by == nil {
		return leastkey.Credential{}
	}
	return v.now.credential(v.by)
}

// Decided is the target whole, with its ancestors.
func (v Verdict) Decided() leastkey.Target {
	if v.now == nil || v.Target.Kind == 0 {
		return leastkey.Target{}
	}
	return v.now.whole(&v.aim, v.Target.Resource, v.parent)
}

// Catalog is the catalogue by which it was decided, or nil when it was refused before that.
func (v Verdict) Catalog() *catalog.Catalog {
	if v.now == nil {
		return nil
	}
	return v.now.rules.catalog
}

// Allowed reports whether the request may go ahead.
func (v Verdict) Allowed() bool { return !v.refused && v.Decision.Allowed() }

// Denial is what to answer to a request that is refused; nil exactly when it is allowed. It is worded
// when it is asked for, so that a refusal costs no more than an allow until somebody is to be told.
func (v Verdict) Denial() *Denial {
	switch {
	case v.Allowed():
		return nil
	case v.worded != nil:
		return v.worded
	case v.unknown != 0:
		return unknown(v.unknown, v.Operation)
	case v.now == nil:
		return unsure()
	}
	switch reason := v.Decision.Reason; reason {
	case leastkey.AddressRefused:
		return wrongLocation(v.Addr)
	case leastkey.PermissionMissing, leastkey.PermissionDenied, leastkey.PrincipalLacks:
		return missing(v.Operation, v.Decided(), v.groupName)
	default:
		return unusable(reason, v.Operation)
	}
}

// refuse settles a refusal, in words of its own or, without any, in those of the decision. What is
// answered and what was decided agree.
func (v *Verdict) refuse(d *Denial) {
	v.refused, v.worded = true, d
	if v.Decision.Allowed() {
		v.Decision = leastkey.Decision{}
	}
}

func (v *Verdict) groupName(id leastkey.ID) string {
	group, _ := v.now.rules.catalog.Group(id)
	return group.Name
}

// Sees reports whether one item of an allowed list may be shown: the operation's accepted
// permissions, decided on that resource, with the same credential at the same instant. It may be
// called by many goroutines.
func (v Verdict) Sees(r leastkey.Resource) bool {
	if !v.Allowed() || v.now == nil || v.by == nil || v.Operation.Access != catalog.ByPermission || r.Type != v.Operation.Target.Type {
		return false
	}
	op := &v.now.rules.accepted[v.Operation.Number()]
	var t target
	v.now.one(&t, op.kind, r.ID)
	if v.Operation.Target.Under != "" {
		t.in(v.within)
	}
	j := judged{now: v.now, by: v.by, at: v.by.owner(), owner: v.owner, time: v.time, addr: v.Addr}
	v.by.parts(&j.parts)
	return j.admitted() == leastkey.Granted && j.decide(op, &t).allowed()
}

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
