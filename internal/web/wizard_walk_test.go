package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/web"
)

// walk is a form as somebody has it in a browser without scripts.
type walk struct {
	t      *testing.T
	b      *nodetest.Browser
	at     nodetest.Answer
	action string
	values url.Values
}

// begin opens a page that has a form.
func begin(t *testing.T, b *nodetest.Browser, path string) *walk {
	t.Helper()
	w := &walk{t: t, b: b}
	a := b.Get(path)
	want(t, a, http.StatusOK)
	w.read(a)
	return w
}

// read takes the fields of the page's form as a browser would send them.
func (w *walk) read(a nodetest.Answer) {
	w.t.Helper()
	w.at, w.values, w.action = a, url.Values{}, ""
	for n := range written(w.t, a).Descendants() {
		if n.Data == "form" && w.action == "" && attr(n, "method") == "post" && attr(n, "action") != "/sign-out" {
			w.action = attr(n, "action")
			for f := range n.Descendants() {
				w.field(f)
			}
		}
	}
}

func (w *walk) field(f *html.Node) {
	name := attr(f, "name")
	switch {
	case name == "" || f.Data == "button" || f.Data == "details":
	case f.Data == "select":
		first, chosen := "", false
		for o := range f.Descendants() {
			if o.Data == "option" && (first == "" && !chosen || has(o, "selected")) {
				first, chosen = attr(o, "value"), true
			}
		}
		w.values.Set(name, first)
	case f.Data == "textarea":
		text := ""
		for c := range f.Descendants() {
			text += c.Data
		}
		w.values.Set(name, text)
	case attr(f, "type") == "checkbox" || attr(f, "type") == "radio":
		if has(f, "checked") {
			w.values.Add(name, attr(f, "value"))
		}
	case f.Data == "input":
		w.values.Add(name, attr(f, "value"))
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// set fills in fields, as name and value in turn. A field that is not there fails the test.
func (w *walk) set(pairs ...string) *walk {
	w.t.Helper()
	for pair := range slices.Chunk(pairs, 2) {
		if _, there := w.values[pair[0]]; !there && !strings.Contains(string(w.at.Body), `name="`+pair[0]+`"`) {
			w.t.Fatalf("there is no field %s in %s", pair[0], w.at.Body)
		}
		w.values.Set(pair[0], pair[1])
	}
	return w
}

// tick ticks the box beside the words.
func (w *walk) tick(words string) *walk {
	w.t.Helper()
	for n := range written(w.t, w.at).Descendants() {
		if n.Data == "label" && strings.TrimSpace(textOf(n)) == words {
			for f := range n.Descendants() {
				if f.Data == "input" {
					w.values.Add(attr(f, "name"), attr(f, "value"))
					return w
				}
			}
		}
	}
	w.t.Fatalf("there is no box for %s in %s", words, w.at.Body)
	return w
}

func textOf(n *html.Node) string {
	text := ""
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return text
}

// press sends the form with a button, which must be there, and reads the page that comes.
func (w *walk) press(do string, status int, words ...string) *walk {
	w.t.Helper()
	action, found := w.action, false
	for n := range written(w.t, w.at).Descendants() {
		if n.Data == "button" && (attr(n, "value") == do || do == "" && attr(n, "name") == "" && attr(n, "type") == "submit") {
			found = true
			if to := attr(n, "formaction"); to != "" {
				action = to
			}
		}
	}
	if !found {
		w.t.Fatalf("there is no button %q in %s", do, w.at.Body)
	}
	values := url.Values{}
	maps.Copy(values, w.values)
	if do != "" {
		values.Set("do", do)
	}
	a := w.b.Post(action, values)
	want(w.t, a, status, words...)
	for _, fault := range web.PageFaults(string(a.Body)) {
		w.t.Error(fault)
	}
	w.read(a)
	return w
}

// text is the text of the element with the id.
func (w *walk) text(id string) string {
	for n := range written(w.t, w.at).Descendants() {
		if attr(n, "id") == id {
			return textOf(n)
		}
	}
	return ""
}

// Nobody is to agree to what a sentence only counts: whoever fills a form by a link chooses its order.
func TestSummaryNamesEverything(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	var keys []string
	for _, name := range []string{"access_apps_and_policies", "account_analytics", "account_settings", "account_custom_pages", "images", "pages", "stream",
		"workers_ai", "turnstile_sites", "vectorize", "d1", "queues"} {
		keys = append(keys, `{"key":"`+name+`","type":"read"}`)
	}
	keys = append(keys, `{"key":"billing","type":"edit"}`)
	link := url.Values{"permissionGroupKeys": {"[" + strings.Join(keys, ",") + "]"}, "accountId": {"all"}, "name": {"quiet"}}
	w := begin(t, n.SignIn(t, n.Ada), newToken+"?"+link.Encode())
	w.press("summary", http.StatusOK, "Summary of quiet", " more on every account")
	sentences, _, _ := strings.Cut(string(w.at.Body), `id="otherwise"`)
	if !strings.Contains(sentences, "Billing Write") {
		t.Errorf("the sentences leave out what matters most:\n%s", sentences)
	}
}
