package guard

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// acted is what a request acts on, and the ancestor that it must have, if the catalogue names one.
type acted struct {
	target leastkey.Target
	within leastkey.Resource
}

// target finds what the operation acts on in this request. An id that the registry does not
// know gives an unknown target, which is decided and refused like any other.
func (g *Guard) target(r Request, l look) (found acted, denial *Denial) {
	rule := l.v.Operation.Target
	in := leastkey.Resource{Type: rule.Under}
	if rule.Under != "" {
		if in, denial = g.find(r, l, rule.Under, rule.In); denial != nil {
			return acted{target: leastkey.OnUnknown(leastkey.Resource{Type: rule.Type})}, denial
		}
	}
	switch rule.Kind {
	case catalog.RuleSelf:
		return acted{target: leastkey.OnSelf()}, nil
	case catalog.RuleList:
		return acted{leastkey.OnList(rule.Type), in}, nil
	case catalog.RuleCaller:
		own := l.v.Credential.Principal.Resource()
		if own.Type != rule.Type { // an account has no user to act on
			return acted{target: leastkey.OnUnknown(leastkey.Resource{Type: rule.Type})}, nil
		}
		return acted{target: l.now.one(own)}, nil
	case catalog.RuleOne:
		on, denial := g.find(r, l, rule.Type, rule.ID)
		return acted{l.now.oneIn(on, in), in}, denial
	case catalog.RuleCreate:
		if rule.Under == "" {
			return acted{target: leastkey.OnCreate(rule.Type, true)}, nil
		}
		return acted{target: l.now.created(rule.Type, in)}, nil
	default:
		return acted{}, nil
	}
}

func (n *snapshot) one(r leastkey.Resource) leastkey.Target {
	ancestors, known := n.ancestry(r)
	if !known {
		return leastkey.OnUnknown(r)
	}
	return leastkey.OnResource(r, ancestors...)
}

// oneIn is one resource, unknown when it is not below within. A zero within is no bound.
func (n *snapshot) oneIn(r, within leastkey.Resource) leastkey.Target {
	t := n.one(r)
	if within.Type != "" && !slices.Contains(t.Ancestors, within) {
		return leastkey.OnUnknown(r)
	}
	return t
}

// created is a new resource of type t under a parent.
func (n *snapshot) created(t leastkey.ResourceType, parent leastkey.Resource) leastkey.Target {
	ancestors, known := n.ancestry(parent)
	return leastkey.OnCreate(t, known, append([]leastkey.Resource{parent}, ancestors...)...)
}

// inside decides a list below one resource by what could be in it: something else than the policies
// name, and what they name. When nothing of that may be seen the list is refused, so that nobody
// learns by it whether that resource exists.
func (a acted) inside(l look, policies []leastkey.Policy, decide func(leastkey.Target) leastkey.Decision) leastkey.Decision {
	kind := a.target.Resource.Type
	d := decide(l.now.childOf(a.within, kind))
	for _, policy := range policies {
		for _, pattern := range policy.Patterns {
			if d.Allowed() {
				return d
			}
			var item leastkey.Target
			switch {
			case pattern.Type != kind:
				continue
			case pattern.Extent == leastkey.One:
				item = l.now.oneIn(leastkey.Resource{Type: kind, ID: pattern.ID}, a.within)
			case pattern.Extent == leastkey.Under:
				item = l.now.childOf(pattern.Parent, kind)
			}
			if item.Known && slices.Contains(item.Ancestors, a.within) {
				if on := decide(item); on.Allowed() {
					d = on
				}
			}
		}
	}
	return d
}

// childOf is some resource of a type below a parent, unknown when the parent is.
func (n *snapshot) childOf(parent leastkey.Resource, kind leastkey.ResourceType) leastkey.Target {
	ancestors, known := n.ancestry(parent)
	if !known {
		return leastkey.OnUnknown(leastkey.Resource{Type: kind})
	}
	return leastkey.OnResource(leastkey.Resource{Type: kind}, append([]leastkey.Resource{parent}, ancestors...)...)
}

// find gives the resource of a type that a request names where the catalogue says. It has no id when
// nothing of the registry is named.
func (g *Guard) find(r Request, l look, t leastkey.ResourceType, from catalog.Source) (leastkey.Resource, *Denial) {
	if from.Host {
		hosts, denial := g.hosts(r, l, from)
		if denial != nil {
			return leastkey.Resource{Type: t}, denial
		}
		on, err := l.now.named(t, hosts)
		if err != nil {
			return on, unclear(err.Error())
		}
		return on, nil
	}
	id, denial := g.read(r, l, from)
	if from.Of != "" {
		return l.now.above(leastkey.Resource{Type: from.Of, ID: id}, t), denial
	}
	return leastkey.Resource{Type: t, ID: id}, denial
}

// hosts are the host names that a request has where the catalogue says: one, or in a body an array.
func (g *Guard) hosts(r Request, l look, from catalog.Source) ([]string, *Denial) {
	if from.From != catalog.FromBody {
		host, denial := g.read(r, l, from)
		return []string{host}, denial
	}
	body, denial := g.body(r, l.v.RawQuery, from.Body)
	if denial != nil {
		return nil, denial
	}
	hosts, found, err := stringsAt(body, from.Body)
	switch {
	case err != nil:
		return nil, unclear(err.Error())
	case !found:
		return nil, noMember(from.Body, "a host name, or an array of them,")
	default:
		return hosts, nil
	}
}

// read reads an id from where the catalogue says that it is.
func (g *Guard) read(r Request, l look, from catalog.Source) (string, *Denial) {
	switch from.From {
	case catalog.FromPath:
		parts := make([]string, len(from.Params))
		for i, name := range from.Params {
			raw, _ := l.v.Params.Value(name)
			id, err := url.PathUnescape(raw)
			if err != nil {
				return "", unclear("the path cannot be decoded")
			}
			parts[i] = id
		}
		return strings.Join(parts, "/"), nil
	case catalog.FromQuery:
		value, err := onlyParameter(l.v.RawQuery, from.Name)
		if err != nil {
			return "", unclear(err.Error())
		}
		return value, nil
	case catalog.FromBody:
		return g.findInBody(r, l.v.RawQuery, from.Body)
	case catalog.FromCaller:
		return l.account()
	default:
		return "", unclear("the catalogue does not say where the id is")
	}
}

// account is the one account in which the credential can make something without naming it.
func (l look) account() (string, *Denial) {
	if p := l.v.Credential.Principal; p.Kind == leastkey.AccountPrincipal {
		return p.ID.String(), nil
	}
	if len(l.owner.memberships) != 1 {
		return "", unclear("it does not say in which account to create, and the owner of the credential is not in exactly one; use a token that an account owns")
	}
	return l.owner.memberships[0].Account.String(), nil
}

func (g *Guard) findInBody(r Request, query string, at catalog.Pointer) (string, *Denial) {
	body, denial := g.body(r, query, at)
	if denial != nil {
		return "", denial
	}
	id, found, err := stringAt(body, at)
	switch {
	case err != nil:
		return "", unclear(err.Error())
	case !found:
		return "", noMember(at, "a string")
	default:
		return id, nil
	}
}

// body is a JSON body that alone says what is at a place in it.
func (g *Guard) body(r Request, query string, at catalog.Pointer) ([]byte, *Denial) {
	if r.Can&Bodies == 0 {
		return nil, unable(Bodies)
	}
	if err := notInQuery(query, at); err != nil {
		return nil, unclear(err.Error())
	}
	if r.Body == nil {
		return nil, noMember(at, "a string")
	}
	if !isJSON(r.Header) {
		return nil, unclear("the body must be plain JSON (Content-Type: application/json), because the operation is decided by " + at.String() + " in it")
	}
	body, err := r.Body(g.bodyLimit)
	if err != nil {
		return nil, unreadable(err)
	}
	return body, nil
}

// notInQuery holds that the query does not say what the body is to say: frameworks that hand both to
// an API as one take either.
func notInQuery(query string, at catalog.Pointer) error {
	all, err := parameters(query)
	if err != nil || len(at) == 0 {
		return err
	}
	if slices.ContainsFunc(all, func(p parameter) bool { return sameParameter(p.name, at[0]) }) {
		return errors.New("the query has what the body is to say, " + at.String())
	}
	return nil
}

// noMember is for a body without what it must name.
func noMember(at catalog.Pointer, what string) *Denial {
	return badRequest("the body has no "+at.String(), api.Error{Code: api.CodeInvalidRequest,
		Message: "The body must have " + what + " at " + at.String() + ", which says what the request acts on", Source: &api.Source{Pointer: at.String()}})
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
