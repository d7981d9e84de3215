package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/gateway/hop"
)

// Upstream is an API behind the gateway. Which one a request goes to is a matter of the operation
// that it was decided as, and of nothing else that a client says.
type Upstream struct {
	Name       string   // for messages
	Hosts      []string // of operations that it takes, in lower case, without ports; none: of those that no other upstream names, and of operations without a host
	Prefix     string   // of the routes that it takes, "/v1"; empty for all
	URL        *url.URL // http or https; a path goes in front of every request's path
	Credential Header   // how it knows that a request comes from the gateway
	Timeouts   Timeouts
	Transport  http.RoundTripper // nil for one of the gateway's own; another keeps its own time
}

// Timeouts of an upstream. Zero fields take the default.
type Timeouts struct {
	Connect time.Duration // until there is a connection; 5 s
	Answer  time.Duration // until an answer begins; 60 s
	Idle    time.Duration // between two pieces of an answer; 90 s
}

func (t Timeouts) orDefault() Timeouts {
	return Timeouts{cmp.Or(t.Connect, 5*time.Second), cmp.Or(t.Answer, time.Minute), cmp.Or(t.Idle, 90*time.Second)}
}

// Header is one header field.
type Header struct{ Name, Value string }

// check wants both parts or none, and nothing that would become another header on the wire.
func (h Header) check() error {
	switch {
	case h == Header{}:
		return nil
	case h.Name == "" || h.Value == "":
		return errors.New("gateway: the upstream credential needs both the name of a header and its value")
	case !httpguts.ValidHeaderFieldName(h.Name) || !httpguts.ValidHeaderFieldValue(h.Value):
		return errors.New("gateway: the upstream credential is not a valid header")
	case strings.HasPrefix(plainName(h.Name), "leastkey") || guard.Framing(h.Name):
		return errors.New("gateway: the upstream credential cannot be sent in " + h.Name)
	default:
		return nil
	}
}

// upstream is an Upstream that was checked.
type upstream struct {
	Upstream
	base           string // path in front of every path, without a slash at its end
	credentialName string // plain name
}

func newUpstream(u Upstream) (*upstream, error) {
	switch {
	case u.URL == nil || u.URL.Scheme != "http" && u.URL.Scheme != "https" || u.URL.Host == "":
		return nil, errors.New("gateway: the upstream must be a URL such as http://127.0.0.1:8081")
	case u.URL.User != nil || u.URL.RawQuery != "" || u.URL.Fragment != "":
		return nil, errors.New("gateway: the upstream URL must have no user, query or fragment; set a credential instead")
	case u.Prefix != "" && (u.Prefix[0] != '/' || strings.HasSuffix(u.Prefix, "/")):
		return nil, errors.New("gateway: the prefix of an upstream begins with a slash and does not end with one")
	}
	if err := u.Credential.check(); err != nil {
		return nil, err
	}
	u.Timeouts = u.Timeouts.orDefault()
	if u.Transport != nil {
		u.Transport = finalAnswers{u.Transport}
	} else {
		own, err := hop.New(hop.Config{URL: u.URL, Connect: u.Timeouts.Connect, Answer: u.Timeouts.Answer, Idle: u.Timeouts.Idle})
		if err != nil {
			return nil, err
		}
		u.Transport = own
	}
	return &upstream{u, strings.TrimSuffix(u.URL.EscapedPath(), "/"), plainName(u.Credential.Name)}, nil
}

// route is which of the upstreams takes an operation; -1 for none. Those that name its host come
// before those that name none, and among them the longest prefix of its route counts.
func route(upstreams []Upstream, op *catalog.Operation) int {
	named := op.Host != "" && slices.ContainsFunc(upstreams, func(u Upstream) bool { return slices.Contains(u.Hosts, op.Host) })
	best := -1
	for i, u := range upstreams {
		if u.takes(op.Host, named) && under(op.Route, u.Prefix) && (best < 0 || len(u.Prefix) > len(upstreams[best].Prefix)) {
			best = i
		}
	}
	return best
}

// takes reports whether the operations of a host are for an upstream, when some upstream names it,
// or none does.
func (u Upstream) takes(host string, named bool) bool {
	if named {
		return slices.Contains(u.Hosts, host)
	}
	return len(u.Hosts) == 0
}

// under reports whether a route lies under a prefix, segment by segment.
func under(route, prefix string) bool {
	rest, ok := strings.CutPrefix(route, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// crosses reports whether a request of a route could lie under a prefix, and another one not.
func crosses(route, prefix string) bool {
	if under(route, prefix) {
		return false
	}
	r, p := strings.Split(route, "/"), strings.Split(prefix, "/")
	if len(r) < len(p) {
		return false
	}
	for i := range p {
		if r[i] != p[i] && !strings.HasPrefix(r[i], "{") {
			return false
		}
	}
	return true
}

// Leads checks that every operation of a catalogue that is the upstreams' leads to exactly one of
// them. The error has each that does not, with what to do.
func Leads(c *catalog.Catalog, upstreams []Upstream) error {
	var errs []error
	for i, u := range upstreams {
		for _, other := range upstreams[:i] {
			if u.Prefix == other.Prefix && (len(u.Hosts) == 0 && len(other.Hosts) == 0 ||
				slices.ContainsFunc(u.Hosts, func(host string) bool { return slices.Contains(other.Hosts, host) })) {
				errs = append(errs, fmt.Errorf("the upstreams %s and %s take the same requests: give one of them another host or prefix", other.Name, u.Name))
			}
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, op := range c.Operations() {
		if op.Control {
			continue
		}
		at := route(upstreams, op)
		if at < 0 {
			errs = append(errs, fmt.Errorf("%s leads to no upstream: give one the prefix and the host of its route, or no hosts and no prefix", op))
			continue
		}
		named := len(upstreams[at].Hosts) > 0
		for _, u := range upstreams {
			if u.takes(op.Host, named) && len(u.Prefix) > len(upstreams[at].Prefix) && crosses(op.Route, u.Prefix) {
				errs = append(errs, fmt.Errorf("%s leads to the upstream %s or %s, as a parameter of its path has it: write a route for each, without that parameter", op, upstreams[at].Name, u.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// errNoUpstream is for an operation that leads nowhere; a catalogue is checked for that before it
// comes into force.
var errNoUpstream = errors.New("the operation leads to no upstream")

// upstreamOf is where the requests of an operation go.
func (g *Gateway) upstreamOf(op *catalog.Operation) (*upstream, error) {
	at := route(g.Upstreams, op)
	if at < 0 {
		return nil, fmt.Errorf("%s: %w", op, errNoUpstream)
	}
	return g.upstreams[at], nil
}

// finalAnswers lets only final answers through, as the gateway's own transport does: net/http's would
// tell whoever traces a request of interim ones (1xx), before anyone has looked at their headers.
type finalAnswers struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t finalAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.RoundTripper.RoundTrip(r.WithContext(untraced{r.Context()}))
}

// untraced is a context without values, and so without the trace that asks for interim answers.
type untraced struct{ context.Context } //nolint:containedctx // it is one

// Value implements context.Context.
func (untraced) Value(any) any { return nil }
