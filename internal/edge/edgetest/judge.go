package edgetest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// outcome is what became of one vector.
type outcome struct {
	vector
	answers []int
	cut     error // what ended the answers, when it was not their end
	reports []Report
}

// divide tells the whole requests that the upstream saw of the vector from those whose body broke
// off, and from the probe.
func (o outcome) divide() (own, late, probes []Report) {
	for _, r := range o.reports {
		switch {
		case r.Broken != "":
			late = append(late, r)
		case r.Query == "behind=it":
			probes = append(probes, r)
		default:
			own = append(own, r)
		}
	}
	return own, late, probes
}

// faults says what is wrong with an outcome. Whatever the vector:
//
//   - every request that the upstream parsed, whole or broken off, is one that the token may make,
//     says once whose it is, and has nothing that a client must not bring: see [World.improper];
//   - the upstream parsed at most one request and the probe, each answered with its 200, and had to
//     refuse nothing as malformed: everything else was refused before it got there.
//
// A vector that is to be forwarded is refused, or arrives with the method, the path, the query and
// the body that it wants. One that is to be refused because of who asks for what (401, 403, 404) is
// refused. One that has two readings may be tidied up first, into a request of the token's.
func (w *World) faults(a Arrangement, o outcome) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, r := range o.reports {
		if r.Malformed {
			fault("the upstream got what is no request: %s", r.Broken)
			continue
		}
		for _, improper := range w.improper(a, r) {
			fault("%s %s: %s", r.Method, r.Target, improper)
		}
	}
	if errors.Is(o.cut, os.ErrDeadlineExceeded) {
		fault("nothing came for %s", patience)
	}
	own, late, probes := o.divide()
	if len(own) > 1 || len(probes) > 1 {
		fault("the upstream saw %d requests, and the probe %d times", len(own), len(probes))
	}
	passed := 0
	for _, status := range o.answers {
		switch {
		case status == http.StatusOK:
			passed++
		case status < http.StatusBadRequest:
			fault("answered with %d", status)
		}
	}
	if strings.HasPrefix(o.raw, "OPTIONS * ") && len(own) == 0 && len(probes) < passed {
		passed-- // a proxy answers for itself
	}
	if passed != len(own)+len(probes) {
		fault("answered %v, and the upstream saw %d requests", o.answers, len(own)+len(probes))
	}
	for _, r := range own {
		for _, other := range w.unwanted(o.want, r) {
			fault("%s %s: %s", r.Method, r.Target, other)
		}
	}
	if a.Exact {
		faults = append(faults, o.inexact(len(own), len(late))...)
	}
	return faults
}

// unwanted compares a request that got through with what the vector wants.
func (w *World) unwanted(want want, r Report) []string {
	if want.refused != nil {
		if !slices.ContainsFunc(want.refused, ambiguous) {
			return []string{fmt.Sprintf("to be refused with %v", want.refused)}
		}
		return nil
	}
	var faults []string
	line := strings.Fields(w.Fill(want.line))
	rawPath, query, _ := strings.Cut(line[1], "?")
	path, err := url.PathUnescape(rawPath)
	for name, pair := range map[string][2]string{
		"method": {r.Method, line[0]}, "path": {strings.TrimSuffix(r.Path, "/"), path}, "query": {r.Query, query}, "body": {r.Body, w.Fill(want.body)},
	} {
		if err != nil || pair[0] != pair[1] {
			faults = append(faults, fmt.Sprintf("%s %q instead of %q", name, pair[0], pair[1]))
		}
	}
	return faults
}

// ambiguous says that a status is for a request of two readings, not for what it asks.
func ambiguous(status int) bool {
	return status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusNotFound
}

// inexact holds an outcome to what the vector wants to the letter.
func (o outcome) inexact(own, late int) []string {
	switch {
	case len(o.answers) == 0 || o.cut != nil:
		return []string{fmt.Sprintf("not answered: %v", o.cut)}
	case o.want.refused != nil && (own+late > 0 || !slices.Contains(o.want.refused, o.answers[0])):
		return []string{fmt.Sprintf("answered with %d instead of %v", o.answers[0], o.want.refused)}
	case o.want.refused == nil && (own != 1 || o.answers[0] != http.StatusOK):
		return []string{fmt.Sprintf("answered with %d instead of being forwarded", o.answers[0])}
	default:
		return nil
	}
}

// improper says what of a request must never reach the upstream, whatever the client sent.
func (w *World) improper(a Arrangement, r Report) []string {
	faults := w.improperHeaders(a, r)
	if !w.may(r.Method, r.Path) {
		faults = append(faults, "the token may not do that")
	}
	if names := strings.ToLower(r.Query); strings.Contains(names, "_method") || strings.Contains(names, "%5fmethod") || strings.Contains(names, "method-override") {
		faults = append(faults, "asks for another method")
	}
	free := []string{"x-a", "trailer"} // the one is the client's to fill, the other only names
	if !a.Keyed {
		free = append(free, strings.ToLower(CredentialName))
	}
	said := []string{r.Method, r.Target, r.Path}
	whole := []string{r.Target, r.Path, r.Body}
	for _, h := range r.Headers {
		whole = append(whole, h[1])
		if !slices.Contains(free, oneMark(h[0])) {
			said = append(said, h[0], h[1])
		}
	}
	if strings.Contains(strings.ToLower(strings.Join(said, "\n")), "forged") {
		faults = append(faults, "something forged")
	}
	text := strings.Join(whole, "\n")
	if strings.Contains(text, w.Token.Reveal()) || strings.Contains(text, w.Key.Reveal()) {
		faults = append(faults, "a credential of the caller")
	}
	if n := strings.Count(text, CredentialValue); a.Keyed != (n == 1) || n > 1 {
		faults = append(faults, fmt.Sprintf("the upstream's own credential is there %d times", n))
	}
	return faults
}

// improperHeaders wants the identity once, and nothing that could be taken for it, or that a client
// is not to say.
func (w *World) improperHeaders(a Arrangement, r Report) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	once := map[string]string{"leastkey-token-id": w.TokenID.String(), "leastkey-principal": "user " + w.UserID.String()}
	if a.Keyed {
		once[strings.ToLower(CredentialName)] = CredentialValue
	}
	seen := map[string]int{}
	for _, h := range r.Headers {
		marked := oneMark(h[0])
		want, known := once[strings.ToLower(h[0])]
		switch {
		case known && h[1] == want:
			seen[marked]++
		case known:
			fault("%s is %q", h[0], h[1])
		case once[marked] != "", strings.Contains(marked, "leastkey"):
			fault("%s could be taken for what Leastkey says", h[0])
		case !brings(marked, h[1]):
			fault("%s: %s", h[0], h[1])
		}
	}
	for name := range once {
		if seen[name] != 1 {
			fault("%s is there %d times", name, seen[name])
		}
	}
	return faults
}

// oneMark is a name in lower case, with one mark for all.
func oneMark(name string) string {
	return strings.NewReplacer("_", "-", ".", "-", "~", "-").Replace(strings.ToLower(name))
}

// brings says that a header, by its name in lower case with one mark, may come to an upstream.
// What proxies say of themselves and of the connection may, and nothing that a client says of that.
func brings(name, value string) bool {
	switch name {
	case "authorization", "proxy-authorization", "x-auth-key", "x-auth-email", "x-auth-user-service-key",
		"upgrade", "http2-settings", "proxy-connection", "keep-alive", "proxy",
		"forwarded", "true-client-ip", "x-client-ip", "cf-connecting-ip", "client-ip", "remote-user", "x-host",
		"x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-original-uri", "x-original-method", "x-original-host", "x-rewrite-url",
		"x-forwarded-uri", "x-forwarded-method", "x-forwarded-prefix", "x-forwarded-port", "x-forwarded-server", "x-forwarded-user":
		return false
	case "connection":
		return strings.EqualFold(value, "close") || strings.EqualFold(value, "keep-alive")
	case "te":
		return value == "trailers"
	case "x-forwarded-for", "x-real-ip":
		return value == "127.0.0.1"
	case "x-forwarded-proto":
		return value == "http"
	case "x-forwarded-host":
		return value == "api.example"
	default:
		return true
	}
}

// may is what DNS Write and Zone Read on the one zone come to in the default catalogue. It is
// written out, so that it is no opinion of the guard's.
func (w *World) may(method, path string) bool {
	rest, found := strings.CutPrefix(strings.TrimSuffix(path, "/"), w.Fill("/client/v4/zones/{zone}"))
	if !found || rest != "" && rest[0] != '/' {
		return false
	}
	segments := strings.Split(rest, "/")[1:]
	if slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return false
	}
	only := func(methods ...string) bool { return slices.Contains(methods, method) }
	switch {
	case len(segments) == 0 && rest == "":
		return only("GET")
	case slices.Equal(segments, []string{"pagerules"}), len(segments) == 2 && segments[0] == "pagerules":
		return only("GET")
	case len(segments) == 0 || segments[0] != "dns_records":
		return false
	case len(segments) == 1:
		return only("GET", "POST")
	case len(segments) > 2:
		return false
	case segments[1] == "export":
		return only("GET")
	case segments[1] == "import", segments[1] == "batch":
		return only("POST")
	default:
		return only("GET", "PUT", "PATCH", "DELETE")
	}
}
