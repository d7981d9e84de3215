package chromium

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// What a person can do with an element goes by its role, in Chromium's words.
var (
	pressable = []string{"button", "link", "DisclosureTriangle", "DisclosureTriangleGrouped", "menuitem", "tab", "option"}
	fillable  = []string{"textbox", "searchbox", "spinbutton", "combobox", "Date", "DateTime", "InputTime"}
	choosable = []string{"combobox", "listbox"}
	checkable = []string{"checkbox", "radio", "switch"}
	container = []string{"group", "region", "row", "article", "listitem", "form", "table", "radiogroup", "navigation",
		"main", "dialog", "list", "search", "complementary", "Details"}
)

// scope is the part of the page that is looked at, from the outside in; empty is all of it.
type scope []string

// Within is the same tab, looked at only inside of the container with that name: a group of fields, a region, a row.
func (p *Page) Within(name string) *Page {
	inner := *p
	inner.scope = append(slices.Clone(p.scope), name)
	return &inner
}

// Nth is the same tab, in which of several elements with the same name the n-th is meant, counted from 1.
func (p *Page) Nth(n int) *Page {
	other := *p
	other.nth = n
	return &other
}

// element is one element of the document that is loaded now.
type element struct {
	id   cdp.BackendNodeID
	role string
	name string
}

// find waits for the one element with that accessible name and one of the roles, or for the n-th.
func (p *Page) find(name string, roles []string) element {
	p.t.Helper()
	var last []element
	if !p.comes(func() bool {
		last = p.look(name, roles)
		return len(last) == 1 && p.nth == 0 || p.nth > 0 && len(last) >= p.nth
	}) {
		p.t.Fatalf("want one of %s named %q%s; there are %d; the page is %s",
			strings.Join(roles, ", "), name, p.where(), len(last), p.describe())
	}
	return last[max(p.nth, 1)-1]
}

// has reports whether there is such an element now.
func (p *Page) has(name string, roles []string) bool { return len(p.look(name, roles)) > 0 }

func (p *Page) where() string {
	if len(p.scope) == 0 {
		return ""
	}
	return fmt.Sprintf(" within %q", []string(p.scope))
}

// look is every such element, none if the document is going away.
func (p *Page) look(name string, roles []string) []element {
	root := accessibility.QueryAXTreeParams{}
	result, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
	if err != nil || result.Result.ObjectID == "" {
		return nil
	}
	root.ObjectID = result.Result.ObjectID
	for _, name := range p.scope {
		inner := p.query(root, name, container)
		if len(inner) != 1 {
			return nil
		}
		root = accessibility.QueryAXTreeParams{BackendNodeID: inner[0].id}
	}
	return p.query(root, name, roles)
}

// query asks for the name as it is, which is quick, and then for every element, whose names are compared as heard.
func (p *Page) query(under accessibility.QueryAXTreeParams, name string, roles []string) []element {
	for _, exact := range []string{name, ""} {
		under.AccessibleName = exact
		result, err := chromedp.Call(p.ctx, accessibility.QueryAXTree, under)
		if err != nil {
			return nil
		}
		var found []element
		for _, node := range result.Nodes {
			role := text(node.Role)
			if !node.Ignored && slices.Contains(roles, role) && called(spoken(text(node.Name)), name, role) {
				found = append(found, element{id: node.BackendDOMNodeID, role: role, name: name})
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// called reports whether an element is the one that is meant. What is to be marked may go on after its name, with what
// it means.
func called(full, name, role string) bool {
	return full == name || slices.Contains(checkable, role) && strings.HasPrefix(full, name+" ")
}

// spoken is a name as it is heard: Chromium puts spaces between the parts of which it makes one.
func spoken(name string) string {
	name = strings.Join(strings.Fields(name), " ")
	for _, mark := range []string{":", ",", "."} {
		name = strings.ReplaceAll(name, " "+mark, mark)
	}
	return name
}

func text(value *accessibility.Value) string {
	var s string
	if value == nil || json.Unmarshal(value.Value, &s) != nil {
		return ""
	}
	return s
}

// of calls a JavaScript function on an element, for reading only, and returns its value.
func of[T any](p *Page, e element, function string, arguments ...any) T {
	p.t.Helper()
	return on[T](p, p.object(e), function, arguments...)
}

func (p *Page) object(e element) runtime.RemoteObjectID {
	p.t.Helper()
	return call(p, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: e.id}).Object.ObjectID
}

func on[T any](p *Page, object runtime.RemoteObjectID, function string, arguments ...any) T {
	p.t.Helper()
	var value T
	yes := true
	params := runtime.CallFunctionOnParams{FunctionDeclaration: function, ObjectID: object, ReturnByValue: &yes}
	for _, argument := range arguments {
		raw, err := json.Marshal(argument)
		if err != nil {
			p.t.Fatal(err)
		}
		params.Arguments = append(params.Arguments, &runtime.CallArgument{Value: raw})
	}
	result := call(p, runtime.CallFunctionOn, params)
	if result.ExceptionDetails != nil {
		p.t.Fatalf("%.60s: %v", function, &chromedp.ExceptionError{ExceptionDetails: result.ExceptionDetails})
	}
	if len(result.Result.Value) > 0 {
		if err := json.Unmarshal(result.Result.Value, &value); err != nil {
			p.t.Fatalf("%.60s: %v", function, err)
		}
	}
	return value
}
