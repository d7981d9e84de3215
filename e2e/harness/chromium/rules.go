package chromium

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// closed is what a policy must say, word for word: these have no fallback, or are the fallback.
var closed = map[string]string{
	"default-src":     "'none'",
	"frame-ancestors": "'none'",
	"base-uri":        "'none'",
	"form-action":     "'self'",
}

// policyFaults is what is wrong with a Content-Security-Policy: it must allow nothing but what the node itself serves.
func policyFaults(policy string) []string {
	if policy == "" {
		return []string{"there is none"}
	}
	var faults []string
	said := make(map[string]string)
	for directive := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(directive)
		if len(words) == 0 {
			continue
		}
		name, sources := strings.ToLower(words[0]), words[1:]
		if _, twice := said[name]; twice {
			faults = append(faults, name+" is said twice, and the second has no effect")
		}
		said[name] = strings.Join(sources, " ")
		for _, source := range sources {
			if source != "'self'" && source != "'none'" {
				faults = append(faults, fmt.Sprintf("%s allows %s", name, source))
			}
		}
	}
	for name, want := range closed {
		if said[name] != want {
			faults = append(faults, fmt.Sprintf("%s is %q, want %s", name, said[name], want))
		}
	}
	slices.Sort(faults)
	return faults
}

// wanted is what every page must be sent with, beside its policy.
var wanted = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "same-origin",
	"X-Frame-Options":              "DENY",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

func headerFaults(header http.Header) []string {
	var faults []string
	for name, want := range wanted {
		have := header.Get(name)
		if !slices.Contains(strings.FieldsFunc(have, func(r rune) bool { return r == ',' || r == ' ' }), want) {
			faults = append(faults, fmt.Sprintf("%s is %q, want %s", name, have, want))
		}
	}
	slices.Sort(faults)
	return faults
}

// markupFaults is what is written into the page itself that only a file of the node may hold: scripts, styles, and
// addresses that are scripts. The policy makes a browser ignore them; they must not be there to be ignored.
func markupFaults(document io.Reader) []string {
	var faults []string
	tokens := html.NewTokenizer(document)
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if err := tokens.Err(); !errors.Is(err, io.EOF) {
				faults = append(faults, err.Error())
			}
			return faults
		case html.StartTagToken, html.SelfClosingTagToken:
			faults = append(faults, elementFaults(tokens.Token())...)
		}
	}
}

func elementFaults(element html.Token) []string {
	var faults []string
	source := false
	for _, attribute := range element.Attr {
		name, value := strings.ToLower(attribute.Key), strings.ToLower(strings.TrimSpace(attribute.Val))
		source = source || name == "src"
		switch {
		case name == "style", strings.HasPrefix(name, "on"), strings.HasPrefix(name, "hx-on"), name == "srcdoc":
			faults = append(faults, fmt.Sprintf("<%s> has the attribute %s", element.Data, name))
		case strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "data:") && name != "value":
			faults = append(faults, fmt.Sprintf("<%s> has %s with the scheme of a script or of data", element.Data, name))
		}
	}
	if element.Data == "style" || element.Data == "script" && !source {
		faults = append(faults, fmt.Sprintf("<%s> is written into the page", element.Data))
	}
	return faults
}
