// Package catalog is what Leastkey knows about an API: which resource types there are, which
// permission groups, roles and templates, and which request needs what.
//
// A catalogue is one YAML file (see README.md for its shape) together with the built-in part
// that describes Leastkey's own control plane. It is checked whole when it is loaded: what
// [Load] returns has no name that does not resolve and no request with two readings. A
// [Catalog] does not change after that and may be used by many goroutines at once.
package catalog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/leastkey/leastkey"
)

//go:embed control.yaml
var controlYAML []byte

//go:embed cloudflare.yaml
var cloudflareYAML []byte

// Catalog is a loaded catalogue.
type Catalog struct {
	resources []Resource
	byType    map[leastkey.ResourceType]Resource

	groups       []Group
	groupByID    map[leastkey.ID]Group
	groupsByName map[string][]Group

	roles     []Role
	roleByID  map[leastkey.ID]*Role
	templates []Template

	operations []*Operation
	routes     *node            // that name no host
	hosts      map[string]*node // the others

	userGroups, accountGroups []typeGroups

	tokenHeaders []string

	own      Counts
	text     string
	digest   string
	warnings Problems
}

// Counts says how many there are of what a catalogue defines. A row for nobody is no operation.
type Counts struct{ Resources, Groups, Roles, Templates, Operations int }

// Own counts what the file itself defines, without the built-in part.
func (c *Catalog) Own() Counts { return c.own }

// Text is the file, as [Load] takes it.
func (c *Catalog) Text() string { return c.text }

// Digest is the SHA-256 of the file, in hex.
func (c *Catalog) Digest() string { return c.digest }

// Warnings are what may not be meant, in a catalogue that is in order.
func (c *Catalog) Warnings() Problems { return slices.Clone(c.warnings) }

// Default loads the embedded catalogue: the Cloudflare-shaped API that the demo serves.
func Default() (*Catalog, error) { return Load("cloudflare.yaml", cloudflareYAML) }

// Load reads a catalogue and adds the built-in part. file is its name in messages. The error is
// of type [Problems] and has everything that is wrong.
func Load(file string, data []byte) (*Catalog, error) {
	var problems Problems
	control := &document{file: "control.yaml", control: true, problems: &problems}
	own := &document{file: file, problems: &problems}
	builtIn, ok := control.read(controlYAML)
	top, ok2 := own.read(data)
	if !ok || !ok2 {
		return nil, problems
	}
	b := &builder{
		c: &Catalog{
			byType:       map[leastkey.ResourceType]Resource{},
			groupByID:    map[leastkey.ID]Group{},
			groupsByName: map[string][]Group{},
			roleByID:     map[leastkey.ID]*Role{},
			routes:       &node{},
			hosts:        map[string]*node{},
		},
		places: map[string]value{},
		sets:   map[setName][]value{},
	}
	ownSections := top.entry("the catalogue", sections...)
	b.build(builtIn.entry("the catalogue", sections...), ownSections)
	if len(problems) > 0 {
		return nil, problems
	}
	b.finish()
	sum := sha256.Sum256(data)
	b.c.own, b.c.warnings, b.c.digest = countsOf(ownSections), own.warnings, hex.EncodeToString(sum[:])
	b.c.own.Operations -= len(b.refused)
	b.c.text = string(data)
	return b.c, nil
}

// sections are the keys at the top of a catalogue file.
var sections = []string{"namespace", "base", "ids", "token_headers", "resources", "permission_groups", "sets", "roles", "templates", "operations", "readers"}

// builder fills a Catalog from two files.
type builder struct {
	c         *Catalog
	namespace string
	places    map[string]value    // where each name and id was defined
	sets      map[setName][]value // references to groups
	refused   []*Operation        // routes that are for nobody
}

// build reads the sections in the order in which they refer to one another.
func (b *builder) build(control, own entry) {
	for _, section := range []string{"permission_groups", "operations"} {
		if v := own.key(section); !v.present() || len(v.node.Content) == 0 && v.node.Kind == yaml.SequenceNode {
			v.wrong("the catalogue has no "+section, "add "+section+": [...]")
		}
	}
	b.namespace = readNamespace(own)
	ids := AnyText
	if f := own.key("ids"); f.present() {
		ids = readIDForm(f)
	}
	b.addTokenHeaders(own.key("token_headers"))
	b.addResources(control.key("resources"), Hex32)
	b.addResources(own.key("resources"), ids)
	for _, e := range []entry{control, own} {
		b.addGroups(e.key("permission_groups"))
		b.addSets(e.key("sets"))
	}
	b.sortGroups()
	b.addRoles(control.key("roles"))
	b.addRoles(own.key("roles"))
	b.addTemplates(own.key("templates"))
	b.addTemplates(control.key("templates"))
	b.addOperations(control)
	b.addOperations(own)
	b.addReaders(own.key("readers"))
	b.checkAmbiguity()
}

// countsOf counts the rows of a file without problems, each of which defines one thing.
func countsOf(own entry) Counts {
	rows := func(section string) int {
		v := own.key(section)
		switch {
		case !v.present():
			return 0
		case v.node.Kind == yaml.MappingNode:
			return len(v.node.Content) / 2
		default:
			return len(v.node.Content)
		}
	}
	return Counts{rows("resources"), rows("permission_groups"), rows("roles"), rows("templates"), rows("operations")}
}

func readNamespace(own entry) string {
	const fallback = "com.example.api" // to go on with after a problem
	text, ok := own.need("namespace", "the catalogue")
	if ok && !scopeName.MatchString(text) {
		own.key("namespace").wrong("namespace "+quote(text)+" cannot begin a resource key", "write something like "+fallback)
	}
	if !scopeName.MatchString(text) {
		return fallback
	}
	return text
}

// finish derives what only makes sense for a catalogue without problems.
func (b *builder) finish() {
	c := b.c
	for i := range c.roles {
		c.roleByID[c.roles[i].ID] = &c.roles[i]
	}
	var all []leastkey.ID
	for _, g := range c.groups {
		all = append(all, g.ID)
	}
	for _, tg := range c.splitByType(all) {
		if tg.t == leastkey.UserType {
			c.userGroups = append(c.userGroups, tg)
		} else {
			c.accountGroups = append(c.accountGroups, tg)
		}
	}
	for i, op := range c.operations {
		op.number = i
	}
	for _, op := range slices.Concat(c.operations, b.refused) {
		at := c.routes
		if op.Host != "" {
			if at = c.hosts[op.Host]; at == nil {
				at = &node{}
				c.hosts[op.Host] = at
			}
		}
		at.add(op)
		for i, segment := range op.segments {
			if isParam(segment) {
				op.paramAt = append(op.paramAt, i)
			}
		}
	}
	c.routes.seal()
	for _, own := range c.hosts {
		own.seal()
	}
}

// id reads the id of a thing, which must be unique among its kind.
func (b *builder) id(e entry, kind string) (leastkey.ID, bool) {
	text, ok := e.need("id", kind)
	if !ok {
		return leastkey.ID{}, false
	}
	id, err := leastkey.ParseID(text)
	if err != nil || id.IsZero() {
		e.key("id").wrong(kind+" id "+quote(text)+" is not an id", "write 32 lower-case hex digits, and never change them")
		return leastkey.ID{}, false
	}
	return id, b.unique(e, kind+" id", text, text)
}

// unique holds a name or id of one kind of thing for the entry, and reports a second use.
func (b *builder) unique(e entry, kind, name, shown string) bool {
	key := kind + " " + name
	if old, taken := b.places[key]; taken {
		e.wrong(kind+" "+shown+" is defined twice ("+old.where()+")", "remove this one, or choose another")
		return false
	}
	b.places[key] = e.value
	return true
}

// knownType reads the name of a resource type that must be there.
func (b *builder) knownType(e entry, key, what string) (leastkey.ResourceType, bool) {
	text, ok := e.need(key, what)
	if !ok {
		return "", false
	}
	t := leastkey.ResourceType(text)
	if _, known := b.c.byType[t]; !known {
		b.unknownType(e.key(key), text)
		return "", false
	}
	return t, true
}

func (b *builder) unknownType(at value, name string) {
	var known []string
	for _, r := range b.c.resources {
		known = append(known, string(r.Type))
	}
	slices.Sort(known)
	at.wrong("unknown resource type "+quote(name), "define it under resources, or use one of "+strings.Join(known, ", "))
}
