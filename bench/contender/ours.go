package contender

import (
	"context"
	"net/http"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// Ours is Leastkey: the whole of guard.Guard.Check, with the route looked up in the default catalogue, the client's
// address, the parent of the resource out of the registry, and what the owner of the token may do through memberships
// and roles.
type Ours struct {
	State *guard.State
	Guard *guard.Guard

	usual    bool // with the header fields that clients usually send
	requests []guard.Request
}

// NewOurs makes a Leastkey that knows nothing yet.
func NewOurs(usual bool) (*Ours, error) {
	c, err := catalog.Default()
	if err != nil {
		return nil, err
	}
	return OursOf(guard.NewState(c), usual)
}

// OursOf makes one of a state that exists.
func OursOf(s *guard.State, usual bool) (*Ours, error) {
	now := workload.Now()
	g, err := guard.New(guard.Config{State: s, Brand: leastkey.DefaultBrand, Now: now.UTC})
	return &Ours{State: s, Guard: g, usual: usual}, err
}

// Load implements [Contender]. A state is loaded whole, so each part comes with those before it.
func (o *Ours) Load(w *workload.Workload, p Part) error {
	return o.State.Load(1, func(yield func(leastkey.Change) error) error {
		parts := []func(func(leastkey.Change) error) error{w.Owners, w.Resources, w.Credentials}
		for _, part := range parts[:p+1] {
			if err := part(yield); err != nil {
				return err
			}
		}
		return nil
	})
}

// Prepare implements [Contender].
func (o *Ours) Prepare(_ *workload.Workload, cases []workload.Case) error {
	o.requests = make([]guard.Request, len(cases))
	for i := range cases {
		o.requests[i] = o.Request(&cases[i])
	}
	return nil
}

// Request is a case as an adapter shows it to the guard.
func (o *Ours) Request(c *workload.Case) guard.Request {
	header := http.Header{"Authorization": {"Bearer " + c.Secret}}
	if o.usual {
		for name, value := range map[string]string{
			"Accept": "application/json", "Accept-Encoding": "gzip", "Content-Type": "application/json", "Content-Length": "64",
			"User-Agent": "example-sdk/1.2.3 (linux; amd64)", "X-Request-Id": "01976f3e-9c1c-7d4e-b6a8-0d6f1b7f6a11",
			"Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Cache-Control": "no-cache",
		} {
			header[name] = []string{value}
		}
	}
	return guard.Request{Method: c.Method, Host: "api.example.com", Target: c.Target, Header: header, Addr: c.Addr, Can: guard.AllAbilities}
}

// Warm implements [Contender].
func (o *Ours) Warm(i int) (sum byte) {
	r := &o.requests[i]
	for name, values := range r.Header {
		sum += touch(name) + touch(values[0])
	}
	return sum + touch(r.Target) + touch(r.Method)
}

// Decide implements [Contender].
func (o *Ours) Decide(i int) bool {
	v := o.Guard.Check(context.Background(), o.requests[i])
	return v.Allowed()
}

// Want implements [Contender].
func (o *Ours) Want(c *workload.Case) bool { return c.Allowed }
