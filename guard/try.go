package guard

import (
	"net/http"
	"net/netip"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Trial is a request that somebody thinks of, with the credential that is to make it.
type Trial struct {
	Credential leastkey.ID
	Method     string
	Host       string                 // as a client would send it; "" for none
	Target     string                 // path, and query if any, as they would come on the wire; nothing is put in front
	Header     http.Header            // credentials in it are passed over; nil for none
	Body       func() ([]byte, error) // the whole body; nil for none. Asked for only if it is decided by
	Addr       netip.Addr             // the client's; invalid for unknown
}

// Outcome is what would become of a [Trial]. It is no [Verdict], so that nothing can be forwarded
// on it. The zero Outcome refuses.
//
// Whoever tries may be shown the Denial, and [leastkey.Reason.Words] of the decision. The reason
// itself can tell more: whether a resource exists.
type Outcome struct {
	Known     bool // there is such a credential, and it has a secret that works
	Allowed   bool
	Denial    *Denial            // what the request would be answered; set exactly when it would be refused
	Decision  leastkey.Decision  // DeniedByDefault also for what is no matter of rights
	Operation *catalog.Operation // nil when no route matches
	Target    leastkey.Resource  // what it would act on; without an id when that is not one resource

	sees func(leastkey.Resource) bool
}

// Sees reports whether one item of a list that would be allowed would be shown.
func (o Outcome) Sees(r leastkey.Resource) bool { return o.Allowed && o.sees != nil && o.sees(r) }

// Try says what Check would say now of a request that presents the credential. It tells no
// observer. What an adapter refuses before it asks the guard, such as framing that is not clear,
// is not tried; nor is what an adapter cannot do.
func (g *Guard) Try(t Trial) Outcome {
	l, known := g.attempt(t)
	return outcome(&l.v, known)
}

func outcome(v *Verdict, known bool) Outcome {
	return Outcome{Known: known, Allowed: v.Allowed(), Denial: v.Denial(), Decision: v.Decision, Operation: v.Operation, Target: v.Target.Resource, sees: v.Sees}
}

// attempt decides a trial, and says whether there is such a credential as is to make it.
func (g *Guard) attempt(t Trial) (l *look, known bool) {
	r := Request{Method: t.Method, Host: t.Host, Target: t.Target, Header: t.Header, Addr: t.Addr, Can: AllAbilities}
	if t.Body != nil {
		r.Body = func(limit int64) ([]byte, error) { return within(limit, t.Body) }
	}
	l = &look{}
	v := &l.v
	g.locate(&r, l)
	if l.now != nil {
		known = l.holding(t.Credential)
	}
	switch {
	case v.refused:
	case !known:
		v.unknown = leastkey.Token
		v.refuse(nil)
	default:
		g.admit(l)
	}
	g.decide(&r, l)
	return l, known
}

// within reads a body of at most limit bytes.
func within(limit int64, body func() ([]byte, error)) ([]byte, error) {
	data, err := body()
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, ErrBodyTooLarge
	default:
		return data, nil
	}
}
