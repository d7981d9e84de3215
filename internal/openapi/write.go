package openapi

import (
	"bytes"
	"fmt"
	"strings"
)

// write makes the text of the catalogue, and counts what is in it.
func write(d *document, ops []*operation, fences []fence, ks *kinds, g *groups, r *Report) []byte {
	used := map[*kind]bool{}
	var rows bytes.Buffer
	for _, op := range ops {
		if op.row == nil {
			continue
		}
		for k := op.row.kind; k != nil; k = k.parent {
			used[k] = true
		}
		accepted := g.accepted(op.row)
		if op.why == "" {
			writeRow(&rows, "  ", op, accepted)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# A first catalogue for %s, made by leastkey catalog import (OpenAPI %s).\n", orElse(r.Title, "an API"), shorten(d.version))
	fmt.Fprintf(&b, "# Decided: %d of %d operations. The rest is at the end, and refused until it is decided.\n", r.Decided, r.Operations)
	b.WriteString("# Read every row before you rely on it; leastkey catalog check says whether it holds together.\n")
	fmt.Fprintf(&b, "namespace: %s\n", quote(r.Namespace))
	if r.Base != "" {
		fmt.Fprintf(&b, "base: %s\n", quote(r.Base))
	}
	if names := d.keyHeaders(); len(names) > 0 {
		fmt.Fprintf(&b, "token_headers: [%s] # where clients send their key: a token may come there\n", strings.Join(names, ", "))
	}
	b.WriteString("\n# Register resources as they are made, by discovery, or with leastkey resource add.\nresources:")
	types := bytes.Buffer{}
	for _, k := range ks.list {
		if !used[k] || k.name == "account" {
			continue
		}
		r.Types++
		parent := ""
		if k.parent != nil && k.parent.name != "account" {
			parent = "parent: " + quote(k.parent.name)
		}
		fmt.Fprintf(&types, "  %s: {%s} # %s\n", quote(k.name), parent, route(k.path))
	}
	if types.Len() == 0 {
		b.WriteString(" {}\n")
	} else {
		b.WriteString("\n" + types.String())
	}
	b.WriteString("\n# Ids are for ever; names may change.\npermission_groups:")
	if len(g.list) == 0 {
		b.WriteString(" []\n") // which the catalogue will refuse
	} else {
		b.WriteString("\n")
	}
	r.Groups = len(g.list)
	for _, one := range g.list {
		category := ""
		if one.category != "" {
			category = ", category: " + quote(one.category)
		}
		fmt.Fprintf(&b, "  - {id: %s, name: %s, resource: %s%s}\n", one.id, quote(one.name), quote(one.kind), category)
	}
	b.WriteString("\noperations:\n")
	b.Write(rows.Bytes())
	if len(fences) > 0 {
		b.WriteString("\n  # What is undecided, or can be meant in two ways, and so refused: the rows above would take these requests otherwise.\n")
	}
	for _, f := range fences {
		fmt.Fprintf(&b, "  - {route: %s, access: nobody}\n", quote(f.method+" "+route(f.segments)))
	}
	writeUndecided(&b, ops, g)
	return b.Bytes()
}

func writeRow(b *bytes.Buffer, indent string, op *operation, accepted []string) {
	names := make([]string, len(accepted))
	for i, name := range accepted {
		names[i] = quote(name)
	}
	if op.summary != "" {
		fmt.Fprintf(b, "%s# %s\n", indent, shorten(op.summary))
	}
	fmt.Fprintf(b, "%s- {route: %s, any_of: [%s], target: %s", indent, quote(op.method+" "+route(op.segments)), strings.Join(names, ", "), op.row.target)
	for _, more := range op.row.more {
		b.WriteString(", " + more)
	}
	b.WriteString("}\n")
}

// writeUndecided lists what is in no row, by reason. What was decided at first stands as a row to be taken over.
func writeUndecided(b *bytes.Buffer, ops []*operation, g *groups) {
	var reasons []string
	by := map[string][]*operation{}
	for _, op := range ops {
		if op.why != "" {
			if by[op.why] == nil {
				reasons = append(reasons, op.why)
			}
			by[op.why] = append(by[op.why], op)
		}
	}
	if len(reasons) > 0 {
		b.WriteString("\n# Undecided, and so refused:\n")
	}
	for _, why := range reasons {
		fmt.Fprintf(b, "#\n# %s:\n", why)
		for _, op := range by[why] {
			if op.row == nil {
				fmt.Fprintf(b, "#   %s  %s\n", op.name(), shorten(op.summary))
				continue
			}
			writeRow(b, "#   ", op, g.accepted(op.row))
		}
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
