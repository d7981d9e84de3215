package guard

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonicalPathAccepts(t *testing.T) {
	long := "/" + strings.Repeat("a", maxPath-1)
	for _, c := range []struct{ target, path, query string }{
		{"/", "/", ""},
		{"/zones", "/zones", ""},
		{"/zones/", "/zones", ""},
		{"/?a=b", "/", "a=b"},
		{"/zones/?name=example.com.", "/zones", "name=example.com."},
		{"/zones?", "/zones", ""},
		{"/servers/localhost/zones/example.org.", "/servers/localhost/zones/example.org.", ""},
		{"/a..b/...", "/a..b/...", ""},
		{"/~user/-._!$&'()*+,=:@", "/~user/-._!$&'()*+,=:@", ""},
		{"/a%20b", "/a%20b", ""},
		{"/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D", "/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D", ""},
		{"/a?x=%2e%2E%2f&y=%00&z=/../?", "/a", "x=%2e%2E%2f&y=%00&z=/../?"},
		{"/a?name=%252e", "/a", "name=%252e"},
		{long, long, ""},
		{"/a?" + strings.Repeat("q", maxQuery), "/a", strings.Repeat("q", maxQuery)},
		{strings.Repeat("/a", maxSegments) + "/", strings.Repeat("/a", maxSegments), ""},
	} {
		path, query, err := canonicalPath(c.target)
		if err != nil || path != c.path || query != c.query {
			t.Errorf("canonicalPath(%.80q) = %.80q, %.80q, %v; want %.80q, %.80q", c.target, path, query, err, c.path, c.query)
		}
	}
}

func TestCanonicalPathRefuses(t *testing.T) {
	for _, c := range []struct{ target, why string }{
		{"", "empty"},
		{"*", "no resource"},
		{"http://example.com/zones", "whole URL"},
		{"example.com:443", "whole URL"},
		{"zones", "whole URL"},
		{"?a=b", "whole URL"},
		{"//zones", "two slashes"},
		{"//", "two slashes"},
		{"/zones//", "two slashes"},
		{"/zones//a", "two slashes"},
		{"/.", `"."`},
		{"/..", `"."`},
		{"/../", `"."`},
		{"/zones/./a", `"."`},
		{"/zones/../accounts", `"."`},
		{"/zones/%2e%2e/accounts", "lower-case hex"},
		{"/zones/%2E%2E/accounts", "needs none"},
		{"/zones/.%2E/accounts", "needs none"},
		{"/zones/%2E", "needs none"},
		{"/zone%73", "needs none"},
		{"/zones%3Abatch", "needs none"},
		{"/zones%2Fa", "one of"},
		{"/zones%2fa", "lower-case hex"},
		{"/zones%5Ca", "one of"},
		{"/zones%252Fa", "one of"},
		{"/zones%3Ba", "one of"},
		{"/zones%3Fa", "one of"},
		{"/zones%23a", "one of"},
		{"/zones%00", "control"},
		{"/zones%0A", "control"},
		{"/zones%0D%0A", "control"},
		{"/zones%7F", "control"},
		{"/zones/%C3%A9", "control or non-ASCII"},
		{"/zones/%C0%AE%C0%AE/accounts", "control or non-ASCII"},
		{"/zones/%E2%80%AE", "control or non-ASCII"},
		{"/zones/%FF", "control or non-ASCII"},
		{"/zones/%5b", "lower-case hex"},
		{"/zones/%", "two hex digits"},
		{"/zones/%4", "two hex digits"},
		{"/zones/%G0", "two hex digits"},
		{"/zones/%u002e", "two hex digits"},
		{`/zones\..\accounts`, "backslash"},
		{"/zones;a=b", "semicolon"},
		{"/..;/accounts", "semicolon"},
		{"/zones#a", "fragment"},
		{"/zones?a#b", "fragment"},
		{"/zones a", "percent-encoded"},
		{"/zones\ta", "percent-encoded"},
		{"/zones\x00", "percent-encoded"},
		{"/zones\x7f", "percent-encoded"},
		{"/zones\r\nHost: a", "percent-encoded"},
		{"/zones/é", "percent-encoded"},
		{"/zones/\xff", "percent-encoded"},
		{"/zones\u2215accounts", "percent-encoded"},
		{"/zones[0]", "percent-encoded"},
		{`/zones"`, "percent-encoded"},
		{"/zones|a", "percent-encoded"},
		{"/zones?a;b", "semicolon"},
		{"/zones?a=%", "two hex digits"},
		{"/zones?a=%4", "two hex digits"},
		{"/zones?a=%zz", "two hex digits"},
		{"/zones?a=é", "non-ASCII"},
		{"/zones?a=\xff", "non-ASCII"},
		{"/zones?a=\x01", "control"},
		{"/zones?a b", "space"},
		{`/zones?a=\`, "backslash"},
		{"/" + strings.Repeat("a", maxPath), "longer"},
		{"/zones?" + strings.Repeat("a", maxQuery+1), "longer"},
		{strings.Repeat("/a", maxSegments+1), "segments"},
	} {
		path, query, err := canonicalPath(c.target)
		if err == nil {
			t.Errorf("canonicalPath(%.80q) = %.80q, %.80q; want a refusal", c.target, path, query)
			continue
		}
		if path != "" || query != "" {
			t.Errorf("canonicalPath(%.80q) refuses, yet gives %.80q, %.80q", c.target, path, query)
		}
		if !strings.Contains(err.Error(), c.why) {
			t.Errorf("canonicalPath(%.80q): %q; want it to say %q", c.target, err, c.why)
		}
	}
}

// hostileTargets draws targets from the pieces that matter.
func hostileTargets() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"/", "/", "/", ".", "..", "%2E", "%2e", "%2F", "%2f", "%5C", "\\", "%25", "%", "%4", ";", "%3B", "?", "#", "%23", "%3F",
			"%00", "%0A", "\r\n", " ", "%20", "%22", "[", "%5B", "%5b", ":", "%3A", "@", "%40", "*", "é", "%C3%A9", "\xff",
			"zones", "accounts", "a", "A", "%61", "~", "%7E", "+", "&", "=", "http://", "|", "%7C",
		}),
		rapid.StringMatching(`[a-z0-9./%]{0,4}`),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		pieces := rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces")
		return "/" + strings.Join(pieces, "")
	})
}

// Law 5: the decision and the upstream are about the same request.
func TestLaw5CanonicalPathHasOneReading(t *testing.T) {
	targets := hostileTargets()
	rapid.Check(t, func(t *rapid.T) { checkOneReading(t, targets.Draw(t, "target")) })
}

// Law 5, the other way round: no two accepted paths are the same path to a program that decodes.
func TestLaw5CanonicalPathHasOneSpelling(t *testing.T) {
	targets := hostileTargets()
	rapid.Check(t, func(t *rapid.T) {
		path, _, err := canonicalPath(targets.Draw(t, "target"))
		if err != nil {
			return
		}
		at := rapid.IntRange(0, len(path)-1).Draw(t, "at")
		respelled := path[:at] + "%" + upperHex(path[at]) + path[at+1:]
		if _, _, err := canonicalPath(respelled); err == nil && path[at] != '%' {
			t.Fatalf("%q and %q are both accepted", path, respelled)
		}
		decoded, err := url.PathUnescape(path)
		if err != nil {
			t.Fatalf("an accepted path does not decode: %v", err)
		}
		if other, _, err := canonicalPath(decoded); err == nil && other != path {
			t.Fatalf("%q and its decoded form %q are both accepted", path, decoded)
		}
	})
}

func FuzzCanonicalPath(f *testing.F) {
	f.Fuzz(func(t *testing.T, target string) { checkOneReading(t, target) })
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkOneReading holds what an accepted target promises.
func checkOneReading(t failer, target string) {
	t.Helper()
	path, query, err := canonicalPath(target)
	if err != nil {
		if path != "" || query != "" {
			t.Fatalf("refused, yet gives %q, %q", path, query)
		}
		return
	}
	forwarded := path
	if query != "" {
		forwarded += "?" + query
	}
	if again, q, err := canonicalPath(forwarded); err != nil || again != path || q != query {
		t.Fatalf("not idempotent: %q gives %q, which gives %q, %q, %v", target, forwarded, again, q, err)
	}
	if want, _, _ := strings.Cut(target, "?"); path != want && path+"/" != want {
		t.Fatalf("%q became %q: only one slash at the end may go", want, path)
	}
	u, err := url.ParseRequestURI(forwarded)
	if err != nil {
		t.Fatalf("net/url does not read %q: %v", forwarded, err)
	}
	if u.EscapedPath() != path || u.RawQuery != query || u.Host != "" || u.Fragment != "" || u.Opaque != "" {
		t.Fatalf("net/url reads %q as %#v", forwarded, u)
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			t.Fatalf("segment %q does not decode: %v", segment, err)
		}
		if decoded == "." || decoded == ".." || (decoded == "" && path != "/") || strings.ContainsAny(decoded, "/\\%;?#\x00\r\n\x7f") {
			t.Fatalf("segment %q decodes to %q", segment, decoded)
		}
		if strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("segment %q decodes to control or non-ASCII: %q", segment, decoded)
		}
	}
	if line := sentRequestLine(t, forwarded); line != "GET "+forwarded+" HTTP/1.1" {
		t.Fatalf("Go's client sends %q for %q", line, forwarded)
	}
}

// sentRequestLine is what Go's HTTP client puts on the wire for the target.
func sentRequestLine(t failer, target string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://upstream.example"+target, nil)
	if err != nil {
		t.Fatalf("Go's client refuses %q: %v", target, err)
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("Go's client cannot write %q: %v", target, err)
	}
	line, err := bufio.NewReader(&wire).ReadString('\n')
	if err != nil {
		t.Fatalf("Go's client wrote no request line: %v", err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

func upperHex(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[c>>4], digits[c&15]})
}
