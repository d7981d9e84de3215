package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
)

var (
	errNoRoute      = errors.New("httpapi: an id in the path is not one")
	errInvalidToken = errors.New("httpapi: the token is not one of this owner")
	errTooLarge     = errors.New("httpapi: the body is too large")
)

func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	return &api.FieldError{Message: "the body could not be read to its end"}
}

// statuses is the one place where a kind of refusal becomes a status. Never 409: clients retry it.
var statuses = map[control.Kind]int{
	control.Invalid:     http.StatusBadRequest,
	control.CheckFailed: http.StatusBadRequest,
	control.Taken:       http.StatusBadRequest,
	control.TooMany:     http.StatusBadRequest,
	control.NoSuch:      http.StatusNotFound,
	control.Refused:     http.StatusForbidden,
	control.Unconfirmed: http.StatusForbidden,
	control.Repeated:    http.StatusBadRequest,
	control.Overtaken:   http.StatusBadRequest,
}

// fail answers an error. What is not meant for the caller goes to the log, and only there.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errInvalidToken) {
		guard.InvalidToken().Write(w)
		return
	}
	status, errs := wireFailure(err, r.URL.Path)
	if status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		a.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	api.WriteErrors(w, status, errs...)
}

func wireFailure(err error, path string) (int, []api.Error) {
	var (
		refusal *control.Error
		field   *api.FieldError
		syntax  *api.SyntaxError
	)
	switch {
	case errors.Is(err, errNoRoute):
		return http.StatusNotFound, api.NoRoute(path)
	case errors.Is(err, errTooLarge):
		return http.StatusRequestEntityTooLarge, []api.Error{{Code: api.CodeTooLarge, Message: "The body is larger than 1 MiB"}}
	case errors.As(err, &field):
		return http.StatusBadRequest, []api.Error{field.Wire()}
	case errors.As(err, &syntax):
		return http.StatusBadRequest, []api.Error{syntax.Wire()}
	case errors.As(err, &refusal) && refusal.Kind != control.Internal:
		return statuses[refusal.Kind], []api.Error{wireRefusal(refusal)}
	default:
		return http.StatusInternalServerError, []api.Error{{Code: api.CodeInternal, Message: "internal error"}}
	}
}

func wireRefusal(e *control.Error) api.Error {
	w := api.Error{Code: api.CodeInvalidRequest, Message: e.Message}
	switch e.Kind {
	case control.CheckFailed:
		w = api.CheckFailed(e.Group)
		w.ErrorChain = []api.Error{{Code: w.Code, Message: e.Message}}
	case control.Refused:
		w = api.ResourceUnauthorized()
		w.ErrorChain = []api.Error{{Code: w.Code, Message: e.Message}}
	case control.NoSuch:
		w.Code = api.CodeNotFound
	case control.TooMany:
		w.Code = api.CodeTooMany
	}
	if e.Pointer != "" {
		w.Source = &api.Source{Pointer: e.Pointer}
	}
	return w
}
