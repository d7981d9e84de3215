package chromium

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Press presses a button, follows a link or opens what is folded, by its name.
func (p *Page) Press(name string) {
	p.t.Helper()
	p.press(p.find(name, pressable))
}

// Submit presses it and waits for what the node answers.
func (p *Page) Submit(name string) {
	p.t.Helper()
	e := p.find(name, pressable)
	p.await(fmt.Sprintf("an answer to %q", name), func() { p.press(e) })
}

// DoubleClick presses it twice, as people do who are used to it, and waits for what the node answers.
func (p *Page) DoubleClick(name string) {
	p.t.Helper()
	e := p.find(name, pressable)
	p.await(fmt.Sprintf("an answer to a double click on %q", name), func() { p.click(e, 2) })
}

// Enter presses the Enter key in a labelled field and waits for what the node answers.
func (p *Page) Enter(label string) {
	p.t.Helper()
	e := p.find(label, fillable)
	p.reach(e)
	p.await(fmt.Sprintf("an answer to Enter in %q", label), func() { p.key(kb.Enter) })
}

func (p *Page) press(e element) {
	p.t.Helper()
	if !p.person.KeyboardOnly {
		p.click(e, 1)
		return
	}
	p.reach(e)
	// A link knows Enter alone; on a button either key must do.
	if e.role == "button" {
		p.key(" ")
	} else {
		p.key(kb.Enter)
	}
}

// Fill puts text into a labelled field, in place of what was there. A date is
// 2006-01-02, a time 15:04, both together 2006-01-02T15:04.
func (p *Page) Fill(label, value string) {
	p.t.Helper()
	e := p.find(label, fillable)
	p.reach(e)
	switch kind := of[string](p, e, `function() { return this.type }`); kind {
	case "date":
		p.key(firstPart + p.date(value))
	case "time":
		p.key(firstPart + p.clock(value))
	case "datetime-local":
		day, clock, _ := strings.Cut(value, "T")
		// A year may have six digits, so the field does not go on by itself.
		p.key(firstPart + p.date(day) + kb.ArrowRight + p.clock(clock))
	default:
		p.edit("selectAll")
		if value == "" {
			p.key(kb.Backspace)
		}
		p.key(value)
	}
	if have := of[string](p, e, `function() { return this.value }`); have != value {
		p.t.Fatalf("typed %q into %q, which now holds %q", value, label, have)
	}
}

// firstPart goes to the first part of a field for a date or a time; none has more than six.
var firstPart = strings.Repeat(kb.ArrowLeft, 6)

// date is what to type for a date: Chromium's field wants it in American English, month, day, year.
func (p *Page) date(value string) string {
	p.t.Helper()
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		p.t.Fatal(err)
	}
	return day.Format("01022006")
}

// clock is what to type for a time of day: hour, minute, half of the day.
func (p *Page) clock(value string) string {
	p.t.Helper()
	at, err := time.Parse("15:04", value)
	if err != nil {
		p.t.Fatal(err)
	}
	return at.Format("0304PM")
}

// Choose picks an option of a labelled list by typing its text.
func (p *Page) Choose(label, option string) {
	p.t.Helper()
	e := p.find(label, choosable)
	p.reach(e)
	p.key(option)
	chosen := of[string](p, e, `function() { return this.selectedOptions[0]?.text.trim() ?? "" }`)
	if chosen != option {
		options := of[[]string](p, e, `function() { return [...this.options].map(o => o.text.trim()) }`)
		p.t.Fatalf("typed %q at %q, which now is at %q of %q", option, label, chosen, options)
	}
}

// Check marks a checkbox, or takes one of several radio buttons.
func (p *Page) Check(label string) {
	p.t.Helper()
	e := p.find(label, checkable)
	if !p.checked(e) {
		p.mark(e)
	}
	if !p.checked(e) {
		p.t.Fatalf("%q is still not marked", label)
	}
}

func (p *Page) checked(e element) bool {
	return of[bool](p, e, `function() { return this.checked }`)
}

func (p *Page) mark(e element) {
	p.t.Helper()
	if !p.person.KeyboardOnly {
		p.click(e, 1)
		return
	}
	p.reach(e)
	if !p.checked(e) { // arrows that reach a radio button mark it
		p.key(" ")
	}
}

// click moves the mouse to the middle of the element, or of its label where the element itself cannot be hit, and
// presses the left button so many times. It fails where something else lies on top.
func (p *Page) click(e element, times int) {
	p.t.Helper()
	call(p, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: e.id})
	const hittable = `function(x, y) {
		const top = document.elementFromPoint(x, y);
		return !!top && (this.contains(top) || [...this.labels ?? []].some(l => l.contains(top)));
	}`
	for _, quad := range call(p, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: e.id}).Quads {
		x, y := (quad[0]+quad[4])/2, (quad[1]+quad[5])/2
		if !of[bool](p, e, hittable, x, y) {
			continue
		}
		mouse := input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y}
		call(p, input.DispatchMouseEvent, mouse)
		mouse.Button = input.MouseButtonLeft
		for mouse.ClickCount = 1; mouse.ClickCount <= int64(times); mouse.ClickCount++ {
			mouse.Type = input.DispatchMouseEventTypeMousePressed
			call(p, input.DispatchMouseEvent, mouse)
			mouse.Type = input.DispatchMouseEventTypeMouseReleased
			call(p, input.DispatchMouseEvent, mouse)
		}
		return
	}
	p.t.Fatalf("%q cannot be clicked: it has no area, or something lies on top of it", e.name)
}

// reach brings the keyboard's focus to an element: with Tab, and arrows inside of a group of radio buttons, or, where
// there is a mouse, as a click would.
func (p *Page) reach(e element) {
	p.t.Helper()
	if !p.person.KeyboardOnly {
		call(p, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: e.id})
		call(p, dom.Focus, dom.FocusParams{BackendNodeID: e.id})
		return
	}
	const (
		far, inGroup, here = 0, 1, 2
		distance           = `function() {
			const at = document.activeElement;
			if (at === this) return 2;
			return this.type === "radio" && at.type === "radio" && at.name === this.name && at.form === this.form ? 1 : 0;
		}`
		most = 600 // stops on the way, there and back
	)
	object := p.object(e)
	for range most {
		switch on[int](p, object, distance) {
		case here:
			p.checkFocusShows()
			return
		case inGroup:
			p.key(kb.ArrowDown)
		case far:
			p.key(kb.Tab)
		}
	}
	p.t.Fatalf("%q (%s) cannot be reached with the Tab key", e.name, e.role)
}

// checkFocusShows fails the test where a person could not see what has the focus.
func (p *Page) checkFocusShows() {
	p.t.Helper()
	seen := Eval[struct {
		Shown bool
		What  string
	}](p, `(() => {
		const at = document.activeElement;
		const marked = e => {
			const s = getComputedStyle(e);
			return (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
		};
		const box = at.getBoundingClientRect();
		const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
		return {
			Shown: inside && (marked(at) || [...at.labels ?? []].some(marked) || (at.parentElement && marked(at.parentElement))),
			What: at.tagName.toLowerCase() + " " + (at.getAttribute("aria-label") ?? at.name ?? at.innerText ?? ""),
		};
	})()`)
	if !seen.Shown {
		p.t.Errorf("%s has the focus, and nothing shows it", seen.What)
	}
}

// key types characters and keys.
func (p *Page) key(keys string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.KeyEvent(keys)); err != nil {
		p.t.Fatal(err)
	}
}

// edit does what the keyboard's editing commands do, which differ from system to system: selectAll, copy, paste.
func (p *Page) edit(command string) {
	p.t.Helper()
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeRawKeyDown, Commands: []string{command},
	})
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp})
}

// Paste puts what a copy button copied into a labelled field, in place of what was there, and returns it.
func (p *Page) Paste(label string) string {
	p.t.Helper()
	e := p.find(label, fillable)
	p.reach(e)
	p.edit("selectAll")
	p.edit("paste")
	return of[string](p, e, `function() { return this.value }`)
}
