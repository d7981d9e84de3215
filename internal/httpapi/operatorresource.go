package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
)

func (a *API) operatorResources(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	query := r.URL.Query()
	var parent leastkey.Resource
	if text := query.Get("parent"); text != "" {
		var err error
		if parent, err = parseResource(text); err != nil {
			return answer{}, err
		}
	}
	if t := leastkey.ResourceType(query.Get("type")); t != "" {
		if err := a.knownType(t); err != nil {
			return answer{}, err
		}
	}
	rows, err := a.control.Resources(ctx, control.Operator(), leastkey.ResourceType(query.Get("type")), parent)
	if err != nil {
		return answer{}, err
	}
	shown := make([]api.Resource, len(rows))
	for i, row := range rows {
		shown[i] = shownResource(row)
	}
	return all(shown)
}

// knownType refuses a type that the catalogue does not have: a list of none would hide the mistake.
func (a *API) knownType(t leastkey.ResourceType) error {
	var known []string
	for _, r := range a.control.Catalog().Resources() {
		if r.Type == t {
			return nil
		}
		known = append(known, string(r.Type))
	}
	slices.Sort(known)
	return &api.FieldError{Message: fmt.Sprintf("the catalogue has no resource type %q: there are %s", t, strings.Join(known, ", "))}
}

func (a *API) operatorRegister(ctx context.Context, _ *http.Request, body []byte) (answer, error) {
	var request api.Resource
	if err := decode(body, &request); err != nil {
		return answer{}, err
	}
	if request.Parent == nil {
		return answer{}, &api.FieldError{Pointer: "/parent", Message: "a resource needs a parent, such as {\"type\": \"account\", \"id\": ...}"}
	}
	named := leastkey.Resource{Type: request.Type, ID: request.ID}
	row, err := a.control.Register(ctx, control.Operator(), named, request.Name, *request.Parent)
	if err != nil {
		return answer{}, err
	}
	return ok(shownResource(row))
}

func (a *API) operatorUnregister(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	named := pathResource(r)
	var err error
	if r.URL.Query().Get("recursive") == "true" {
		_, err = a.control.UnregisterTree(ctx, control.Operator(), named)
	} else {
		err = a.control.Unregister(ctx, control.Operator(), named)
	}
	if err != nil {
		return answer{}, err
	}
	return ok(api.Deleted{ID: named.ID})
}

// operatorChangeResource renames or moves: one of them, for each is an act of its own.
func (a *API) operatorChangeResource(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	var request api.ResourceUpdate
	if err := decode(body, &request); err != nil {
		return answer{}, err
	}
	if (request.Name == nil) == (request.Parent == nil) {
		return answer{}, &api.FieldError{Message: "give either a name, to rename the resource, or a parent, to move it"}
	}
	var row control.Resource
	var err error
	if request.Name != nil {
		row, err = a.control.Rename(ctx, control.Operator(), pathResource(r), *request.Name)
	} else {
		row, _, err = a.control.Move(ctx, control.Operator(), pathResource(r), *request.Parent)
	}
	if err != nil {
		return answer{}, err
	}
	return ok(shownResource(row))
}

func (a *API) operatorConsequences(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	if to := r.URL.Query().Get("parent"); to != "" {
		parent, err := parseResource(to)
		if err != nil {
			return answer{}, err
		}
		effects, err := a.control.ForeseeMove(ctx, control.Operator(), pathResource(r), parent)
		return a.effectsAnswer(effects, err)
	}
	below, lost, err := a.control.Consequences(ctx, control.Operator(), pathResource(r))
	if err != nil {
		return answer{}, err
	}
	shown := api.ResourceConsequences{Below: len(below), Tokens: []api.TokenLoss{}}
	for _, loss := range lost {
		t := api.TokenLoss{ID: loss.Token.ID, Kind: loss.Token.Kind.String(), Name: loss.Token.Name, Owner: loss.Token.Principal.String()}
		for _, p := range loss.Patterns {
			t.Loses = append(t.Loses, p.String())
		}
		shown.Tokens = append(shown.Tokens, t)
	}
	return ok(shown)
}

// largestOf bounds the body of a route: a dry run of an import comes whole, and so does a catalogue.
func largestOf(pattern string) int64 {
	switch pattern {
	case "POST /resources/import", "POST /credentials/import":
		return 64 << 20
	case "POST /catalog/diff":
		return 16 << 20
	}
	return largestBody
}

func (a *API) operatorImport(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	var rows []api.Resource
	if err := decode(body, &rows); err != nil {
		return answer{}, err
	}
	specs := make([]control.ResourceSpec, len(rows))
	for i, row := range rows {
		specs[i] = control.ResourceSpec{Resource: leastkey.Resource{Type: row.Type, ID: row.ID}, Name: row.Name}
		if row.Parent != nil {
			specs[i].Parent = *row.Parent
		}
	}
	got, err := a.control.Import(ctx, control.Operator(), specs, r.URL.Query().Get("dry_run") == "true")
	if err != nil {
		return answer{}, err
	}
	shown := api.ResourceImport{Done: got.Done, Registered: got.Registered, Renamed: got.Renamed, Unchanged: got.Unchanged}
	for _, refused := range got.Refused {
		shown.Refused = append(shown.Refused, api.ResourceRefusal{Index: refused.Index, Message: refused.Message})
	}
	return ok(shown)
}

func pathResource(r *http.Request) leastkey.Resource {
	return leastkey.Resource{Type: leastkey.ResourceType(r.PathValue("type")), ID: r.PathValue("id")}
}

func shownResource(r control.Resource) api.Resource {
	return api.Resource{Type: r.Type, ID: r.ID, Name: r.Name, Parent: &r.Parent, CreatedOn: api.At(r.CreatedOn)}
}

// parseResource reads "type:id".
func parseResource(s string) (leastkey.Resource, error) {
	for i := range s {
		if s[i] == ':' {
			return leastkey.Resource{Type: leastkey.ResourceType(s[:i]), ID: s[i+1:]}, nil
		}
	}
	return leastkey.Resource{}, &api.FieldError{Message: "a parent is written TYPE:ID, such as account:01a7..."}
}
