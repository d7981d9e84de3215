package chromium

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

var browser *Browser

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if browser, err = Launch(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer browser.Close()
		return m.Run()
	}())
}

const form = `<!DOCTYPE html><html lang="en"><title>Form</title><link rel="icon" href="/icon.svg">
<script src="/script.js" defer></script>
<h1>Form</h1>
<a href="/elsewhere">Elsewhere</a>
<form method="post" action="/sent">
<label>Name <input name="name" value="before"></label>
<fieldset><legend>First</legend><label>Group <select name="group"><option>Read<option>DNS Read<option>DNS Write</select></label></fieldset>
<fieldset><legend>Second</legend><label>Group <select name="group"><option>Read<option>Cache Purge</select></label></fieldset>
<label>Day <input type="date" name="day"></label>
<label>Clock <input type="time" name="clock"></label>
<label>Moment <input type="datetime-local" name="moment"></label>
<label><input type="radio" name="where" value="one" checked>One</label>
<label><input type="radio" name="where" value="all">All</label>
<label><input type="checkbox" name="sure">Sure</label>
<details><summary>More</summary><label>Note <textarea name="note"></textarea></label></details>
<button>Send</button>
</form>
<output aria-label="Script">has not run</output>`

// site answers as the dashboard must, but for what is broken by the test.
func site(t *testing.T, spoil func(http.Header), extra string) *harness.Demo {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range wanted {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Security-Policy", goodPolicy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if spoil != nil {
			spoil(w.Header())
		}
		switch r.URL.Path {
		case "/icon.svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg"/>`)
		case "/script.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `document.querySelector("output").textContent = "has run"`)
		case "/sent":
			_ = r.ParseForm()
			fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>Sent</title><link rel="icon" href="/icon.svg"><h1>Sent</h1><p>%s`,
				html.EscapeString(r.PostForm.Encode()))
		case "/":
			fmt.Fprint(w, form+extra)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	ledger := harness.NewLedger()
	ledger.AddSeed("a seed that is nowhere")
	return &harness.Demo{Ready: harness.Ready{Dashboard: server.URL + "/"}, Ledger: ledger}
}

// Whoever a person is, the same form is filled and sent.
func TestPeople(t *testing.T) {
	for name, person := range map[string]Person{
		"mouse":               {},
		"keyboard":            {KeyboardOnly: true},
		"no script":           {NoScript: true},
		"keyboard, no script": {KeyboardOnly: true, NoScript: true},
		"narrow and dark":     {Width: Narrow, Dark: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.Open(t, site(t, nil, ""), person)
			p.Visit("/")
			p.At("Form")
			if person.NoScript {
				p.See("has not run")
			} else {
				p.See("has run")
			}
			p.Check("All")
			p.Check("Sure")
			p.Fill("Name", "after it")
			p.Within("Second").Choose("Group", "Cache Purge")
			p.Within("First").Choose("Group", "DNS Write")
			p.Fill("Day", "2027-02-28")
			p.Fill("Moment", "2027-12-31T00:30")
			p.Fill("Clock", "23:59")
			p.Press("More")
			p.Fill("Note", "a note")
			p.Submit("Send")
			p.At("Sent")
			p.See("clock=23%3A59&day=2027-02-28&group=DNS+Write&group=Cache+Purge&moment=2027-12-31T00%3A30&name=after+it&note=a+note&sure=on&where=all")
			if !p.Travel(-1) || p.Travel(-5) {
				t.Error("the history is not as it was made")
			}
			p.At("Form")
			if faults := p.traffic.faults(); len(faults) != 0 {
				t.Errorf("faults of a good site: %q", faults)
			}
		})
	}
}

// A judgement that finds nothing would let every page pass.
func TestFaultsAreFound(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(http.Header)
		extra string
		want  string
	}{
		"another host":   {nil, `<img src="http://localhost:9/x.png" alt="">`, "localhost:9"},
		"inline style":   {nil, `<p style="color:red">x</p>`, "attribute style"},
		"inline script":  {nil, `<script>var x</script>`, "ContentSecurityPolicyIssue"},
		"missing file":   {nil, `<img src="/missing.png" alt="">`, "answered 404"},
		"open policy":    {func(h http.Header) { h.Set("Content-Security-Policy", "default-src 'self'") }, "", "default-src"},
		"may be kept":    {func(h http.Header) { h.Set("Cache-Control", "max-age=60") }, "", "Cache-Control"},
		"no such script": {nil, `<script src="/"></script>`, "MIME"},
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.Open(t, site(t, test.spoil, test.extra), Person{})
			p.Visit("/")
			p.At("Form")
			faults := p.traffic.faults()
			if !strings.Contains(strings.Join(faults, "\n"), test.want) {
				t.Errorf("faults %q, want one of %q", faults, test.want)
			}
			p.traffic.forgiven = true
		})
	}
}

func TestSecretInAPageIsFound(t *testing.T) {
	d := site(t, nil, "<p>lkut_0123456789abcdefghijABCDEFGHIJ012345deadbeef")
	d.Ledger.Add("lkut_0123456789abcdefghijABCDEFGHIJ012345deadbeef")
	p := browser.Open(t, d, Person{})
	p.Visit("/")
	if findings := d.Ledger.Findings(); len(findings) != 1 {
		t.Errorf("findings %q, want one", findings)
	}
	if text := p.describe(); strings.Contains(text, "lkut_01234567") {
		t.Errorf("what a failing test would say has the secret: %s", text)
	}
}
