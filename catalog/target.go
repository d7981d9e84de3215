package catalog

import (
	"regexp"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// TargetRule says how to find the target of a request.
type TargetRule struct {
	Kind  RuleKind
	Type  leastkey.ResourceType // of the target; "" for RuleSelf
	ID    Source                // RuleOne: where the id of the resource is
	Under leastkey.ResourceType // RuleCreate: the type of the parent; RuleOne, RuleList: of an ancestor to be checked; "" for none
	In    Source                // where the id of that parent or ancestor is
}

// String says it in words: "zone path.zone_id in server path.server_id".
func (r TargetRule) String() string {
	in := ""
	if r.Under != "" {
		in = " in " + string(r.Under) + " " + r.In.String()
	}
	switch r.Kind {
	case RuleOne:
		return string(r.Type) + " " + r.ID.String() + in
	case RuleList:
		return "the list of " + string(r.Type) + in
	case RuleCreate:
		return "a new " + string(r.Type) + in
	case RuleCaller:
		return "the " + string(r.Type) + " of the caller"
	case RuleSelf:
		return "the credential itself"
	default:
		return "nothing"
	}
}

// RuleKind says what an operation acts on. The zero kind is refused.
type RuleKind uint8

// The kinds of target rule.
const (
	_          RuleKind = iota
	RuleOne             // the resource whose id the request carries
	RuleList            // the collection of a type, cut to what may be seen
	RuleCreate          // a new resource under a parent whose id the request carries
	RuleCaller          // the principal of the credential, which must be of the rule's type
	RuleSelf            // the credential itself
)

// Source is where in a request a value is. The value must be there exactly once.
type Source struct {
	From   SourceKind
	Params []string // of the path; the values of several are joined by slashes, which no value can have
	Name   string   // of the query parameter
	Body   Pointer  // into the JSON body

	// Not the id itself may be there, but what leads to it. At most one of these is set.
	Host bool                  // a host name, or in a body an array of them: the resource has the name of each, or one above it
	Of   leastkey.ResourceType // the id of a resource of this type, below the one that is meant
}

// Indirect reports whether what is there leads to the resource, and is not its id: whoever sends it
// need not know which resource that is, nor whether there is one.
func (s Source) Indirect() bool { return s.Host || s.Of != "" }

// SourceKind is the part of a request that a value is read from.
type SourceKind uint8

// The parts of a request. The zero kind is nowhere.
const (
	_ SourceKind = iota
	FromPath
	FromQuery
	FromBody
	FromCaller // the account that owns the credential, or the one account of the user who does
)

// String gives the source as a catalogue writes it: "path.zone_id", "path.owner/path.repo", "body./account/id",
// "host.body./hostnames", "above.certificate.path.id".
func (s Source) String() string {
	switch {
	case s.Host:
		s.Host = false
		return "host." + s.String()
	case s.Of != "":
		of := s.Of
		s.Of = ""
		return "above." + string(of) + "." + s.String()
	}
	switch s.From {
	case FromPath:
		return "path." + strings.Join(s.Params, "/path.")
	case FromQuery:
		return "query." + s.Name
	case FromBody:
		return "body." + s.Body.String()
	case FromCaller:
		return "caller"
	default:
		return "nowhere"
	}
}

// target reads self, {TYPE: source}, {list: TYPE}, {create: TYPE, under: {TYPE: source}} or
// {caller: TYPE}; the first two may have in: {TYPE: source}.
func (b *builder) target(v value, op *Operation) TargetRule {
	const forms = "write target: {TYPE: path.NAME}, {list: TYPE}, either with in: {TYPE: path.NAME}, {create: TYPE, under: {TYPE: source}}, {caller: user} or self"
	if !v.present() {
		v.wrong(op.String()+" has no target", forms)
		return TargetRule{}
	}
	if v.isText() {
		if v.node.Value != "self" {
			v.wrong("unknown target "+quote(v.node.Value), forms)
		}
		return TargetRule{Kind: RuleSelf}
	}
	e := v.entry("target")
	create, in := e.key("create").present(), e.key("in").present()
	if !create && e.key("under").present() || in && (create || e.key("caller").present()) || len(e.keys) != 1+count(in)+count(e.key("under").present()) {
		v.wrong("the target of "+op.String()+" is not of a known form", forms)
		return TargetRule{}
	}
	switch {
	case e.key("list").present():
		t, _ := b.knownType(e, "list", "target")
		return b.within(TargetRule{Kind: RuleList, Type: t}, e.key("in"), op)
	case e.key("caller").present():
		t, _ := b.knownType(e, "caller", "target")
		if t != leastkey.UserType && t != leastkey.AccountType {
			e.key("caller").wrong("a caller is never a "+quote(string(t)), "write {caller: user} or {caller: account}")
		}
		return TargetRule{Kind: RuleCaller, Type: t}
	case create:
		return b.createTarget(e, op)
	default:
		key := e.keys[0]
		if key.node.Value == "in" {
			key = e.keys[1]
		}
		t, id := b.resourceAt(key, e, op)
		rule := b.within(TargetRule{Kind: RuleOne, Type: t, ID: id}, e.key("in"), op)
		b.warnUnchecked(v, rule, op)
		return rule
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// within reads the ancestor that the target must have in the registry.
func (b *builder) within(rule TargetRule, in value, op *Operation) TargetRule {
	if !in.present() || rule.Type == "" {
		return rule
	}
	e := in.entry("in")
	if len(e.keys) != 1 {
		in.wrong("in does not name one ancestor", "write in: {TYPE: path.NAME}")
		return rule
	}
	rule.Under, rule.In = b.resourceAt(e.keys[0], e, op)
	if rule.Under != "" && !b.c.descends(rule.Type, rule.Under) {
		in.wrong("a "+string(rule.Type)+" is never in a "+string(rule.Under), "name a type that is above it under resources")
	}
	return rule
}

// warnUnchecked tells of a parameter in front of the one that names the target, and that nothing
// holds against the registry: a request could name any.
func (b *builder) warnUnchecked(v value, rule TargetRule, op *Operation) {
	if rule.ID.From != FromPath || len(rule.ID.Params) == 0 || op.Control {
		return
	}
	for _, s := range op.segments {
		name := strings.Trim(s, "{}")
		if slices.Contains(rule.ID.Params, name) {
			return
		}
		if isParam(s) && !slices.Contains(rule.In.Params, name) {
			v.warn(op.String()+" does not look at {"+name+"}: whatever a request has there is let through",
				"add in: {TYPE: path."+name+"} to the target when it names something above it")
		}
	}
}

// createTarget reads the parent of what is created, which is of the one parent type.
func (b *builder) createTarget(e entry, op *Operation) TargetRule {
	t, ok := b.knownType(e, "create", "target")
	rule := TargetRule{Kind: RuleCreate, Type: t}
	parent := b.c.byType[t].Parent
	under := e.key("under")
	switch {
	case !ok:
	case parent == "" && under.present():
		under.wrong("nothing is the parent of a new "+string(t), "remove under")
	case parent == "":
	case !under.present():
		under.wrong(op.String()+" creates resources of type "+string(t)+" and does not say under which "+string(parent),
			"add under: {"+string(parent)+": body./"+string(parent)+"/id} or the like")
	default:
		ue := under.entry("under")
		if len(ue.keys) != 1 {
			under.wrong("under does not name one parent", "write under: {"+string(parent)+": source}")
			break
		}
		if from := ue.at[ue.keys[0].node.Value]; parent == leastkey.AccountType && from.isText() && from.node.Value == "caller" &&
			ue.keys[0].node.Value == string(parent) {
			rule.Under, rule.In = parent, Source{From: FromCaller}
			break
		}
		rule.Under, rule.In = b.resourceAt(ue.keys[0], ue, op)
		if rule.Under != "" && rule.Under != parent {
			under.wrong("the parent of a "+string(t)+" is of type "+string(parent)+", not "+string(rule.Under), "write under: {"+string(parent)+": source}")
		}
	}
	return rule
}

// resourceAt reads TYPE: source, at a key of the entry.
func (b *builder) resourceAt(key value, e entry, op *Operation) (leastkey.ResourceType, Source) {
	t := leastkey.ResourceType(key.node.Value)
	if _, known := b.c.byType[t]; !known {
		b.unknownType(key, key.node.Value)
		return "", Source{}
	}
	return t, b.sourceOf(t, e.at[key.node.Value], op)
}

// sourceOf reads host.SOURCE, above.TYPE.SOURCE or SOURCE, which leads to a resource of the type.
func (b *builder) sourceOf(t leastkey.ResourceType, v value, op *Operation) Source {
	text, ok := v.text("the place of an id")
	if !ok {
		return Source{}
	}
	if rest, ok := strings.CutPrefix(text, "host."); ok {
		from := b.source(v, rest, op)
		from.Host = true
		return from
	}
	rest, ok := strings.CutPrefix(text, "above.")
	if !ok {
		return b.source(v, text, op)
	}
	of, rest, _ := strings.Cut(rest, ".")
	switch kind := leastkey.ResourceType(of); {
	case b.c.byType[kind].Type == "":
		b.unknownType(v, of)
	case !b.c.descends(kind, t):
		v.wrong("a "+of+" is never in a "+string(t), "name a type that is below "+string(t)+" under resources")
	}
	from := b.source(v, rest, op)
	from.Of = leastkey.ResourceType(of)
	return from
}

var queryName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// source reads path.NAME, path.NAME/path.NAME, query.NAME or body./POINTER.
func (b *builder) source(v value, text string, op *Operation) Source {
	kind, name, _ := strings.Cut(text, ".")
	switch kind {
	case "path":
		var params []string
		for part := range strings.SplitSeq(text, "/") {
			name, _ := strings.CutPrefix(part, "path.")
			if !slices.Contains(op.segments, "{"+name+"}") {
				v.wrong(op.String()+" has no path parameter "+quote(name), "name a parameter of the route, without braces")
			}
			params = append(params, name)
		}
		return Source{From: FromPath, Params: params}
	case "query":
		if !queryName.MatchString(name) {
			v.wrong("query parameter "+quote(name)+" is not a plain name", "use letters, digits, _, . and -")
		}
		return Source{From: FromQuery, Name: name}
	case "body":
		p, err := ParsePointer(name)
		switch {
		case err != nil:
			v.wrong(err.Error(), "write body./account/id or the like (RFC 6901)")
		case len(p) == 0:
			v.wrong("the whole body is not an id", "write body./account/id or the like (RFC 6901)")
		case op.Method == "GET" || op.Method == "HEAD":
			v.wrong(op.String()+" takes its target from a body, which such a request does not have", "take it from the path or the query")
		}
		return Source{From: FromBody, Body: p}
	default:
		v.wrong("an id cannot be found at "+quote(text), "write path.NAME, query.NAME or body./POINTER, or one of these behind host. or above.TYPE.")
		return Source{}
	}
}
