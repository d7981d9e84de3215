package chromium

import "strings"

// Text is what a person sees on the page, or within the scope.
func (p *Page) Text() string {
	p.t.Helper()
	if len(p.scope) == 0 {
		return Eval[string](p, `document.body ? document.body.innerText : ""`)
	}
	outer := *p
	outer.scope, outer.nth = p.scope[:len(p.scope)-1], 0
	return of[string](p, outer.find(p.scope[len(p.scope)-1], container), `function() { return this.innerText }`)
}

// At waits until the page's main heading is this one.
func (p *Page) At(heading string) {
	p.t.Helper()
	var have []string
	if !p.comes(func() bool {
		return p.tryEval(`[...document.querySelectorAll("h1")].map(e => e.innerText.trim())`, &have) &&
			len(have) == 1 && have[0] == heading && p.settled()
	}) {
		p.t.Fatalf("the main headings are %q, want %q; the page is %s", have, heading, p.describe())
	}
}

// See waits until the page shows each of these texts, however its white space falls.
func (p *Page) See(texts ...string) {
	p.t.Helper()
	for _, want := range texts {
		if !p.comes(func() bool { return p.shows(want) }) {
			p.t.Fatalf("%q is not%s on the page, which is %s", want, p.where(), p.describe())
		}
	}
}

// SeeGone waits until the page no longer shows a text.
func (p *Page) SeeGone(text string) {
	p.t.Helper()
	if !p.comes(func() bool { return !p.shows(text) }) {
		p.t.Fatalf("%q is still%s on the page, which is %s", text, p.where(), p.describe())
	}
}

// SeeSoon loads the page again until it shows the text, which is written a moment after what it tells of.
func (p *Page) SeeSoon(text string) {
	p.t.Helper()
	if !p.comes(func() bool {
		if p.shows(text) {
			return true
		}
		p.Reload()
		return p.shows(text)
	}) {
		p.t.Fatalf("%q does not come; the page is %s", text, p.describe())
	}
}

// DoNotSee fails the test if the page shows one of these texts.
func (p *Page) DoNotSee(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if p.shows(text) {
			p.t.Errorf("%q is%s on the page, which is %s", p.demo.Ledger.Redact(text), p.where(), p.describe())
		}
	}
}

func (p *Page) shows(text string) bool {
	return strings.Contains(strings.Join(strings.Fields(p.Text()), " "), text)
}

// Source is the document as it stands, with what a person does not see: hidden fields, attributes.
func (p *Page) Source() string {
	p.t.Helper()
	return Eval[string](p, `document.documentElement.outerHTML +
		[...document.querySelectorAll("input, textarea")].map(e => "\n" + e.value).join("")`)
}

// Value is what a labelled field holds.
func (p *Page) Value(label string) string {
	p.t.Helper()
	return of[string](p, p.find(label, append(fillable, "status")), `function() { return this.value ?? this.innerText }`)
}

// Has reports whether a person finds a button, link or field of that name now.
func (p *Page) Has(name string) bool {
	p.t.Helper()
	return p.has(name, append(append(append([]string(nil), pressable...), fillable...), checkable...))
}
