// Package httpapi serves the control plane's part of the JSON API, by the wire contract, and the
// operator's routes. Requests of the JSON API arrive decided: the enforcement node that stands in
// front hands over its verdict, and which handler runs follows from the verdict's operation.
package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
)

// API serves the operations that the catalogue marks as the control plane's.
type API struct {
	control *control.Control
	now     func() time.Time
	log     *slog.Logger
	routes  map[string]route // by operation: "GET /client/v4/user/tokens"

	explainer Explainer
}

// handler answers one request. It returns the answer to a success, or an error that failed can
// put into the terms of the wire.
type handler func(context.Context, *call) (answer, error)

// answer is an envelope whatever its result is.
type answer = api.Envelope[any]

// call is one decided request.
type call struct {
	*http.Request
	verdict guard.Verdict
	caller  control.Caller
	body    []byte
}

// largestBody is in bytes: no request of the control plane needs nearly as much.
const largestBody = 1 << 20

// New makes the API. It fails when the catalogue has an operation of the control plane that
// nothing here serves, or the other way round.
func New(c *control.Control, cat *catalog.Catalog, explainer Explainer, now func() time.Time, log *slog.Logger) (*API, error) {
	a := &API{control: c, explainer: explainer, now: now, log: log, routes: map[string]route{}}
	for _, r := range a.table() {
		a.routes[r.operation] = r
	}
	served := 0
	for _, op := range cat.Operations() {
		if !op.Control {
			continue
		}
		if a.routes[op.String()].handle == nil {
			return nil, errors.New("httpapi: nothing serves " + op.String())
		}
		served++
	}
	if served != len(a.routes) {
		return nil, errors.New("httpapi: a route has no operation in the catalogue")
	}
	return a, nil
}

// ServeVerdict answers a request that the verdict allowed.
func (a *API) ServeVerdict(w http.ResponseWriter, r *http.Request, v guard.Verdict) {
	if !v.Allowed() || v.Operation == nil {
		a.fail(w, r, errors.New("httpapi: asked to serve a request that was not allowed"))
		return
	}
	got, err := a.answer(w, r, v)
	if err != nil {
		a.fail(w, r, a.recordFailure(r.Context(), v, err))
		return
	}
	api.Write(w, http.StatusOK, got)
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, v guard.Verdict) (answer, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if err != nil {
		return answer{}, unreadable(err)
	}
	c := &call{Request: r, verdict: v, body: body, caller: callerOf(v)}
	return a.routes[v.Operation.String()].handle(r.Context(), c)
}

// callerOf is who asks, and what was decided, to be decided again where it counts.
func callerOf(v guard.Verdict) control.Caller {
	return control.Caller{
		Credential: v.Credential.ID,
		Secret:     v.Secret,
		Principal:  v.Credential.Principal,
		Addr:       v.Addr,
		AnyOf:      v.Operation.AnyOf,
		Target:     v.Decided(),
	}
}

// id reads a path parameter that is an id. What cannot be an id is no route.
func (c *call) id(name string) (leastkey.ID, error) {
	text, _ := c.verdict.Params.Value(name)
	id, err := leastkey.ParseID(text)
	if err != nil {
		return leastkey.ID{}, errNoRoute
	}
	return id, nil
}

// owner is the principal whose tokens a route is about: the account in the path, or the caller.
func (c *call) owner() (leastkey.Principal, error) {
	if _, inPath := c.verdict.Params.Value("account_id"); inPath {
		id, err := c.id("account_id")
		return leastkey.AccountOf(id), err
	}
	return c.verdict.Credential.Principal, nil
}

func ok[T any](result T, messages ...api.Message) (answer, error) {
	return api.OK[any](result, messages...), nil
}
