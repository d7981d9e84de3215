package httpapi

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
)

// Refused records that a known credential was refused an act.
func (a *API) Refused(ctx context.Context, v guard.Verdict) {
	act := a.routes[v.Operation.String()].act
	if act == "" {
		return
	}
	if err := a.control.Refuse(ctx, callerOf(v), refusalOf(v, act, cmp.Or(v.Decision.Reason.Words(), v.Denial().Errors[0].Message))); err != nil {
		a.log.Error("a refused act is not in the audit log", "operation", v.Operation.String(), "credential", v.Credential.ID.String(), "error", err)
	}
}

// recordFailure sees to it that an act that was refused here is recorded once. What it gives is to be
// answered.
func (a *API) recordFailure(ctx context.Context, v guard.Verdict, err error) error {
	act := a.routes[v.Operation.String()].act
	why, refused := wordsOf(err)
	if act == "" || !refused || control.Recorded(err) {
		return err
	}
	return cmp.Or(a.control.Refuse(ctx, callerOf(v), refusalOf(v, act, why)), err)
}

// wordsOf says why something was refused, without what the caller sent; false for a failure of ours.
// A request that came a second time was not refused: it is done.
func wordsOf(err error) (string, bool) {
	if refusal, ok := errors.AsType[*control.Error](err); ok {
		return refusal.Message, refusal.Kind != control.Internal && refusal.Kind != control.Repeated
	}
	field, wrongField := errors.AsType[*api.FieldError](err)
	_, wrongSyntax := errors.AsType[*api.SyntaxError](err)
	switch {
	case wrongField && field.Pointer != "":
		return "the request is wrong at " + field.Pointer, true
	case wrongField, wrongSyntax:
		return "the request is not what this route takes", true
	case errors.Is(err, errTooLarge):
		return "the request is too large", true
	case errors.Is(err, errNoRoute), errors.Is(err, errInvalidToken):
		return "what it names is not there", true
	default:
		return "", false
	}
}

// refusalOf says what it was about, as far as the path does.
func refusalOf(v guard.Verdict, act, why string) control.Refusal {
	named := func(parameter string) (leastkey.ID, bool) {
		text, _ := v.Params.Value(parameter)
		id, err := leastkey.ParseID(text)
		return id, err == nil
	}
	r := control.Refusal{Owner: v.Credential.Principal, Action: act, Why: why}
	if account, ok := named("account_id"); ok {
		r.Owner = leastkey.AccountOf(account)
	}
	kind, _, _ := strings.Cut(act, ".")
	if id, ok := named(kind + "_id"); ok {
		r.Subject = kind + " " + id.String()
	} else if kind == "user" {
		r.Subject = v.Credential.Principal.String()
	}
	return r
}
