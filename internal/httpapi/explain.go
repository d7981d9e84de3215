package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/draft"
	"github.com/leastkey/leastkey/internal/wire"
)

// Explainer is what explanations are made with.
type Explainer struct {
	Guard     *guard.Guard
	Dashboard func(*http.Request) string // its address as whoever asks reaches it, without a slash at its end
}

// explain says what would become of a request that the caller, or a token that it may read, makes.
func (a *API) explain(ctx context.Context, c *call) (answer, error) {
	request, err := api.DecodeExplainRequest(c.body)
	if err != nil {
		return answer{}, err
	}
	trial, err := a.trial(ctx, c, request)
	if err != nil {
		return answer{}, err
	}
	e := a.explainer.Guard.Explain(trial, c.verdict.Record())
	return ok(a.shownExplanation(c, trial, e))
}

// trial reads what is asked about.
func (a *API) trial(ctx context.Context, c *call, r api.ExplainRequest) (guard.Trial, error) {
	trial := guard.Trial{Credential: c.verdict.Credential.ID, Method: r.Method, Header: http.Header{}, Addr: c.verdict.Addr}
	var err error
	if trial.Host, trial.Target, err = splitURL(r.Path); err != nil {
		return trial, err
	}
	for name, value := range r.Header {
		trial.Header.Set(name, value)
	}
	if r.Body != nil {
		if trial.Header.Get("Content-Type") == "" {
			trial.Header.Set("Content-Type", "application/json")
		}
		trial.Body = func() ([]byte, error) { return r.Body, nil }
	}
	if r.IP != "" {
		trial.Addr, err = netip.ParseAddr(r.IP)
		if err != nil {
			return trial, &api.FieldError{Pointer: "/ip", Message: "want an IP address"}
		}
	}
	if r.TokenID != "" {
		trial.Credential, err = a.readableToken(ctx, c, r.TokenID)
	}
	return trial, err
}

// splitURL reads a path, or a whole URL. Nothing in it is decoded or put right: how it is spelled
// is part of the question.
func splitURL(text string) (host, target string, err error) {
	scheme, rest, whole := strings.Cut(text, "://")
	if !whole || strings.ContainsAny(scheme, "/?") {
		return "", text, nil
	}
	rest, _, _ = strings.Cut(rest, "#") // clients keep it to themselves
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, target = rest[:end], rest[end:]
	if scheme != "http" && scheme != "https" || host == "" || strings.Contains(host, "@") {
		return "", "", &api.FieldError{Pointer: "/path", Message: "want a path, or an http or https URL without a user in it"}
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return host, target, nil
}

// readableToken finds a token that the caller may read, by the same right that reading it takes. One
// that is not there and one that the caller may not read are answered alike.
func (a *API) readableToken(ctx context.Context, c *call, text string) (leastkey.ID, error) {
	refusal := &control.Error{Kind: control.NoSuch, Pointer: "/token_id",
		Message: "there is no such token, or this credential may not read it: that takes API Tokens Read on the user who owns it, or Account API Tokens Read on the account"}
	id, err := leastkey.ParseID(text)
	if err != nil {
		return id, &api.FieldError{Pointer: "/token_id", Message: "want the id of a token: 32 lower-case hex digits"}
	}
	owner := a.explainer.Guard.Owner(id)
	operation := "GET /client/v4/user/tokens/{token_id}"
	if owner.Kind == leastkey.AccountPrincipal {
		operation = "GET /client/v4/accounts/{account_id}/tokens/{token_id}"
	}
	caller := c.caller
	for _, op := range a.control.Catalog().Operations() {
		if op.String() == operation {
			caller.AnyOf = op.AnyOf
		}
	}
	if owner.IsZero() {
		return id, refusal
	}
	caller.Target = leastkey.OnResource(owner.Resource())
	_, err = a.control.Token(ctx, caller, owner, id)
	if known, isRefusal := errors.AsType[*control.Error](err); isRefusal && (known.Kind == control.Refused || known.Kind == control.NoSuch) {
		return id, refusal
	}
	return id, err
}

// shownExplanation puts an explanation into the words of the wire.
func (a *API) shownExplanation(c *call, trial guard.Trial, e guard.Explanation) api.Explanation {
	masked := a.explainer.Guard.Masked
	shown := api.Explanation{
		Allowed: e.Allowed, Reason: e.Decision.Reason.Words(), Errors: []api.Error{}, Target: masked(placeOf(e)),
		Credential: api.ExplainCredential{ID: trial.Credential, Kind: kindOf(e, c).String()},
		Request:    api.ExplainedRequest{Method: masked(trial.Method), Host: masked(e.Host), Path: masked(e.Path)},
		Instead:    masked(a.instead(trial, e)),
	}
	if trial.Addr.IsValid() {
		shown.Request.IP = trial.Addr.Unmap().WithZone("").String()
	}
	if d := e.Denial; d != nil {
		shown.Status, shown.Errors = d.Status, maskedErrors(d.Errors, masked)
		if e.Decision.Reason == leastkey.DeniedByDefault {
			shown.Reason = shown.Errors[0].Message
		}
	}
	if op := e.Operation; op != nil {
		shown.Operation = &api.ExplainOperation{Route: op.String(), AnyOf: []api.PermissionGroupRef{}}
		for _, p := range op.AnyOf {
			group, _ := a.control.Catalog().Group(p.Group)
			shown.Operation.AnyOf = append(shown.Operation.AnyOf, api.PermissionGroupRef{ID: p.Group, Name: group.Name})
		}
	}
	if e.Policy >= 0 {
		policy := e.Credential.Policies[e.Policy]
		shown.Policy = &api.ExplainPolicy{Index: e.Policy, Policy: wire.Policies(a.control.Catalog(), []leastkey.Policy{policy})[0]}
	}
	if e.Addition != nil {
		shown.Addition = a.shownAddition(c, e.Credential, e.Addition.Policy, trial.Credential, e.Addition.Certain)
	}
	if e.Enough != nil {
		shown.Enough = a.shownAddition(c, e.Credential, *e.Enough, leastkey.ID{}, true)
	}
	return shown
}

// shownAddition is nil for what has no spelling on the wire, and so cannot be given to a token.
func (a *API) shownAddition(c *call, of leastkey.Credential, p leastkey.Policy, token leastkey.ID, certain bool) *api.ExplainAddition {
	if _, err := a.control.Catalog().FormatResources(p.Patterns); err != nil {
		return nil
	}
	shown := &api.ExplainAddition{Policies: wire.Policies(a.control.Catalog(), []leastkey.Policy{p}), Certain: certain}
	if link, fits := draft.Proposal(of.Principal, token, p); fits {
		shown.DashboardURL = a.explainer.Dashboard(c.Request) + link
	}
	return shown
}

func maskedErrors(errs []api.Error, masked func(string) string) []api.Error {
	all := make([]api.Error, len(errs))
	for i, e := range errs {
		e.Message, e.ErrorChain = masked(e.Message), maskedErrors(e.ErrorChain, masked)
		all[i] = e
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// kindOf is the kind of the credential that the trial is about.
func kindOf(e guard.Explanation, c *call) leastkey.Kind {
	if e.Credential.ID == c.verdict.Credential.ID {
		return c.verdict.Credential.Kind
	}
	return leastkey.Token
}

// placeOf says what the request would act on, as the request itself has it.
func placeOf(e guard.Explanation) string {
	kind := string(e.On.Resource.Type)
	switch e.On.Kind {
	case leastkey.TargetOne:
		return strings.TrimSpace(e.On.Resource.String())
	case leastkey.TargetList:
		return "at least one " + kind
	case leastkey.TargetCreate:
		if len(e.On.Ancestors) > 0 {
			return "every " + kind + " of " + e.On.Ancestors[0].String()
		}
		return "every " + kind
	case leastkey.TargetSelf:
		return "the credential itself"
	default:
		return ""
	}
}
