package guard

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// The short way to the operation of a target and the long one lead to the same, for whatever comes.
func TestPlainTargets(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := NewState(c)
	if err := s.Load(1, func(func(leastkey.Change) error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	n := s.sure()
	ops := c.Operations()
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom(ops).Draw(t, "operation")
		segments := strings.Split(op.Route[1:], "/")
		value := rapid.OneOf(rapid.StringMatching(`[0-9a-f]{32}`), rapid.StringMatching(`[A-Za-z.%_~!;?#\\ +-]{0,6}`), rapid.SampledFrom([]string{".", "..", "%2e", "%5B", "%5b", "é"}))
		for i, segment := range segments {
			if strings.HasPrefix(segment, "{") || rapid.IntRange(0, 15).Draw(t, "spoil") == 0 {
				segments[i] = value.Draw(t, "value")
			}
		}
		target := "/" + strings.Join(segments, "/")
		switch rapid.IntRange(0, 7).Draw(t, "and") {
		case 0:
			target += "/"
		case 1:
			target += "?" + rapid.StringMatching(`[a-z=&%;# ]{0,8}`).Draw(t, "query")
		case 2:
			target = strings.ToUpper(target)
		case 3:
			target = rapid.SampledFrom([]string{"", "*", "/", "//", "http://a" + target, target[1:]}).Draw(t, "odd")
		}
		var got Verdict
		gotErr := n.route(&got, op.Method, "", target)
		path, query, err := canonicalPath(target)
		if (err != nil) != (gotErr != nil) || err != nil && err.Error() != gotErr.Error() {
			t.Fatalf("%q: %v, the long way %v", target, gotErr, err)
		}
		if err != nil {
			return
		}
		wantOp, wantParams, _ := c.Match(op.Method, "", path)
		if got.Operation != wantOp || got.Path != path || got.RawQuery != query || got.Params != wantParams {
			t.Fatalf("%q: %v %q %q, the long way %v %q %q", target, got.Operation, got.Path, got.RawQuery, wantOp, path, query)
		}
	})
}

// Fields that are passed over at once have no business with the guard.
func TestPlainFields(t *testing.T) {
	r := &rules{}
	for _, name := range []string{"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Content-Length", "Content-Type", "Date", "Dnt", "If-None-Match",
		"Origin", "Pragma", "Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Traceparent", "User-Agent", "X-Request-Id"} {
		var h header
		err := r.read(&h, map[string][]string{name: {"x"}})
		if err != nil || h.owned || Owned(name) || !Plain(name) || isCarrier(name) {
			t.Errorf("%s: %+v %v", name, h, err)
		}
	}
}

// The plain names that are made without garbage are the ones that are made with.
func TestPlainNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9_.-]{0,70}`), rapid.String()).Draw(t, "name")
		var room plainRoom
		got, want := string(room.plain(name)), plainName(name)
		ascii := strings.IndexFunc(name, func(r rune) bool { return r > 0x7f }) < 0
		if ascii && got != want {
			t.Fatalf("%q is %q, want %q", name, got, want)
		}
		_, named := ownedNames[want]
		owned := named
		for _, prefix := range ownedPrefixes {
			owned = owned || strings.HasPrefix(want, prefix)
		}
		if ascii && Owned(name) != owned {
			t.Fatalf("%q is owned %t, want %t", name, Owned(name), owned)
		}
	})
}
