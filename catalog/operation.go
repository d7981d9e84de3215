package catalog

import (
	"regexp"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// Operation is one row of the catalogue: a request, what it needs, and what it acts on.
// Operations are shared; nothing in them is to be modified.
type Operation struct {
	Method  string                // "PATCH"
	Host    string                // "dns.example.com", in lower case; "" for any
	Route   string                // whole path template: "/client/v4/zones/{zone_id}/dns_records/{id}"
	Access  OperationAccess       // what the caller needs
	AnyOf   []leastkey.Permission // the accepted groups, any one suffices; none for ByCredential
	Target  TargetRule            // how to find what it acts on
	Items   *Items                // of a list: where its items are; otherwise nil
	Paging  *Paging               // of a list that comes in pages; otherwise nil
	Creates *Creates              // the answer tells of a new resource to register; otherwise nil
	Deletes bool                  // success means that the target is gone
	Renames Pointer               // success means that the target is called what the answer has there; nil otherwise
	Moves   *Moves                // success means that the target is under another parent; otherwise nil
	Upgrade string                // the protocol that a request may ask to go on in: "websocket"; otherwise ""
	Control bool                  // served by the control plane, not by the upstream

	ServiceKey bool // a service key is taken as well, and is bounded by what its owner may do

	segments []string
	paramAt  []int // which of the segments are parameters
	number   int
	at       value
}

// Number is the place of the operation in [Catalog.Operations], from 0: who makes something of each
// operation finds it by that.
func (op *Operation) Number() int { return op.number }

// OperationAccess is what an operation asks of its caller. The zero value is refused.
type OperationAccess uint8

// What an operation may ask for.
const (
	_               OperationAccess = iota
	ByPermission                    // one of AnyOf on the target
	ByCredential                    // any usable token; the target is the credential itself
	ByAnyCredential                 // any usable credential, whatever its kind; the target is the credential itself
	ByNobody                        // refused, as if no route matched
)

// Items says where the answer to a list has its items, so that the list can be cut.
type Items struct {
	At   Pointer // the array, from the top of the answer
	ID   Pointer // the resource's id, from the top of an item
	Name Pointer // what people call it, from the top of an item; nil when the answer does not say
}

// Paging says how a list comes in pages: 1, 2, ... up to the first that is empty.
type Paging struct {
	Page    string  // query parameter: number of the page, from 1
	PerPage string  // query parameter: items on a page
	Default int     // items on a page when the caller does not say
	Most    int     // items on a page at most
	Info    Pointer // object with page, per_page, total_pages, count, total_count; nil when there is none
}

// Creates says what the answer tells about a new resource.
type Creates struct {
	Type leastkey.ResourceType // of a new one below a target that is one resource; "" when the target is the new one
	ID   Pointer
	Name Pointer // nil when the answer has none
}

// Moves says where a request has the new parent of its target. Who moves a resource must be able
// to create one there.
type Moves struct {
	Under leastkey.ResourceType
	In    Source
}

// String gives "PATCH /client/v4/zones/{zone_id}", with the host in front of the path when there is one.
func (op *Operation) String() string { return op.Method + " " + op.Host + op.Route }

// Operations lists all operations, those of the control plane first.
func (c *Catalog) Operations() []*Operation { return slices.Clone(c.operations) }

var (
	methodName   = regexp.MustCompile(`^[A-Z]+$`)
	hostName     = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+|localhost)$`)
	fixedSegment = regexp.MustCompile(`^[A-Za-z0-9._~:@$+!,=-]+$`)
	paramSegment = regexp.MustCompile(`^\{[a-z][a-z0-9_]*\}$`)
)

// addOperations reads the sections base and operations of one file.
func (b *builder) addOperations(file entry) {
	host, base := "", ""
	if v := file.key("base"); v.present() {
		text, ok := v.text("base")
		if !ok {
			return
		}
		if host, base, ok = b.hostAndPath(v, text, true); !ok {
			return
		}
		if strings.Contains(base, "{") {
			v.wrong("base "+quote(base)+" has a parameter", "move the parameter into the routes")
			return
		}
	}
	for _, v := range file.key("operations").list("operations") {
		switch op := b.operation(v, host, base); {
		case op == nil:
		case op.Access == ByNobody:
			b.refused = append(b.refused, op)
		default:
			b.c.operations = append(b.c.operations, op)
		}
	}
}

func (b *builder) operation(v value, host, base string) *Operation {
	e := v.entry("operation", "route", "any_of", "access", "target", "items", "paging", "creates", "deletes", "renames", "moves", "upgrade", "service_key")
	op := &Operation{Control: v.doc.control, at: v}
	if !b.readRoute(e, host, base, op) {
		return nil
	}
	found := v.problems()
	if access := e.key("access"); access.isText() && access.node.Value == "nobody" {
		op.Access = ByNobody
		for _, key := range e.keys {
			if name := key.node.Value; name != "route" && name != "access" {
				key.wrong(op.String()+" is for nobody and has "+name, "remove "+name)
			}
		}
		return op
	}
	op.Target = b.target(e.key("target"), op)
	if v.problems() > found {
		return nil // what it accepts depends on the target
	}
	b.readAccess(e, op)
	b.readItems(e, op)
	b.readEffects(e, op)
	b.readUpgrade(e, op)
	b.readServiceKey(e, op)
	if op.Target.Kind == RuleCreate && op.Creates == nil && v.problems() == found {
		t := string(op.Target.Type)
		v.warn("a new "+t+" of "+op.String()+" will not be registered, so no token will reach it",
			"add creates: {id: /id} with the place of its id in the answer, or register each with leastkey resource add")
	}
	return op
}

// readRoute reads "METHOD /path" or "METHOD host/path".
func (b *builder) readRoute(e entry, host, base string, op *Operation) bool {
	text, ok := e.need("route", "operation")
	if !ok {
		return false
	}
	v := e.key("route")
	method, path, ok := strings.Cut(text, " ")
	if !ok || !methodName.MatchString(method) || slices.Contains([]string{"CONNECT", "OPTIONS", "TRACE"}, method) {
		v.wrong("route "+quote(text)+" does not begin with a method", "write METHOD /path; CONNECT, OPTIONS and TRACE cannot be granted")
		return false
	}
	if !knownMethod(method) {
		v.wrong("route "+quote(text)+" begins with "+method+", which is no method of HTTP", "write GET, HEAD, POST, PUT, PATCH or DELETE")
		return false
	}
	own, path, ok := b.hostAndPath(v, path, false)
	switch {
	case !ok:
		return false
	case own != "" && host != "":
		v.wrong("route "+quote(text)+" has a host, and base has one too", "keep one of them")
		return false
	case own != "":
		base = "" // it is below the other host
	default:
		own = host
	}
	if v.doc.control && strings.HasPrefix(path, "/leastkey/") {
		base = "" // what the v4 contract has no words for
	}
	op.Method, op.Host, op.Route = method, own, base+path
	op.segments = strings.Split(op.Route[1:], "/")
	if op.segments[0] == "leastkey" && !v.doc.control {
		v.wrong("route "+quote(text)+" is below /leastkey, which is Leastkey's own", "choose another path")
		return false
	}
	var params []string
	for _, s := range op.segments {
		if strings.HasPrefix(s, "{") && slices.Contains(params, s) {
			v.wrong("route "+quote(text)+" has the parameter "+s+" twice", "rename one of them")
			return false
		}
		params = append(params, s)
	}
	return true
}

// knownMethod reports whether HTTP has the method: those of RFC 9110 that can be granted, PATCH, and
// the others that are registered with IANA. A route with a mistyped one would never match.
func knownMethod(method string) bool {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE":
		return true
	case "ACL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",
		"MKREDIRECTREF", "MKWORKSPACE", "MOVE", "ORDERPATCH", "PROPFIND", "PROPPATCH", "QUERY", "REBIND", "REPORT", "SEARCH",
		"UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF":
		return true
	default:
		return false
	}
}

// hostAndPath divides what may begin with a host. A base may be a host alone.
func (b *builder) hostAndPath(v value, text string, isBase bool) (host, path string, ok bool) {
	host, path, slash := strings.Cut(text, "/")
	if slash {
		path = "/" + path
	}
	if host != "" && !hostName.MatchString(host) {
		v.wrong("path "+quote(text)+" does not begin with /, nor with the name of a host", "write /path, or host.example.com/path in lower case and without a port")
		return "", "", false
	}
	if path == "" && isBase && host != "" {
		return host, "", true
	}
	return host, path, b.goodPath(v, path)
}

// goodPath holds paths to the one spelling that a canonical request can match.
func (b *builder) goodPath(v value, path string) bool {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		v.wrong("path "+quote(path)+" does not begin with /", "write /"+path)
		return false
	}
	for segment := range strings.SplitSeq(rest, "/") {
		switch {
		case segment == "":
			v.wrong("path "+quote(path)+" has an empty segment", "remove the extra /; a request with a trailing / matches the route without it")
			return false
		case segment == "." || segment == "..":
			v.wrong("path "+quote(path)+" has a dot segment", "write the path that it stands for")
			return false
		case !paramSegment.MatchString(segment) && !fixedSegment.MatchString(segment):
			v.wrong("path "+quote(path)+" has the segment "+quote(segment), "use plain characters, or {name} for a whole segment, with lower-case letters, digits and _")
			return false
		}
	}
	return true
}

// readAccess reads any_of and access, which exclude one another: only an operation on the
// credential itself needs no permission, and nothing else may go without.
func (b *builder) readAccess(e entry, op *Operation) {
	anyOf, access := e.key("any_of"), e.key("access")
	if access.present() {
		if text, _ := access.text("access"); text != "token" && text != "credential" {
			access.wrong("unknown access "+quote(text), "use access: token, access: credential, access: nobody, or any_of: [...]")
		}
	}
	switch {
	case access.present() && anyOf.present():
		anyOf.wrong(op.String()+" has both access and any_of", "keep one")
	case access.present() && op.Target.Kind != RuleSelf:
		access.wrong(op.String()+" asks for no permission on its target", "add any_of: [...], or target: self")
	case access.present():
		op.Access = ByCredential
		if access.isText() && access.node.Value == "credential" {
			op.Access = ByAnyCredential
		}
	case op.Target.Kind == RuleSelf:
		e.key("target").wrong(op.String()+" has target: self, for which permissions mean nothing", "write access: token instead of any_of, or name the target")
	default:
		op.Access = ByPermission
		found := e.problems()
		op.AnyOf = b.acceptedGroups(anyOf, op.Target.Type)
		if len(op.AnyOf) == 0 && e.problems() == found {
			anyOf.wrong(op.String()+" accepts no permission group", "add any_of: [...], or access: token with target: self")
		}
	}
}

// readItems reads items and paging, which lists have.
func (b *builder) readItems(e entry, op *Operation) {
	items, paging := e.key("items"), e.key("paging")
	if op.Target.Kind != RuleList {
		for _, v := range []value{items, paging} {
			if v.present() {
				v.wrong(op.String()+" is not a list and has items or paging", "remove them, or write target: {list: TYPE}")
			}
		}
		return
	}
	if !items.present() {
		items.wrong(op.String()+" is a list and does not say where its items are", "add items: {at: /result, id: /id}")
		return
	}
	ie := items.entry("items", "at", "id", "name")
	op.Items = &Items{At: ie.needPointer("at", "items"), ID: ie.needPointer("id", "items")}
	if name := ie.key("name"); name.present() {
		op.Items.Name = name.pointer("name")
	}
	if paging.present() {
		op.Paging = b.paging(paging.entry("paging", "page", "per_page", "default", "most", "info"))
	}
}

func (b *builder) paging(e entry) *Paging {
	p := &Paging{}
	p.Page, _ = e.need("page", "paging")
	p.PerPage, _ = e.need("per_page", "paging")
	p.Default = e.needCount("default", "paging")
	p.Most = e.needCount("most", "paging")
	if p.Default > p.Most {
		e.key("default").wrong("paging has a default above the most", "raise most, or lower default")
	}
	if p.Page != "" && p.Page == p.PerPage {
		e.key("per_page").wrong("paging has one query parameter for two things", "name two")
	}
	if v := e.key("info"); v.present() {
		p.Info = v.pointer("info")
	}
	return p
}

// addReaders reads the section readers: groups of this catalogue that may also use a GET route of
// the control plane. Nothing but reading can be opened in this way.
func (b *builder) addReaders(section value) {
	for _, v := range section.list("readers") {
		e := v.entry("reader", "route", "any_of")
		text, ok := e.need("route", "reader")
		if !ok {
			continue
		}
		i := slices.IndexFunc(b.c.operations, func(op *Operation) bool {
			return op.Control && op.Method == "GET" && op.Access == ByPermission && op.Method+" "+strings.TrimPrefix(op.Route, controlBase) == text
		})
		if i < 0 {
			e.key("route").wrong("readers of "+quote(text)+", which is not a GET route of the control plane with permissions", "see control.yaml for the routes")
			continue
		}
		op := b.c.operations[i]
		for _, p := range b.acceptedGroups(e.key("any_of"), op.Target.Type) {
			if !slices.Contains(op.AnyOf, p) {
				op.AnyOf = append(op.AnyOf, p)
			}
		}
	}
}

// controlBase is the base path of the control plane, whatever the catalogue's own.
const controlBase = "/client/v4"
