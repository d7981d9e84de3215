package chromium

import (
	"net/http"
	"strings"
	"testing"
)

const goodPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Rules that find nothing would let every page pass: each is tried with what it must find.
func TestPolicyFaults(t *testing.T) {
	for name, test := range map[string]struct {
		policy string
		faults int
	}{
		"good":           {goodPolicy, 0},
		"none at all":    {"", 1},
		"unsafe-inline":  {strings.Replace(goodPolicy, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1), 1},
		"unsafe-eval":    {strings.Replace(goodPolicy, "script-src 'self'", "script-src 'self' 'unsafe-eval'", 1), 1},
		"nonce":          {strings.Replace(goodPolicy, "script-src 'self'", "script-src 'nonce-abc'", 1), 1},
		"other host":     {strings.Replace(goodPolicy, "img-src 'self'", "img-src https://cdn.example", 1), 1},
		"data":           {strings.Replace(goodPolicy, "img-src 'self'", "img-src data:", 1), 1},
		"open fallback":  {strings.Replace(goodPolicy, "default-src 'none'", "default-src 'self'", 1), 1},
		"may be framed":  {strings.Replace(goodPolicy, "; frame-ancestors 'none'", "", 1), 1},
		"base elsewhere": {strings.Replace(goodPolicy, "; base-uri 'none'", "", 1), 1},
		"said twice":     {goodPolicy + "; script-src 'self'", 1},
	} {
		if faults := policyFaults(test.policy); len(faults) != test.faults {
			t.Errorf("%s: faults %q, want %d", name, faults, test.faults)
		}
	}
}

func TestHeaderFaults(t *testing.T) {
	good := make(http.Header)
	for name, value := range wanted {
		good.Set(name, value)
	}
	if faults := headerFaults(good); len(faults) != 0 {
		t.Errorf("good headers: %q", faults)
	}
	for name := range wanted {
		lacking := good.Clone()
		lacking.Set(name, "something")
		if faults := headerFaults(lacking); len(faults) != 1 {
			t.Errorf("%s: something: faults %q, want one", name, faults)
		}
	}
}

func TestMarkupFaults(t *testing.T) {
	for document, count := range map[string]int{
		`<script src="/a.js" defer></script><link rel="stylesheet" href="/a.css"><a href="/x">on</a>`: 0,
		`<input value="data:,x" name="online">`:                                                       0,
		`<p title="&lt;script&gt;">&lt;script&gt;</p>`:                                                0,
		`<script>alert(1)</script>`:                                                                   1,
		`<STYLE>p{}</STYLE>`:                                                                          1,
		`<p style="color:red">`:                                                                       1,
		`<button onclick="x()">`:                                                                      1,
		`<button hx-on:click="x()">`:                                                                  1,
		`<a href=" JavaScript:x()">`:                                                                  1,
		`<img src="data:image/png;base64,AA">`:                                                        1,
		`<iframe srcdoc="x"></iframe>`:                                                                1,
		`<svg onload=x() style=y>`:                                                                    2,
	} {
		if faults := markupFaults(strings.NewReader(document)); len(faults) != count {
			t.Errorf("%s: faults %q, want %d", document, faults, count)
		}
	}
}
