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

// target finds what the operation acts on in this request. An id that the registry does not
// know gives an unknown target, which is decided and refused like any other.
func (g *Guard) target(r *Request, l *look, op *accepted) *Denial {
	v, rule := &l.v, &l.v.Operation.Target
	v.Target = Target{Kind: leastkey.TargetOne, Resource: leastkey.Resource{Type: rule.Type}}
	v.aim = target{on: leastkey.TargetOne, kind: op.kind}
	within := nowhere
	if op.under != noType {
		above, denial := g.find(r, l, rule.Under, rule.In)
		if denial != nil {
			return denial
		}
		within, _ = placeOf(&l.now.places, l.now.seed, op.under, above.ID)
		v.parent, v.within = above, within
	}
	switch rule.Kind {
	case catalog.RuleList:
		v.Target.Kind, v.aim.on = leastkey.TargetList, leastkey.TargetList
	case catalog.RuleCaller:
		own := v.Credential.Principal.Resource()
		if own.Type == rule.Type { // an account has no user to act on
			v.Target.Resource = own
			l.now.oneAt(&v.aim, op.kind, l.at)
		}
	case catalog.RuleOne:
		on, denial := g.find(r, l, rule.Type, rule.ID)
		v.Target.Resource = on
		l.now.one(&v.aim, op.kind, on.ID)
		if op.under != noType {
			v.aim.in(within)
		}
		if denial != nil {
			return denial
		}
	case catalog.RuleCreate:
		if op.under != noType {
			l.now.created(&v.aim, op.kind, within)
		} else {
			v.aim = target{kind: op.kind, known: true}
		}
		v.Target.Kind, v.aim.on = leastkey.TargetCreate, leastkey.TargetCreate
	default:
		v.Target, v.aim = Target{}, target{}
	}
	v.Target.Known = v.aim.known
	return nil
}

// inside decides a list below one resource by what could be in it: something else than the policies
// name, and what those that allow name. When nothing of that may be seen the list is refused, so that
// nobody learns by it whether that resource exists. What only a deny names can be seen no better than
// what nothing names.
func (l *look) inside(op *accepted) ruling {
	var item target
	l.now.childOf(&item, l.v.within, op.kind)
	d := l.judged.decide(op, &item)
	if d.allowed() {
		return d
	}
	about := l.judged.about(nil, op, nil)
	var relevant []clause
	for _, p := range named(about, op.kind) {
		if p.extent() == leastkey.One {
			l.now.oneAt(&item, op.kind, p.at())
		} else {
			l.now.childOf(&item, p.at(), op.kind)
		}
		if item.in(l.v.within); !item.known {
			continue
		}
		relevant = reaching(relevant[:0], about, &item)
		if on := l.judged.decideBy(relevant, op, &item); on.allowed() {
			return on
		}
	}
	return d
}

// named are what policies that allow name of a type, each once: they may be thousands.
func named(policies []clause, kind uint16) (all []pattern) {
	for i := range policies {
		for k := range len(policies[i].patterns) / patternSize {
			p := patternAt(policies[i].patterns, k)
			if policies[i].effect == leastkey.Allow && p.kind() == kind && (p.extent() == leastkey.One || p.extent() == leastkey.Under) {
				all = append(all, p)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// find gives the resource of a type that a request names where the catalogue says. It has no id when
// nothing of the registry is named.
func (g *Guard) find(r *Request, l *look, t leastkey.ResourceType, from catalog.Source) (leastkey.Resource, *Denial) {
	on := leastkey.Resource{Type: t}
	if from.Host {
		hosts, denial := g.hosts(r, l, from)
		if denial != nil {
			return on, denial
		}
		at, err := l.now.named(l.now.kindOf(t), hosts)
		if err != nil {
			return on, unclear(err.Error())
		}
		if at != nowhere {
			on = l.now.resource(at)
		}
		return on, nil
	}
	id, denial := g.read(r, l, from)
	if from.Of == "" {
		on.ID = id
	} else if at := l.now.parentOf(l.now.kindOf(from.Of), id, l.now.kindOf(t)); at != nowhere {
		on = l.now.resource(at)
	}
	return on, denial
}

// hosts are the host names that a request has where the catalogue says: one, or in a body an array.
func (g *Guard) hosts(r *Request, l *look, from catalog.Source) ([]string, *Denial) {
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
func (g *Guard) read(r *Request, l *look, from catalog.Source) (string, *Denial) {
	switch from.From {
	case catalog.FromPath:
		if len(from.Params) == 1 {
			raw, _ := l.v.Params.Value(from.Params[0])
			return readSegment(raw)
		}
		parts := make([]string, len(from.Params))
		for i, name := range from.Params {
			raw, _ := l.v.Params.Value(name)
			id, denial := readSegment(raw)
			if denial != nil {
				return "", denial
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

// readSegment decodes a segment of the path.
func readSegment(raw string) (string, *Denial) {
	if strings.IndexByte(raw, '%') < 0 {
		return raw, nil
	}
	id, err := url.PathUnescape(raw)
	if err != nil {
		return "", unclear("the path cannot be decoded")
	}
	return id, nil
}

// account is the one account in which the credential can make something without naming it.
func (l *look) account() (string, *Denial) {
	if p := l.v.Credential.Principal; p.Kind == leastkey.AccountPrincipal {
		return p.ID.String(), nil
	}
	held := l.owner.holdings()
	if held.len() != 1 {
		return "", unclear("it does not say in which account to create, and the owner of the credential is not in exactly one; use a token that an account owns")
	}
	return l.now.resource(held.account(0)).ID, nil
}

func (g *Guard) findInBody(r *Request, query string, at catalog.Pointer) (string, *Denial) {
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
func (g *Guard) body(r *Request, query string, at catalog.Pointer) ([]byte, *Denial) {
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
