package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// summary says in words what a token may do, where, from where and until when.
type summary struct {
	title    string
	rows     [][2]string
	warnings []string
}

// summarize describes a token that is or will be. names are the names of resource keys, where
// they are known.
func summarize(title string, t api.Token, v vocabulary, names map[string]string, now time.Time) summary {
	s := summary{title: title}
	for _, p := range t.Policies {
		s.policy(p, v, names)
	}
	if !grantsSomething(t.Policies) {
		s.row("may", "nothing")
		s.warn("it may do nothing")
	}
	s.condition(t.Condition)
	s.validity(t.NotBefore, t.ExpiresOn, now)
	return s
}

func (s *summary) row(label, text string) { s.rows = append(s.rows, [2]string{label, text}) }

func (s *summary) warn(text string) { s.warnings = append(s.warnings, text) }

func (s *summary) policy(p api.Policy, v vocabulary, names map[string]string) {
	label := "may"
	if p.Effect == leastkey.Deny {
		label = "may not"
	}
	for _, k := range readKeys(p.Resources) {
		text, ofScope := k.words(v, names)
		var groups []string
		for _, ref := range p.Groups {
			if concerns(v, ref, ofScope) {
				groups = append(groups, v.name(ref))
			}
		}
		s.row(label, strings.Join(groups, ", ")+" on "+text)
		if p.Effect == leastkey.Deny {
			continue
		}
		if k.all() {
			s.warn("it reaches " + text + ", those that are added later included")
		}
		if slices.Contains(groups, "API Tokens Write") || slices.Contains(groups, "Account API Tokens Write") {
			s.warn("it can make other tokens, and change and delete all there are")
		}
	}
}

// concerns reports whether a group is about a type; a group that the server does not list might be.
func concerns(v vocabulary, ref api.PermissionGroupRef, ofScope string) bool {
	for _, g := range v.groups {
		if g.ID == ref.ID {
			return scope(g) == ofScope
		}
	}
	return true
}

func (s *summary) condition(c api.Condition) {
	if len(c.In) > 0 {
		s.row("only from", addresses(c.In))
		if v := missingVersion(c.In); v != "" {
			s.warn("clients that connect over " + v + " are refused")
		}
	}
	if len(c.NotIn) > 0 {
		s.row("never from", addresses(c.NotIn))
	}
}

func addresses(list []leastkey.AddressRange) string {
	var texts []string
	for _, r := range list {
		texts = append(texts, r.String())
	}
	return strings.Join(texts, ", ")
}

// missingVersion is the version of IP of which no range is among these, or "".
func missingVersion(list []leastkey.AddressRange) string {
	v6 := 0
	for _, r := range list {
		if strings.Contains(r.String(), ":") {
			v6++
		}
	}
	switch v6 {
	case 0:
		return "IPv6"
	case len(list):
		return "IPv4"
	default:
		return ""
	}
}

func (s *summary) validity(notBefore, expiresOn api.Time, now time.Time) {
	if !notBefore.IsZero() {
		s.row("from", instant(notBefore))
	}
	switch {
	case expiresOn.IsZero():
		s.row("until", "it is deleted")
		s.warn("it never expires; --expires 30d would end it")
	default:
		s.row("until", instant(expiresOn)+" ("+lasting(expiresOn.Time, now)+")")
		if !expiresOn.After(now) {
			s.warn("it has expired")
		}
	}
}

func instant(t api.Time) string { return t.UTC().Format(time.RFC3339) }

func grantsSomething(policies []api.Policy) bool {
	for _, p := range policies {
		if p.Effect == leastkey.Allow && len(p.Groups) > 0 {
			return true
		}
	}
	return false
}

// write prints the summary for people.
func (s summary) write(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintln(&out, oneLine(s.title))
	for _, row := range s.rows {
		fmt.Fprintf(&out, "  %-10s  %s\n", row[0], wrapped(oneLine(row[1])))
	}
	for i, warning := range s.warnings {
		if !slices.Contains(s.warnings[:i], warning) {
			fmt.Fprintf(&out, "  warning: %s\n", oneLine(warning))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// wrapped breaks a long text between words, and indents what follows to the column it began in.
func wrapped(text string) string {
	const width, indent = 100, "\n              "
	var out strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && column+1+len(word) > width:
			out.WriteString(indent)
			column = 0
		case i > 0:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += len(word)
	}
	return out.String()
}

// resourceKey is one entry of a resource map.
type resourceKey struct{ key, under string }

func (k resourceKey) all() bool { return strings.HasSuffix(k.key, ".*") }

// words describes the entry: "zone staging.example", "every zone of account Example".
func (k resourceKey) words(v vocabulary, names map[string]string) (text, ofScope string) {
	ofScope, id := v.split(k.key)
	if id != "*" {
		return kindOf(ofScope) + " " + named(k.key, id, names), ofScope
	}
	text = "every " + kindOf(ofScope)
	if k.under != "" {
		parentScope, parent := v.split(k.under)
		text += " of " + kindOf(parentScope) + " " + named(k.under, parent, names)
	}
	return text, ofScope
}

func named(key, id string, names map[string]string) string {
	if name := names[key]; name != "" {
		return name + " (" + id + ")"
	}
	return id
}

// readKeys lists the entries of a resource map in their order.
func readKeys(resources json.RawMessage) []resourceKey {
	var keys []resourceKey
	eachMember(resources, func(key string, value json.RawMessage) {
		if !bytes.HasPrefix(value, []byte("{")) {
			keys = append(keys, resourceKey{key: key})
			return
		}
		eachMember(value, func(inner string, _ json.RawMessage) {
			keys = append(keys, resourceKey{inner, key})
		})
	})
	return keys
}

func eachMember(object json.RawMessage, visit func(string, json.RawMessage)) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		return
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return
		}
		if text, ok := key.(string); ok {
			visit(text, value)
		}
	}
}
