package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of what is read.
const (
	maxBytes      = 64 << 20
	maxDepth      = 200
	maxHops       = 32 // of references that point to references
	maxOperations = 10_000
	maxSteps      = 20_000 // through the schemas of one answer
)

// node is a value of the document, with the keys of an object in their order. A nil node is absent.
type node struct {
	object bool
	list   bool
	str    bool // text is a string, not a number or the like
	null   bool
	text   string // of a scalar
	keys   []string
	at     map[string]*node
	items  []*node
}

func (n *node) key(name string) *node {
	if n == nil {
		return nil
	}
	return n.at[name]
}

func (n *node) string() string {
	if n == nil || n.object || n.list || n.null {
		return ""
	}
	return n.text
}

func (n *node) put(key string, v *node) error {
	if _, twice := n.at[key]; twice {
		return fmt.Errorf("the key %s occurs twice in one object, so it can be read in two ways", strconv.Quote(shorten(key)))
	}
	n.keys = append(n.keys, key)
	n.at[key] = v
	return nil
}

// parse reads JSON when the text begins as an object of JSON does, and YAML otherwise.
func parse(data []byte) (*node, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("the document has more than %d bytes", maxBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && json.Valid(data) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		return fromJSON(dec, 0)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var top, more yaml.Node
	if err := dec.Decode(&top); errors.Is(err, io.EOF) {
		return nil, errors.New("the document is empty")
	} else if err != nil {
		return nil, fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one YAML document in the file")
	}
	y := fromYAML{done: map[*yaml.Node]*node{}}
	return y.node(&top, 0)
}

var errDeep = fmt.Errorf("the document is nested more than %d deep", maxDepth)

func fromJSON(dec *json.Decoder, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		n := &node{object: t == '{', list: t == '[', at: map[string]*node{}}
		for dec.More() {
			key := ""
			if n.object {
				k, err := dec.Token()
				if err != nil {
					return nil, err
				}
				key, _ = k.(string)
			}
			v, err := fromJSON(dec, depth+1)
			if err != nil {
				return nil, err
			}
			if n.list {
				n.items = append(n.items, v)
			} else if err := n.put(key, v); err != nil {
				return nil, err
			}
		}
		_, err := dec.Token()
		return n, err
	case string:
		return &node{str: true, text: t}, nil
	case nil:
		return &node{null: true}, nil
	default:
		return &node{text: fmt.Sprint(t)}, nil
	}
}

// fromYAML turns each YAML node into one node, however often aliases point to it.
type fromYAML struct{ done map[*yaml.Node]*node }

func (y *fromYAML) node(n *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if made, seen := y.done[n]; seen {
		if made == nil {
			return nil, errors.New("an alias in the document contains itself")
		}
		return made, nil
	}
	y.done[n] = nil
	made := &node{at: map[string]*node{}}
	switch n.Kind {
	case yaml.DocumentNode:
		return y.node(n.Content[0], depth+1)
	case yaml.AliasNode:
		v, err := y.node(n.Alias, depth+1)
		y.done[n] = v
		return v, err
	case yaml.MappingNode:
		made.object = true
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: a key is not a word", k.Line)
			}
			if k.Tag == "!!merge" {
				return nil, fmt.Errorf("line %d: a merge key (<<) is no part of OpenAPI; write out what it stands for", k.Line)
			}
			v, err := y.node(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			if err := made.put(k.Value, v); err != nil {
				return nil, fmt.Errorf("line %d: %w", k.Line, err)
			}
		}
	case yaml.SequenceNode:
		made.list = true
		for _, item := range n.Content {
			v, err := y.node(item, depth+1)
			if err != nil {
				return nil, err
			}
			made.items = append(made.items, v)
		}
	default:
		made.text, made.str, made.null = n.Value, n.Tag == "!!str", n.Tag == "!!null"
	}
	y.done[n] = made
	return made, nil
}

// resolve follows references inside the document; nothing outside is ever read. It gives nil for one that leads nowhere.
func (d *document) resolve(n *node) *node {
	for range maxHops {
		ref := n.key("$ref")
		if ref == nil || !ref.str {
			return n
		}
		at, local := strings.CutPrefix(ref.text, "#")
		at, err := url.PathUnescape(at)
		if !local || err != nil || at != "" && at[0] != '/' {
			return nil
		}
		n = d.top
		for part := range strings.SplitSeq(strings.TrimPrefix(at, "/"), "/") {
			part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
			if i, err := strconv.Atoi(part); err == nil && n != nil && n.list && i >= 0 && i < len(n.items) {
				n = n.items[i]
				continue
			}
			n = n.key(part)
		}
	}
	return nil
}

// document is what is imported.
type document struct {
	top     *node
	steps   int    // taken through schemas
	version string // "3.0.3"; "2.0" of Swagger
}

func open(data []byte) (*document, error) {
	top, err := parse(data)
	if err != nil {
		return nil, err
	}
	d := &document{top: top, version: top.key("openapi").string()}
	if d.version == "" {
		d.version = top.key("swagger").string()
	}
	switch {
	case d.version == "":
		return nil, errors.New("not an OpenAPI document: there is neither openapi: 3.0.x or 3.1.x nor swagger: \"2.0\" at its top")
	case d.version != "2.0" && !strings.HasPrefix(d.version, "3.0.") && !strings.HasPrefix(d.version, "3.1."):
		return nil, fmt.Errorf("OpenAPI %s is not read, only 2.0, 3.0 and 3.1", strconv.Quote(shorten(d.version)))
	case top.key("paths") == nil || !top.key("paths").object:
		return nil, errors.New("the document has no paths")
	}
	return d, nil
}
