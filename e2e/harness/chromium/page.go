package chromium

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/leastkey/leastkey/e2e/harness"
)

const (
	// testLimit bounds everything that is done on one page.
	testLimit = 3 * time.Minute
	// answerLimit is how long a page may take to show what a test waits for.
	answerLimit = 10 * time.Second
	// lookAgain is how often a test looks for it.
	lookAgain = 20 * time.Millisecond
)

// Widths of a window, in CSS pixels.
const (
	Wide   = 1280
	Narrow = 360
)

const height = 900

// Person says how somebody uses the browser.
type Person struct {
	KeyboardOnly bool // never the mouse: Tab, Enter, Space, arrows and typing
	NoScript     bool // the page's scripts do not run
	Dark         bool // prefers dark colours
	Width        int  // of the window; 0 is Wide
}

// Page is a tab in a browser context of its own: no cookie, history or cache is shared with another.
type Page struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // chromedp keeps its tab in a context
	demo    *harness.Demo
	traffic *traffic
	person  Person
	scope   scope
	nth     int // of the elements of one name; 0: there may be but one
}

// Open is a new tab, empty. When the test ends, what was loaded in it is judged.
func (b *Browser) Open(t *testing.T, d *harness.Demo, person Person) *Page {
	t.Helper()
	seen := newTraffic(d)
	bounded, cancelLimit := context.WithTimeout(b.ctx, testLimit)
	ctx, cancel := chromedp.NewContext(bounded, chromedp.WithNewBrowserContext(), chromedp.WithListener(seen.listen))
	p := &Page{t: t, ctx: ctx, demo: d, traffic: seen, person: person}
	// Demo's own clean-up runs after this one, and then knows what the browser saw.
	t.Cleanup(func() {
		if !p.traffic.forgiven {
			for _, fault := range p.traffic.faults() {
				t.Error(fault)
			}
		}
		cancel()
		cancelLimit()
	})
	call(p, network.Enable, network.EnableParams{})
	call(p, page.Enable, page.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, audits.Enable, cdp.Empty{})
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: person.NoScript})
	// A scroll bar would take its width away from what a page is given.
	call(p, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true})
	p.Resize(person.Width)
	p.Paint(person.Dark)
	return p
}

// MayVisit lets the person go on to pages of another host. What these are like is not judged, but no page of the node
// may load anything from there.
func (p *Page) MayVisit(host string) {
	p.traffic.mu.Lock()
	defer p.traffic.mu.Unlock()
	p.traffic.guests = append(p.traffic.guests, host)
}

// Resize changes the window's width; 0 is Wide.
func (p *Page) Resize(width int) {
	p.t.Helper()
	if width == 0 {
		width = Wide
	}
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: height, DeviceScaleFactor: 1,
	})
}

// Paint asks the page for dark or light colours.
func (p *Page) Paint(dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Delay makes every answer late, as over a slow network.
func (p *Page) Delay(by time.Duration) {
	p.t.Helper()
	call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Latency: float64(by.Milliseconds()), DownloadThroughput: -1, UploadThroughput: -1,
	})
}

// Visit loads a path of the dashboard, or an address of the demo as it is.
func (p *Page) Visit(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = strings.TrimSuffix(p.demo.Dashboard, "/") + address
	}
	p.await("an answer from "+address, func() {
		if result := call(p, page.Navigate, page.NavigateParams{URL: address}); result.ErrorText != "" {
			p.t.Fatalf("%s: %s", address, result.ErrorText)
		}
	})
}

// Reload asks for the page again, as F5 does; a form that led here is sent again.
func (p *Page) Reload() {
	p.t.Helper()
	p.await("the page again", func() { call(p, page.Reload, page.ReloadParams{}) })
}

// Travel goes by some steps through the history: -1 is Back. It reports whether there was such an entry. A page that
// the browser would have to ask for with a form again is not asked for: the browser says so in a page of its own.
func (p *Page) Travel(steps int64) bool {
	p.t.Helper()
	history := p.history()
	to := history.CurrentIndex + steps
	if to < 0 || to >= int64(len(history.Entries)) {
		return false
	}
	p.hear()
	before := p.document()
	call(p, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[to].ID})
	p.until("another page of the history", func() bool {
		return p.history().CurrentIndex == to && p.document() != before && p.traffic.idle()
	})
	p.hear()
	return true
}

// document tells one loaded document from the next; it is empty while there is none.
func (p *Page) document() string {
	var state struct{ Origin, State string }
	if !p.tryEval(`({Origin: String(performance.timeOrigin), State: document.readyState})`, &state) ||
		state.State != "complete" {
		return ""
	}
	return state.Origin
}

// Location is the address as the browser shows it.
func (p *Page) Location() string {
	p.t.Helper()
	return Eval[string](p, "location.href")
}

// History is every address that Back and Forward can reach.
func (p *Page) History() []string {
	p.t.Helper()
	var addresses []string
	for _, entry := range p.history().Entries {
		addresses = append(addresses, entry.URL)
	}
	return addresses
}

// history asks for the history, which is not to be had while one page gives way to the next.
func (p *Page) history() page.GetNavigationHistoryResult {
	p.t.Helper()
	var history page.GetNavigationHistoryResult
	p.until("a history", func() bool {
		var err error
		history, err = chromedp.Call(p.ctx, page.GetNavigationHistory, cdp.Empty{})
		return err == nil
	})
	return history
}

// await does something that makes the browser ask the node, and returns when the answer is shown whole.
func (p *Page) await(what string, act func()) {
	p.t.Helper()
	p.hear() // what scripts asked for since the last step
	before := p.traffic.asked()
	act()
	p.until(what, func() bool {
		return p.traffic.asked() > before && p.traffic.idle() && p.settled()
	})
	p.hear()
}

// settled reports whether the document is complete and no part of it is being replaced.
func (p *Page) settled() bool {
	var settled bool
	return p.tryEval(`document.readyState === "complete" &&
		!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`, &settled) && settled
}

// until looks again until the condition holds, and ends the test if it never does.
func (p *Page) until(what string, condition func() bool) {
	p.t.Helper()
	if !p.comes(condition) {
		p.t.Fatalf("waited %s for %s; no answer yet from %q; the page is %s",
			answerLimit, what, p.traffic.pending(), p.describe())
	}
}

// comes looks again until the condition holds, and reports whether it did in time.
func (p *Page) comes(condition func() bool) bool {
	deadline := time.NewTimer(answerLimit)
	defer deadline.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		if condition() {
			return true
		}
		select {
		case <-again.C:
		case <-deadline.C:
			return false
		case <-p.ctx.Done():
			return false
		}
	}
}

// describe is the page for a person who reads that a test failed. It may not show a secret.
func (p *Page) describe() string {
	var shown struct{ Address, Text string }
	if !p.tryEval(`({Address: location.href, Text: document.body ? document.body.innerText : ""})`, &shown) {
		return "not to be read"
	}
	return shown.Address + "\n" + p.demo.Ledger.Redact(shown.Text)
}

// Eval is the value of a JavaScript expression, for reading only: what a test does to a page it does as a person would.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	var value T
	if err := p.eval(expression, &value); err != nil {
		p.t.Fatalf("%.80s: %v", expression, err)
	}
	return value
}

// tryEval is eval where the document may go away under it.
func (p *Page) tryEval(expression string, value any) bool { return p.eval(expression, value) == nil }

func (p *Page) eval(expression string, value any) error {
	yes := true
	result, err := chromedp.Call(p.ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ReturnByValue: &yes, AwaitPromise: &yes,
	})
	if err != nil {
		return err
	}
	if result.ExceptionDetails != nil {
		return &chromedp.ExceptionError{ExceptionDetails: result.ExceptionDetails}
	}
	if len(result.Result.Value) == 0 {
		return nil // undefined
	}
	return json.Unmarshal(result.Result.Value, value)
}

// call runs a command of the DevTools protocol on the page and ends the test if it fails.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	result, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// For is the same tab, of which a subtest speaks.
func (p *Page) For(t *testing.T) *Page {
	other := *p
	other.t = t
	return &other
}

// Forget empties the browser's cache.
func (p *Page) Forget() {
	p.t.Helper()
	call(p, network.ClearBrowserCache, cdp.Empty{})
}
