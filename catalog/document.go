package catalog

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is one catalogue file while it is read. Whatever is wrong goes to problems.
type document struct {
	file     string
	control  bool // the built-in file
	problems *Problems
	warnings Problems
}

// value is one YAML value, or the lack of one, and where it stands.
type value struct {
	doc  *document
	node *yaml.Node // nil when absent
	line int        // of the value, or of what lacks it
}

// entry is a YAML mapping: its values by key, and its keys in order.
type entry struct {
	value
	keys []value
	at   map[string]value
}

// problems counts what was reported so far, to see whether something more was.
func (v value) problems() int { return len(*v.doc.problems) }

// wrong reports a problem on the line of the value.
func (v value) wrong(what, fix string) {
	*v.doc.problems = append(*v.doc.problems, Problem{File: v.doc.file, Line: v.line, What: what, Fix: fix})
}

// warn reports what does not keep the catalogue from being used.
func (v value) warn(what, fix string) {
	v.doc.warnings = append(v.doc.warnings, Problem{File: v.doc.file, Line: v.line, What: what, Fix: fix})
}

// present reports whether there is a value at all.
func (v value) present() bool { return v.node != nil }

// where names the place for messages about another place.
func (v value) where() string {
	if v.doc.control {
		return "built in"
	}
	return v.doc.file + ":" + strconv.Itoa(v.line)
}

// read parses the file into its top mapping.
func (d *document) read(data []byte) (value, bool) {
	top := value{doc: d, line: 1}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var node, more yaml.Node
	switch err := decoder.Decode(&node); {
	case errors.Is(err, io.EOF):
		top.wrong("the catalogue is empty", "start with resources, permission_groups and operations")
		return top, false
	case err != nil:
		*d.problems = append(*d.problems, Syntax(d.file, data, err))
		return top, false
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			*d.problems = append(*d.problems, Syntax(d.file, data, err))
		} else {
			top.line = more.Line
			top.wrong("a second YAML document begins here", "keep one document in the file")
		}
		return top, false
	}
	top = d.value(node.Content[0])
	if top.node.Kind != yaml.MappingNode {
		top.wrong("the catalogue is not a mapping", "start with namespace: ..., resources: ...")
		return top, false
	}
	return top, true
}

// value wraps a node; an alias stands for what it points to, on the line of the alias.
func (d *document) value(n *yaml.Node) value {
	v := value{doc: d, node: n, line: n.Line}
	for v.node.Kind == yaml.AliasNode {
		v.node = v.node.Alias
	}
	return v
}

// entry reads a mapping of which only the known keys may occur; with none known, any may.
func (v value) entry(what string, known ...string) entry {
	e := entry{value: v, at: map[string]value{}}
	if !v.present() {
		return e
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrong(what+" is not a mapping", "write {key: value, ...}")
		return e
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := v.doc.value(v.node.Content[i])
		name := key.node.Value
		switch _, twice := e.at[name]; {
		case key.node.Kind != yaml.ScalarNode || name == "":
			key.wrong("a key of "+what+" is not a word", "write key: value")
			continue
		case twice:
			key.wrong("key "+quote(name)+" occurs twice in "+what, "keep one")
			continue
		case len(known) > 0 && !slices.Contains(known, name):
			key.wrong("unknown key "+quote(name)+" in "+what, "use one of "+strings.Join(known, ", "))
			continue
		}
		e.keys = append(e.keys, key)
		e.at[name] = v.doc.value(v.node.Content[i+1])
	}
	return e
}

// key gives the value at a key; an absent one stands on the line of the entry.
func (e entry) key(name string) value {
	if v, ok := e.at[name]; ok {
		return v
	}
	return value{doc: e.doc, line: e.line}
}

// need is key(name).text for a value that must be there.
func (e entry) need(name, what string) (string, bool) {
	v := e.key(name)
	if !v.present() {
		v.wrong(what+" without "+name, "add "+name+": ...")
		return "", false
	}
	return v.text(name)
}

// text reads a scalar that is not empty.
func (v value) text(what string) (string, bool) {
	if !v.isText() {
		v.wrong(what+" is not a word or a text", "write one value")
		return "", false
	}
	return v.node.Value, true
}

func (v value) isText() bool {
	return v.present() && v.node.Kind == yaml.ScalarNode && v.node.Value != "" && v.node.Tag != "!!null"
}

// list reads a sequence; an absent one is empty.
func (v value) list(what string) []value {
	if !v.present() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.wrong(what+" is not a list", "write [a, b, ...]")
		return nil
	}
	items := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		items[i] = v.doc.value(n)
	}
	return items
}

// needCount reads a number of at least 1.
func (e entry) needCount(key, what string) int {
	text, ok := e.need(key, what)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		e.key(key).wrong(key+" "+quote(text)+" is not a count", "write a whole number from 1")
		return 0
	}
	return n
}

// quote makes text safe and short enough for a message.
func quote(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
