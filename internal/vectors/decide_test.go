package vectors_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/vectors"
)

// The plain decision says of every case what is wanted, from a request that was read in the plainest
// way there is. What is refused for its form never comes to a decision.
func TestDecision(t *testing.T) {
	vectors.Run(t, func(_ *testing.T, w *vectors.World) func(*testing.T, vectors.Case) {
		return func(t *testing.T, c vectors.Case) {
			var got leastkey.Decision
			var sees func(leastkey.Resource) bool
			switch c.Want.Status {
			case 200, 401, 403, 404:
				got, sees = register{w}.decide(t, w.Sent(t, c))
			}
			if got.Allowed() != c.Want.Allowed || got.Reason.String() != c.Want.Reason {
				t.Errorf("allowed %t, %s; want %t, %s", got.Allowed(), got.Reason, c.Want.Allowed, c.Want.Reason)
			}
			if c.Want.Sees != nil {
				op, _ := register{w}.operation(w.Sent(t, c))
				if names := seen(w, op.Target.Type, sees); names != strings.Join(slices.Sorted(slices.Values(c.Want.Sees)), " ") {
					t.Errorf("sees %q; want %q", names, c.Want.Sees)
				}
			}
		}
	})
}

// decide gives the decision, and for a list the one on each item.
func (w register) decide(t *testing.T, s vectors.Sent) (leastkey.Decision, func(leastkey.Resource) bool) {
	t.Helper()
	c, owner, found := w.presented(t, s)
	if !found {
		return leastkey.Decision{}, nil
	}
	g := w.grants(t, owner)
	ask := leastkey.Request{At: w.Now(), Addr: s.Addr, Target: leastkey.OnSelf(), ServiceKey: true}
	self := leastkey.Decide(c, g, ask)
	op, params := w.operation(s)
	switch {
	case !self.Allowed():
		return self, nil
	case op == nil || op.Target.Kind == catalog.RuleSelf && c.Kind != leastkey.Token:
		return leastkey.Decision{}, nil
	case op.Target.Kind == catalog.RuleSelf:
		return self, nil
	case c.Kind == leastkey.ServiceKey && !op.ServiceKey:
		return leastkey.Decision{}, nil
	}
	on := func(target leastkey.Target) leastkey.Decision {
		ask.AnyOf, ask.Target, ask.ServiceKey = op.AnyOf, target, op.ServiceKey
		return leastkey.Decide(c, g, ask)
	}
	of := func(kind leastkey.ResourceType, from catalog.Source) leastkey.Resource {
		if kind == "" {
			return leastkey.Resource{}
		}
		return w.meant(kind, from, w.read(t, s, op, params, owner, from))
	}
	rule := op.Target
	within := of(rule.Under, rule.In)
	switch rule.Kind {
	case catalog.RuleList:
		sees := func(r leastkey.Resource) bool { return on(w.one(r, within)).Allowed() }
		if d := on(leastkey.OnList(rule.Type)); !d.Allowed() || within.Type == "" {
			return d, sees
		}
		return w.anyIn(rule.Type, within, on), sees
	case catalog.RuleCaller:
		if own := c.Principal.Resource(); own.Type == rule.Type {
			return on(w.one(own, leastkey.Resource{})), nil
		}
		return on(leastkey.OnUnknown(leastkey.Resource{Type: rule.Type})), nil
	case catalog.RuleCreate:
		return on(w.under(rule.Type, within)), nil
	}
	d := on(w.one(of(rule.Type, rule.ID), within))
	if d.Allowed() && op.Moves != nil {
		d = on(w.under(rule.Type, of(op.Moves.Under, op.Moves.In)))
	}
	return d, nil
}

// anyIn decides a list below one resource: it may be asked for when something could be in it.
func (w register) anyIn(kind leastkey.ResourceType, within leastkey.Resource, on func(leastkey.Target) leastkey.Decision) leastkey.Decision {
	above, known := w.ancestors(within)
	fresh := leastkey.Resource{Type: kind, ID: "any other"}
	best := on(leastkey.OnUnknown(fresh))
	if known {
		best = on(leastkey.OnResource(fresh, append([]leastkey.Resource{within}, above...)...))
	}
	for name := range w.Rows.Resources {
		r, _ := w.Rows.Named(name)
		if target := w.one(r, within); r.Type == kind && target.Known {
			if d := on(target); d.Allowed() {
				return d
			}
		}
	}
	return best
}

// operation finds the row of the catalogue, by trying each.
func (w register) operation(s vectors.Sent) (*catalog.Operation, map[string]string) {
	path, _, _ := strings.Cut(s.Target, "?")
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	host, _, _ := strings.Cut(strings.ToLower(s.Host), ":")
	host = strings.TrimSuffix(host, ".")
	var best *catalog.Operation
	for _, op := range w.Catalog.Operations() {
		template := strings.Split(op.Route, "/")
		if op.Method != s.Method || op.Host != "" && op.Host != host || len(template) != len(parts) || w.shadowed(template, parts) {
			continue
		}
		fits := true
		for i := range parts {
			fits = fits && (template[i] == parts[i] || strings.HasPrefix(template[i], "{"))
		}
		if fits && (best == nil || best.Host == "" && op.Host != "" || best.Host == op.Host && plainer(template, strings.Split(best.Route, "/"))) {
			best = op
		}
	}
	params := map[string]string{}
	if best != nil {
		for i, name := range strings.Split(best.Route, "/") {
			value, err := url.PathUnescape(parts[i])
			if err == nil && strings.HasPrefix(name, "{") {
				params[strings.Trim(name, "{}")] = value
			}
		}
	}
	return best, params
}

// plainer reports whether a is fixed where b first is not.
func plainer(a, b []string) bool {
	for i := range a {
		if x, y := strings.HasPrefix(a[i], "{"), strings.HasPrefix(b[i], "{"); x != y {
			return y
		}
	}
	return false
}

// shadowed reports whether a parameter would take what is a fixed segment beside it in another case.
func (w register) shadowed(template, parts []string) bool {
	for i, name := range template {
		if !strings.HasPrefix(name, "{") {
			continue
		}
		for _, op := range w.Catalog.Operations() {
			other := strings.Split(op.Route, "/")
			if len(other) > i && slices.Equal(other[:i], template[:i]) && other[i] != parts[i] && strings.EqualFold(other[i], parts[i]) {
				return true
			}
		}
	}
	return false
}

// find reads an id from where the catalogue says it is, of a request that is in order.
func (w register) read(t *testing.T, s vectors.Sent, op *catalog.Operation, params map[string]string, owner string, from catalog.Source) string {
	t.Helper()
	switch from.From {
	case catalog.FromPath:
		var values []string
		for _, name := range from.Params {
			values = append(values, params[name])
		}
		return strings.Join(values, "/")
	case catalog.FromQuery:
		_, query, _ := strings.Cut(s.Target, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return values.Get(from.Name)
	case catalog.FromBody:
		var value any
		if err := json.Unmarshal([]byte(*s.Body), &value); err != nil {
			t.Fatal(err)
		}
		for _, name := range from.Body {
			value = value.(map[string]any)[name]
		}
		if list, ok := value.([]any); ok {
			var all []string
			for _, item := range list {
				all = append(all, item.(string))
			}
			return strings.Join(all, " ")
		}
		return value.(string)
	case catalog.FromCaller:
		if account, ok := w.Rows.Accounts[owner]; ok && !account.Inactive {
			r, _ := w.Rows.Named(owner)
			return r.ID
		}
		return w.memberships(t, owner)[0].Account.String()
	}
	t.Fatalf("%s says nothing of where an id is", op)
	return ""
}
