package web

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/draft"
	"github.com/leastkey/leastkey/internal/tell"
)

// tryForm is the box in which a request is tried, as it was filled in, and what came of it.
type tryForm struct {
	Method, Path, Body, Address string
	Answer                      *tryAnswer // nil: nothing was tried
}

// tryAnswer says what would become of the request.
type tryAnswer struct {
	Read     string // the request, as it was understood
	From     string // the address
	Allowed  bool
	Why      []string
	Would    string   // what a refused caller would be told
	Status   int      // and with which status; 0 when it is allowed
	Suffices []string // permission groups, of which any would do
	On       string   // what they are needed on
	Allow    string   // where the smallest addition that would allow it is proposed; "" when there is none
}

// tryMethods are those that operations have.
func tryMethods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// Methods are the choices.
func (tryForm) Methods() []Option {
	var options []Option
	for _, m := range tryMethods() {
		options = append(options, Option{Value: m, Label: m})
	}
	return options
}

// newTry is the box before anything was tried.
func (s *Site) newTry(v *visit) tryForm {
	return tryForm{Method: http.MethodGet, Address: plainAddr(v.addr)}
}

func plainAddr(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.Unmap().WithZone("").String()
}

// leaveTry is where one comes by reloading the address of an answer.
func (s *Site) leaveTry(_ context.Context, v *visit) (answer, error) {
	id, err := v.id()
	return seeOther(tokenPath(v, id)), err
}

// try answers what a request with the token would be answered. Whether the person may see the token
// is decided first.
func (s *Site) try(ctx context.Context, v *visit) (answer, error) {
	token, err := s.tokenOf(ctx, v)
	if err != nil {
		return answer{}, err
	}
	form := tryForm{
		Method: v.form.Get("method"), Path: strings.TrimSpace(v.form.Get("path")),
		Body: v.form.Get("body"), Address: strings.TrimSpace(v.form.Get("address")),
	}
	trial, problems := s.trial(token.ID, form)
	if len(problems) == 0 {
		if form.Answer, err = s.tried(ctx, v, token, trial); err != nil {
			return answer{}, err
		}
	}
	if v.fragment() {
		view := View{Nav: v.nav(v.home + "/api-tokens"), Errors: problems, Body: tokenPage{Path: tokenPath(v, token.ID), Try: form}}
		status := http.StatusOK
		if len(problems) > 0 {
			status = http.StatusUnprocessableEntity
		}
		return answer{status: status, page: "token", part: "try", view: view}, nil
	}
	view, err := s.tokenView(ctx, v, token, form)
	if err != nil {
		return answer{}, err
	}
	if view.Errors = problems; len(problems) > 0 {
		return refused("token", view), nil
	}
	return show("token", view), nil
}

// trial reads the form.
func (s *Site) trial(id leastkey.ID, form tryForm) (guard.Trial, []FieldError) {
	var problems []FieldError
	if !slices.Contains(tryMethods(), form.Method) {
		problems = append(problems, FieldError{"method", "Choose a method."})
	}
	if form.Path == "" {
		problems = append(problems, FieldError{"path", "Write the path of a request, or paste its whole address."})
	}
	addr, err := netip.ParseAddr(form.Address)
	if form.Address != "" && (err != nil || addr.Zone() != "") {
		problems = append(problems, FieldError{"address", "Write an IP address such as 192.0.2.7 or 2001:db8::7, or nothing for one that is not known."})
	}
	if len(problems) > 0 {
		return guard.Trial{}, problems
	}
	trial := guard.Trial{Credential: id, Method: form.Method, Target: s.readTarget(form.Method, form.Path), Header: http.Header{}, Addr: addr.Unmap()}
	if form.Body != "" {
		trial.Header.Set("Content-Type", "application/json")
		trial.Body = func() ([]byte, error) { return []byte(form.Body), nil }
	}
	return trial, nil
}

// tried asks the guard, and puts what it says into words.
func (s *Site) tried(ctx context.Context, v *visit, token control.Credential, trial guard.Trial) (*tryAnswer, error) {
	person := leastkey.Credential{Kind: leastkey.Session, Principal: leastkey.UserOf(v.user.ID), Status: leastkey.Active}
	explained := s.Guard.Explain(trial, person)
	outcome := explained.Outcome
	resources := tell.Resources(token.Policies...)
	resources = append(resources[:min(len(resources), mostLookedUp)], outcome.Target)
	names, err := s.Control.Names(ctx, s.caller(v, "GET /tokens/{token_id}"), v.owner, resources)
	if err != nil {
		return nil, err
	}
	t := trying{token: token, addr: trial.Addr, outcome: outcome, names: names, teller: tell.Teller{Catalog: s.Catalog(), Names: names, Now: s.Now()}}
	said := &tryAnswer{Read: trial.Method + " " + trial.Target, From: "an address that is not known", Allowed: outcome.Allowed, Why: t.why()}
	if trial.Addr.IsValid() {
		said.From = trial.Addr.String()
	}
	if outcome.Denial != nil {
		said.Status, said.Would = outcome.Denial.Status, denialWords(outcome.Denial)
	}
	said.Suffices, said.On = t.needs(s.Catalog())
	if add := explained.Addition; add != nil && add.Certain {
		if _, err := s.Catalog().FormatResources(add.Policy.Patterns); err == nil {
			if link, fits := draft.Proposal(v.owner, token.ID, add.Policy); fits {
				said.Allow = link
			}
		}
	}
	return said, nil
}

// denialWords are the messages of a refusal, the general ones first.
func denialWords(d *guard.Denial) string {
	var words []string
	for _, e := range d.Errors {
		words = append(words, e.Message)
		for _, cause := range e.ErrorChain {
			words = append(words, cause.Message)
		}
	}
	return strings.Join(words, ": ")
}

// trying is a trial that has its outcome.
type trying struct {
	token   control.Credential
	addr    netip.Addr // the client's
	outcome guard.Outcome
	names   map[leastkey.Resource]string
	teller  tell.Teller
}

// why says why it came out as it did. What it says of a single resource goes beyond the words of the
// refusal only where the owner of the token has a right on that resource: a deny with every zone of
// somebody else's account in it would otherwise tell which zones are in that account.
func (t trying) why() []string {
	d := t.outcome.Decision
	switch {
	case !t.outcome.Known && t.outcome.Denial != nil && t.outcome.Denial.Status == http.StatusUnauthorized:
		return []string{"No secret of the token works any more."}
	case t.outcome.Allowed && t.outcome.Operation.Access != catalog.ByPermission:
		return []string{"Every token that works may do this."}
	case t.outcome.Allowed:
		why := []string{t.policy(d, "A policy allows it, and its owner may do it too: ")}
		if t.outcome.Operation.Target.Kind == catalog.RuleList {
			why = append(why, "The list is cut to what the token may see.")
		}
		return why
	case d.Reason == leastkey.DeniedByDefault:
		return []string{"This does not depend on the token: the request is refused whoever makes it."}
	case d.Reason == leastkey.AddressRefused:
		why := []string{sentence(d.Reason.Words()), "It works: " + tell.Where(t.token.Condition) + "."}
		if !t.addr.IsValid() {
			why = append(why, "An address that is not known is let in only where any is.")
		}
		return why
	case d.Reason == leastkey.CredentialExpired, d.Reason == leastkey.CredentialNotYetValid:
		return []string{sentence(d.Reason.Words()), "It works: " + tell.When(t.token.Validity, t.teller.Now) + "."}
	case !t.mayTell():
		return []string{sentence(d.Reason.Words())}
	case d.Reason == leastkey.PermissionMissing:
		return []string{"No policy of the token allows it."}
	case d.Reason == leastkey.PermissionDenied:
		return []string{t.policy(d, "A policy denies it: ")}
	case d.Reason == leastkey.PrincipalLacks:
		return []string{"A policy of the token allows it, but its owner may not do it, and a token never may more than its owner."}
	default:
		return []string{sentence(d.Reason.Words())}
	}
}

// mayTell reports whether the outcome is about nothing, or about a resource that the owner of the
// token has a right on.
func (t trying) mayTell() bool {
	if t.outcome.Operation == nil {
		return false
	}
	if t.outcome.Operation.Target.Kind == catalog.RuleList {
		return true
	}
	_, reaches := t.names[t.outcome.Target]
	return reaches
}

// policy says the part of the deciding policy that speaks about the request.
func (t trying) policy(d leastkey.Decision, lead string) string {
	i := slices.IndexFunc(t.token.Policies, func(p leastkey.Policy) bool { return p.ID == d.Policy })
	if i < 0 {
		return strings.TrimSuffix(lead, ": ") + "."
	}
	p := t.token.Policies[i]
	accepted := func(id leastkey.ID) bool {
		if !d.By.Group.IsZero() {
			return id == d.By.Group
		}
		return slices.ContainsFunc(t.outcome.Operation.AnyOf, func(a leastkey.Permission) bool { return a.Group == id })
	}
	p.Groups = slices.DeleteFunc(slices.Clone(p.Groups), func(id leastkey.ID) bool { return !accepted(id) })
	on := t.outcome.Target
	named := leastkey.PatternOne(on)
	if on.ID != "" && slices.Contains(p.Patterns, named) {
		p.Patterns = []leastkey.Pattern{named}
	} else if on.ID != "" {
		p.Patterns = slices.DeleteFunc(slices.Clone(p.Patterns), func(q leastkey.Pattern) bool { return q.Extent == leastkey.One })
	}
	return lead + t.teller.Sentences([]leastkey.Policy{p})[0].Text + "."
}

// needs are the permission groups of which any would do, and on what.
func (t trying) needs(c *catalog.Catalog) (groups []string, on string) {
	op := t.outcome.Operation
	if op == nil || op.Access != catalog.ByPermission {
		return nil, ""
	}
	for _, p := range op.AnyOf {
		if g, known := c.Group(p.Group); known {
			groups = append(groups, g.Name)
		}
	}
	kind := typeWord(op.Target.Type)
	switch op.Target.Kind {
	case catalog.RuleList:
		return groups, "at least one " + kind
	case catalog.RuleCreate:
		return groups, "every " + kind + " of the " + typeWord(op.Target.Under) + " in which it is made"
	}
	if name := t.names[t.outcome.Target]; name != "" {
		return groups, kind + " " + name
	}
	return groups, strings.TrimSpace(kind + " " + t.outcome.Target.ID)
}
