package chromium

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/leastkey/leastkey/e2e/harness"
)

const fieldNamedLikeAutocompletion = audits.GenericIssueErrorTypeFormInputAssignedAutocompleteValueToIDOrNameAttributeError

// traffic is what one tab asked for, what it got, and what the browser complained of. Events arrive on a goroutine of
// chromedp's, which may not be kept waiting; judgements are made on the test's.
type traffic struct {
	demo     *harness.Demo
	forgiven bool     // by a test that made the faults itself
	guests   []string // hosts whose own pages the tab may visit

	mu         sync.Mutex
	requests   []*request
	current    map[network.RequestID]*request
	complaints []string
}

// request is one request of the tab, and its answer once that is there.
type request struct {
	id        network.RequestID
	loader    cdp.LoaderID // of the document that asked, or that is asked for
	method    string
	url       string
	kind      network.ResourceType
	initiator string
	status    int
	header    http.Header
	mime      string
	bytes     int64 // on the wire, of the body
	done      bool
	failed    string
	heard     bool
	body      []byte
}

// page reports whether the answer is for a person: a document, or a part of one.
func (r *request) page() bool {
	return r.kind == network.ResourceTypeDocument || r.kind == network.ResourceTypeXHR ||
		r.kind == network.ResourceTypeFetch
}

func newTraffic(d *harness.Demo) *traffic {
	return &traffic{demo: d, current: make(map[network.RequestID]*request)}
}

func (w *traffic) listen(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if before := w.current[e.RequestID]; before != nil && e.RedirectResponse != nil {
			before.answered(e.RedirectResponse)
			before.done = true
		}
		r := &request{id: e.RequestID, loader: e.LoaderID, method: e.Request.Method, url: e.Request.URL,
			kind: e.Type, initiator: e.Initiator.URL}
		w.requests = append(w.requests, r)
		w.current[e.RequestID] = r
	case *page.EventFrameNavigated:
		// Of what the page before still waited for, nothing is told any more.
		for _, r := range w.requests {
			r.done = r.done || r.loader != e.Frame.LoaderID
		}
	case *network.EventResponseReceived:
		if r := w.current[e.RequestID]; r != nil {
			r.answered(e.Response)
		}
	case *network.EventLoadingFinished:
		if r := w.current[e.RequestID]; r != nil {
			r.done, r.bytes = true, int64(e.EncodedDataLength)
		}
	case *network.EventLoadingFailed:
		if r := w.current[e.RequestID]; r != nil {
			r.done, r.failed = true, e.ErrorText
			if e.BlockedReason != "" {
				w.complain("%s was blocked: %s", r.url, e.BlockedReason)
			}
		}
	case *runtime.EventExceptionThrown:
		w.complain("a script failed: %v", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			words, _ := json.Marshal(e.Args) // what does not marshal is still a complaint
			w.complain("console.%s: %s", e.Type, words)
		}
	case *log.EventEntryAdded:
		w.entry(e.Entry)
	case *audits.EventIssueAdded:
		// A field may be named like a kind of autocompletion: "name" is the right word for a name.
		if g := e.Issue.Details.GenericIssueDetails; g != nil && g.ErrorType == fieldNamedLikeAutocompletion {
			return
		}
		details, _ := json.Marshal(e.Issue.Details) // as above
		w.complain("issue %s: %s", e.Issue.Code, details)
	case *page.EventJavascriptDialogOpening:
		w.complain("a dialog opened: %s", e.Message)
	}
}

// entry is a line that the browser itself wrote to its console. It writes one for every answer that says no, which is
// an error only where the answer is no page.
func (w *traffic) entry(entry *log.Entry) {
	if entry.Level != log.EntryLevelError {
		return
	}
	if r := w.current[entry.NetworkRequestID]; entry.Source == log.EntrySourceNetwork && r != nil && r.page() {
		return
	}
	w.complain("console, %s: %s %s", entry.Source, entry.Text, entry.URL)
}

func (w *traffic) complain(format string, values ...any) {
	w.complaints = append(w.complaints, fmt.Sprintf(format, values...))
}

func (r *request) answered(response *network.Response) {
	r.status, r.mime, r.header = int(response.Status), response.MimeType, make(http.Header)
	for name, value := range response.Headers {
		for line := range strings.SplitSeq(fmt.Sprint(value), "\n") {
			r.header.Add(name, line)
		}
	}
}

// asked is how many pages, or parts of pages, were asked for so far.
func (w *traffic) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	count := 0
	for _, r := range w.requests {
		if r.page() {
			count++
		}
	}
	return count
}

// idle reports whether every request has its answer.
func (w *traffic) idle() bool { return len(w.pending()) == 0 }

// pending is every address whose answer is not there.
func (w *traffic) pending() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var addresses []string
	for _, r := range w.requests {
		if !r.done {
			addresses = append(addresses, r.url)
		}
	}
	return addresses
}

// hear shows the ledger each answer that has come since it was last shown one. A body is to be had only until the tab
// goes on, so this follows every step.
func (p *Page) hear() {
	p.t.Helper()
	w := p.traffic
	w.mu.Lock()
	var fresh []*request
	for _, r := range w.requests {
		if r.done && !r.heard {
			r.heard = true
			fresh = append(fresh, r)
		}
	}
	w.mu.Unlock()
	for _, r := range fresh {
		if !r.page() || r.status == 0 {
			continue
		}
		// A page that goes on by itself is gone before it can be read.
		if gone := r.status >= 300 && r.status < 400 || r.header.Get("Refresh") != ""; !gone && r.failed == "" {
			r.body = call(p, network.GetResponseBody, network.GetResponseBodyParams{RequestID: r.id}).Body
		}
		address, err := url.Parse(r.url)
		if err != nil {
			p.t.Fatal(err)
		}
		p.demo.Ledger.Observe(r.method, address.Path, r.status, r.header, r.body)
	}
}

// Weight is how many bytes came over the wire since the last call: documents, styles, scripts and pictures.
func (p *Page) Weight() int64 {
	w := p.traffic
	w.mu.Lock()
	defer w.mu.Unlock()
	var sum int64
	for _, r := range w.requests {
		sum += r.bytes
		r.bytes = 0
	}
	return sum
}

// faults is what no page of the dashboard may do, and these did.
func (w *traffic) faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var faults []string
	find := func(format string, values ...any) {
		faults = append(faults, w.demo.Ledger.Redact(fmt.Sprintf(format, values...)))
	}
	own, err := url.Parse(w.demo.Dashboard)
	if err != nil {
		return []string{err.Error()}
	}
	for _, complaint := range w.complaints {
		find("%s", complaint)
	}
	for _, r := range w.requests {
		address, err := url.Parse(r.url)
		if err == nil && address.Scheme == "data" {
			continue // goes nowhere; Chromium draws its own date fields so, and pages are searched for it below
		}
		if err == nil && slices.Contains(w.guests, address.Host) && (r.kind == network.ResourceTypeDocument || address.Path == "/favicon.ico" || strings.HasPrefix(r.initiator, address.Scheme+"://"+address.Host)) {
			continue // a page of somebody else's, to which a person went
		}
		if err != nil || address.Scheme != own.Scheme || address.Host != own.Host {
			find("asked for %s, which is not the node %s; %s wanted it", r.url, own.Host, r.initiator)
			continue
		}
		w.demo.Ledger.Search("the address of a request", []byte(r.url))
		if !r.page() && r.status >= http.StatusBadRequest {
			find("%s answered %d; %s wanted it", r.url, r.status, r.initiator)
		}
		if r.status == 0 || r.mime != "text/html" {
			continue
		}
		for _, fault := range policyFaults(r.header.Get("Content-Security-Policy")) {
			find("%s: Content-Security-Policy: %s", address.Path, fault)
		}
		for _, fault := range headerFaults(r.header) {
			find("%s: %s", address.Path, fault)
		}
		for _, fault := range markupFaults(bytes.NewReader(r.body)) {
			find("%s: %s", address.Path, fault)
		}
	}
	if len(w.requests) == 0 {
		find("the tab asked for nothing: to find no fault proves nothing")
	}
	return faults
}
