package guard

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// target finds what the operation acts on in this request. An id that the registry does not
// know gives an unknown target, which is decided and refused like any other.
func (g *Guard) target(r Request, query string, op *catalog.Operation, params catalog.Params, now *snapshot, p leastkey.Principal) (leastkey.Target, *Denial) {
	rule := op.Target
	switch rule.Kind {
	case catalog.RuleSelf:
		return leastkey.OnSelf(), nil
	case catalog.RuleList:
		return leastkey.OnList(rule.Type), nil
	case catalog.RuleCaller:
		own := p.Resource()
		if own.Type != rule.Type { // an account has no user to act on
			return leastkey.OnUnknown(leastkey.Resource{Type: rule.Type}), nil
		}
		return now.one(own), nil
	case catalog.RuleOne:
		id, denial := g.find(r, query, params, rule.ID)
		return now.one(leastkey.Resource{Type: rule.Type, ID: id}), denial
	case catalog.RuleCreate:
		if rule.Under == "" {
			return leastkey.OnCreate(rule.Type, true), nil
		}
		id, denial := g.find(r, query, params, rule.In)
		parent := leastkey.Resource{Type: rule.Under, ID: id}
		ancestors, known := now.ancestry(parent)
		return leastkey.OnCreate(rule.Type, known, append([]leastkey.Resource{parent}, ancestors...)...), denial
	default:
		return leastkey.Target{}, nil
	}
}

func (n *snapshot) one(r leastkey.Resource) leastkey.Target {
	ancestors, known := n.ancestry(r)
	if !known {
		return leastkey.OnUnknown(r)
	}
	return leastkey.OnResource(r, ancestors...)
}

// find reads an id from where the catalogue says that it is.
func (g *Guard) find(r Request, query string, params catalog.Params, from catalog.Source) (string, *Denial) {
	switch from.From {
	case catalog.FromPath:
		raw, _ := params.Value(from.Name)
		id, err := url.PathUnescape(raw)
		if err != nil {
			return "", unclear("the path cannot be decoded")
		}
		return id, nil
	case catalog.FromQuery:
		values, err := url.ParseQuery(query)
		if err != nil || len(values[from.Name]) != 1 || values[from.Name][0] == "" {
			return "", unclear("the query must have " + from.Name + " exactly once")
		}
		return values[from.Name][0], nil
	case catalog.FromBody:
		return g.findInBody(r, from.Body)
	default:
		return "", unclear("the catalogue does not say where the id is")
	}
}

func (g *Guard) findInBody(r Request, at catalog.Pointer) (string, *Denial) {
	if r.Body == nil {
		return "", unclear("this node does not see bodies, and the operation is decided by " + at.String() + " in the body")
	}
	if !isJSON(r.Header) {
		return "", unclear("the body must be plain JSON (Content-Type: application/json), because the operation is decided by " + at.String() + " in it")
	}
	body, err := r.Body(g.bodyLimit)
	if err != nil {
		return "", unreadable(err)
	}
	id, found, err := stringAt(body, at)
	switch {
	case err != nil:
		return "", unclear(err.Error())
	case !found:
		return "", badRequest("the body has no "+at.String(), api.Error{Code: api.CodeInvalidRequest,
			Message: "The body must have a string at " + at.String() + ", which says where to create", Source: &api.Source{Pointer: at.String()}})
	default:
		return id, nil
	}
}

// unreadable is for a body that did not arrive whole.
func unreadable(err error) *Denial {
	if !errors.Is(err, ErrBodyTooLarge) {
		return unclear("the body could not be read")
	}
	d := badRequest("the body is too large", api.Error{Code: api.CodeTooLarge, Message: "The body is larger than an operation of this kind may have"})
	d.Status = http.StatusRequestEntityTooLarge
	return d
}

// isJSON reports whether a body is JSON to every reader: not a form, not compressed. Without a
// Content-Type the operation's own reader decides, and it expects JSON.
func isJSON(h http.Header) bool {
	if len(h["Content-Encoding"]) > 0 || len(h["Content-Type"]) > 1 {
		return false
	}
	kind := h.Get("Content-Type")
	if kind == "" {
		return true
	}
	media, params, err := mime.ParseMediaType(kind)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || charset == "utf-8" || charset == "UTF-8")
}

// unclear is for a request that could be read in two ways, or not at all.
func unclear(why string) *Denial {
	return badRequest(why, api.Error{Code: api.CodeAmbiguous, Message: "The request is not clear: " + why})
}
