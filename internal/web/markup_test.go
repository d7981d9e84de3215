package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// pageFaults finds what no page, or with fragment no part of one, may have or lack.
func pageFaults(page string, fragment bool) []string {
	faults, written := nestingFaults(page)
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return append(faults, err.Error())
	}
	m := &markup{ids: map[string]int{}, labels: map[string]bool{}, counts: map[string]int{}, fragment: fragment}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			m.survey(n)
		}
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			m.inspect(n)
		}
	}
	m.whole(written)
	if strings.Contains(page, "ZgotmplZ") {
		m.fault("html/template refused a value in its place")
	}
	return append(faults, m.faults...)
}

// void are the elements that have no end.
func void(tag string) bool {
	return slices.Contains([]string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}, tag)
}

// nestingFaults finds elements that are not closed in the order they were opened; browsers guess what was meant, and
// each guess moves what users wrote to another place. It counts the elements too.
func nestingFaults(page string) ([]string, map[string]int) {
	var faults, open []string
	written := map[string]int{}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		name, _ := tokens.TagName()
		tag := string(name)
		switch kind {
		case html.StartTagToken:
			written[tag]++
			if !void(tag) {
				open = append(open, tag)
			}
		case html.SelfClosingTagToken:
			faults = append(faults, fmt.Sprintf("<%s/>: HTML does not close elements this way", tag))
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tag {
				return append(faults, fmt.Sprintf("</%s> where %q are open", tag, open)), written
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		faults = append(faults, fmt.Sprintf("%q are never closed", open))
	}
	return faults, written
}

// markup is what is known of a page.
type markup struct {
	ids      map[string]int
	labels   map[string]bool // ids of controls that have one
	counts   map[string]int
	level    int // of the last heading
	fragment bool
	faults   []string
}

func (m *markup) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func text(n *html.Node) string {
	var words strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			words.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(words.String())
}

func (m *markup) survey(n *html.Node) {
	m.counts[n.Data]++
	if id, ok := attribute(n, "id"); ok {
		m.ids[id]++
	}
	if target, ok := attribute(n, "for"); ok && n.Data == "label" && text(n) != "" {
		m.labels[target] = true
	}
}

// whole looks at the page as one.
func (m *markup) whole(written map[string]int) {
	for id, times := range m.ids {
		if times > 1 || id == "" || strings.ContainsAny(id, " \t\n") {
			m.fault("the id %q is there %d times", id, times)
		}
	}
	for tag, times := range m.counts {
		implied := m.fragment && slices.Contains([]string{"html", "head", "body"}, tag)
		if times != written[tag] && !implied {
			m.fault("<%s> is written %d times and understood %d times: it stands where it may not", tag, written[tag], times)
		}
	}
	if !m.fragment {
		for _, one := range []string{"h1", "main", "title"} {
			if m.counts[one] != 1 {
				m.fault("%d elements <%s>, want one", m.counts[one], one)
			}
		}
	}
}

func (m *markup) inspect(n *html.Node) {
	for _, a := range n.Attr {
		m.inspectAttribute(n, a)
	}
	name, named := attribute(n, "aria-label")
	labelledby, labelled := attribute(n, "aria-labelledby")
	hasName := (named && name != "") || (labelled && labelledby != "")
	switch n.Data {
	case "script":
		if src, ok := attribute(n, "src"); !ok || src == "" || text(n) != "" {
			m.fault("an inline script: %s", text(n))
		}
	case "style", "base", "iframe", "object", "embed", "svg", "math", "dialog":
		m.fault("<%s> has no place here", n.Data)
	case "input", "select", "textarea":
		kind, _ := attribute(n, "type")
		id, _ := attribute(n, "id")
		if kind != "hidden" && !hasName && !m.labels[id] && !inLabel(n) {
			m.fault("a field without a label: %v", n.Attr)
		}
	case "button":
		if kind, _ := attribute(n, "type"); kind != "submit" && kind != "button" {
			m.fault("a button that does not say its type: %s", text(n))
		}
		fallthrough
	case "a", "summary":
		if text(n) == "" && !hasName {
			m.fault("<%s> without words: %v", n.Data, n.Attr)
		}
	case "img":
		if _, ok := attribute(n, "alt"); !ok {
			m.fault("an image without alt")
		}
	case "th":
		if _, ok := attribute(n, "scope"); !ok {
			m.fault("<th> without scope: %s", text(n))
		}
	case "td":
		m.inspectCell(n)
	case "nav":
		if !hasName {
			m.fault("a navigation without a name")
		}
	case "form":
		if method, _ := attribute(n, "method"); !slices.Contains([]string{"get", "post"}, method) {
			m.fault("a form that does not say its method")
		}
		if _, ok := attribute(n, "action"); !ok {
			m.fault("a form that does not say where it goes")
		}
	case "h1", "h2", "h3", "h4":
		m.inspectHeading(n)
	}
}

// inspectCell: a cell has its column's name beside it on a narrow screen, or is told from others by its class.
func (m *markup) inspectCell(n *html.Node) {
	label, ok := attribute(n, "data-label")
	class, _ := attribute(n, "class")
	if (!ok || label == "") && class == "" && !within(n, "scroll") {
		m.fault("<td> without data-label: %s", text(n))
	}
}

func within(n *html.Node, class string) bool {
	for p := range n.Ancestors() {
		if c, _ := attribute(p, "class"); slices.Contains(strings.Fields(c), class) {
			return true
		}
	}
	return false
}

func inLabel(n *html.Node) bool {
	for p := range n.Ancestors() {
		if p.Data == "label" && text(p) != "" {
			return true
		}
	}
	return false
}

func (m *markup) inspectHeading(n *html.Node) {
	for p := range n.Ancestors() {
		if p.Data == "nav" { // beside the outline of the page
			return
		}
	}
	level := int(n.Data[1] - '0')
	if level > m.level+1 && !m.fragment {
		m.fault("<%s> after <h%d>: %s", n.Data, m.level, text(n))
	}
	m.level = level
}

func (m *markup) inspectAttribute(n *html.Node, a html.Attribute) {
	switch key := a.Key; {
	case strings.HasPrefix(key, "on"), key == "style", strings.HasPrefix(key, "hx-on"), key == "srcdoc", key == "target" && !newTab(n, a):
		m.fault("<%s %s>: not under our policy", n.Data, key)
	case strings.HasPrefix(key, "hx-") && (strings.HasPrefix(a.Val, "js:") || strings.HasPrefix(a.Val, "javascript:") || key == "hx-trigger" && strings.Contains(a.Val, "[")):
		m.fault("<%s %s=%q>: htmx would need eval", n.Data, key, a.Val)
	case slices.Contains([]string{"href", "src", "action", "formaction", "hx-get", "hx-post"}, key):
		m.inspectAddress(n, a)
	case slices.Contains([]string{"for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form", "data-copy-from", "data-groups-for"}, key):
		for id := range strings.FieldsSeq(a.Val) {
			if m.ids[id] == 0 && !m.fragment {
				m.fault("<%s %s=%q>: there is no such id", n.Data, key, a.Val)
			}
		}
	case key == "aria-invalid":
		if describedby, _ := attribute(n, "aria-describedby"); !strings.Contains(describedby, "-error") {
			m.fault("<%s> is said to be wrong, and not why", n.Data)
		}
	}
}

// newTab reports whether a link leaves the page, with what is filled in, where it is.
func newTab(n *html.Node, a html.Attribute) bool {
	rel, _ := attribute(n, "rel")
	return n.Data == "a" && a.Val == "_blank" && rel == "noopener"
}

// leaves reports whether a link says that it leads elsewhere, without telling there from where.
func leaves(n *html.Node, a html.Attribute) bool {
	rel, _ := attribute(n, "rel")
	return n.Data == "a" && strings.HasPrefix(a.Val, "https://") && rel == "external noreferrer"
}

func (m *markup) inspectAddress(n *html.Node, a html.Attribute) {
	local := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") && !strings.HasPrefix(a.Val, `/\`)
	switch {
	case strings.HasPrefix(a.Val, "#"):
		if m.ids[a.Val[1:]] == 0 && !m.fragment {
			m.fault("<%s %s=%q>: there is no such id", n.Data, a.Key, a.Val)
		}
	case !local && !strings.HasPrefix(a.Val, "?") && !leaves(n, a):
		m.fault("<%s %s=%q>: not an address of the dashboard", n.Data, a.Key, a.Val)
	}
}

func TestMarkupCanFail(t *testing.T) {
	around := func(inside string) string {
		return `<!doctype html><html lang="en"><head><title>T</title></head><body><main><h1>T</h1>` + inside + `</main></body></html>`
	}
	for _, c := range []struct{ name, inside, want string }{
		{"nothing wrong", `<p>Words</p><form method="post" action="/x"><label for="a">A</label><input id="a"><button type="submit">Go</button></form>`, ""},
		{"not closed", `<div><p>Words</div>`, "where"},
		{"closed as in XML", `<br/>`, "does not close"},
		{"a form in a form", `<form method="get" action="/"><form method="get" action="/"></form></form>`, "understood"},
		{"a block in a paragraph", `<p><div>Words</div></p>`, "understood"},
		{"rows without a body", `<table><tr><th scope="row">A</th></tr></table>`, "understood"},
		{"an id twice", `<p id="a">A</p><p id="a">B</p>`, "2 times"},
		{"no label", `<input name="a">`, "without a label"},
		{"an empty label", `<label for="a"></label><input id="a">`, "without a label"},
		{"two headings", `<h1>Another</h1>`, "2 elements <h1>"},
		{"a heading left out", `<h3>Deep</h3>`, "<h3> after <h1>"},
		{"a script", `<script>alert(1)</script>`, "inline script"},
		{"a handler", `<p onclick="x()">A</p>`, "not under our policy"},
		{"a style", `<p style="color:red">A</p>`, "not under our policy"},
		{"a style sheet", `<style>p{}</style>`, "no place"},
		{"htmx that evaluates", `<p hx-vals="js:{a:1}">A</p>`, "eval"},
		{"a condition that htmx evaluates", `<p hx-trigger="click[ctrlKey]">A</p>`, "eval"},
		{"another host", `<a href="https://example.com/">A</a>`, "not an address"},
		{"another host, said to be", `<a href="https://example.com/" rel="external noreferrer">A</a>`, ""},
		{"a picture of another host", `<img src="https://example.com/" rel="external noreferrer" alt="">`, "not an address"},
		{"a new tab", `<a href="/x" target="_blank" rel="noopener">A</a>`, ""},
		{"a new tab that reaches back", `<a href="/x" target="_blank">A</a>`, "not under our policy"},
		{"another host in short", `<a href="//example.com/">A</a>`, "not an address"},
		{"a script as address", `<a href="javascript:alert(1)">A</a>`, "not an address"},
		{"a link to nothing", `<a href="#gone">A</a>`, "no such id"},
		{"a hint that is not there", `<label for="a">A</label><input id="a" aria-describedby="gone">`, "no such id"},
		{"wrong, and not why", `<label for="a">A</label><input id="a" aria-invalid="true">`, "not why"},
		{"a button of no type", `<button>Go</button>`, "type"},
		{"a link without words", `<a href="/"><img src="/a" alt=""></a>`, "without words"},
		{"a column without scope", `<table><thead><tr><th>A</th></tr></thead></table>`, "without scope"},
		{"a cell without a label", `<table><tbody><tr><td>A</td></tr></tbody></table>`, "data-label"},
		{"a form to anywhere", `<form method="post"></form>`, "where it goes"},
		{"a value that was refused", `<p>ZgotmplZ</p>`, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := pageFaults(around(c.inside), false)
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("faults %q, want none", faults)
			case c.want != "" && !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, c.want) }):
				t.Errorf("faults %q, want one with %q", faults, c.want)
			}
		})
	}
}
