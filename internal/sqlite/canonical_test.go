package sqlite

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
)

var sameRanges = cmp.Comparer(func(a, b leastkey.AddressRange) bool { return a == b })

// agree fails the test unless the decoder and encoding/json say the same of a text.
func agree[T any](t testing.TB, text string, decoded func(string) (T, error)) {
	t.Helper()
	var want T
	wanted := json.Unmarshal([]byte(text), &want)
	got, err := decoded(text)
	if (err == nil) != (wanted == nil) {
		t.Fatalf("%q: error %v, want %v", text, err, wanted)
	}
	if diff := cmp.Diff(got, want, sameRanges); err == nil && diff != "" {
		t.Fatalf("%q: got -, want +\n%s", text, diff)
	}
}

// FuzzCanonical: of every text the decoder says what encoding/json says.
func FuzzCanonical(f *testing.F) {
	for _, text := range []string{
		"", "null", "[]", "{}", "[null]", `[{"id":"0123456789abcdef0123456789abcdef","effect":"allow","groups":["0123456789abcdef0123456789abcdef"],"patterns":[{"extent":1,"type":"zone","id":"a"}]}]`,
		`[{"id":"0123456789abcdef0123456789abcdef","effect":"deny","groups":[],"patterns":null}]`,
		`[{"id":"0123456789abcdef0123456789abcdef","effect":"deny","groups":["0123456789abcdef0123456789abcdef"],"patterns":[{"extent":3,"type":"zone","parent":{"type":"account","id":"\u00e9"}},{"extent":2,"type":"zone"}]}] `,
		`[{"id":"0123456789ABCDEF0123456789abcdef","effect":"allow","groups":null,"patterns":[{"extent":1,"type":"zone","id":"a","id":"b"}]}]`,
		`{"in":["192.0.2.0/24","2001:db8::1"],"not_in":["192.0.2.7"]}`, `{"not_in":["192.0.2.77/24"]}`, `{"in":["nowhere"]}`, `{"in":[]}`, `{"in":["::ffff:192.0.2.1"]}x`,
	} {
		f.Add(text)
	}
	c := &canonical{}
	f.Fuzz(func(t *testing.T, text string) {
		agree(t, text, c.decodePolicies)
		agree(t, text, c.decodeCondition)
	})
}

// certain fails the test when a value is said to read back that does not.
func certain[T any](t testing.TB, v T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil || !readsBack(v, text) {
		return
	}
	if err := readBack[T](text); err != nil {
		t.Errorf("%s is said to read back: %v", text, err)
	}
}

// TestReadsBack: what is certain to read back does.
func TestReadsBack(t *testing.T) {
	texts := []string{"zone", "", "\xff", "\ufffd", "<", "\u2028", "é", `\`, `\ufffd`}
	ranges := []leastkey.AddressRange{{}}
	for _, text := range []string{"192.0.2.0/24", "2001:db8::1", "::/0"} {
		r, err := leastkey.ParseAddressRange(text)
		if err != nil {
			t.Fatal(err)
		}
		ranges = append(ranges, r)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := func() string { return rapid.SampledFrom(texts).Draw(rt, "text") }
		condition := leastkey.Condition{In: rapid.SliceOfN(rapid.SampledFrom(ranges), 0, 2).Draw(rt, "in"), NotIn: rapid.SliceOfN(rapid.SampledFrom(ranges), 0, 2).Draw(rt, "not in")}
		policies := []leastkey.Policy{{Effect: leastkey.Effect(rapid.Uint8Range(0, 3).Draw(rt, "effect")), Patterns: []leastkey.Pattern{
			{Extent: leastkey.Extent(rapid.Uint8().Draw(rt, "extent")), Type: leastkey.ResourceType(text()), ID: text()}}}}
		credential := leastkey.Credential{Kind: leastkey.Kind(rapid.Uint8().Draw(rt, "kind")), Status: leastkey.Status(rapid.Uint8Range(0, 3).Draw(rt, "status")),
			Condition: condition, Policies: policies[:rapid.IntRange(0, 1).Draw(rt, "policies")]}
		certain(t, condition)
		certain(t, policies)
		certain(t, []leastkey.Change{{Credential: &leastkey.CredentialRecord{Credential: credential}}, {Principal: &leastkey.PrincipalRecord{Email: text()}},
			{Resource: &leastkey.ResourceRecord{Name: text(), Resource: leastkey.Resource{ID: text()}}}, {Membership: &leastkey.Membership{}}})
	})
}

// TestCanonical: whatever encode writes comes back, and so does every text that differs from it by a byte.
func TestCanonical(t *testing.T) {
	c := &canonical{}
	id := rapid.Custom(func(rt *rapid.T) (id leastkey.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "id"))
		return id
	})
	word := rapid.OneOf(rapid.SampledFrom([]string{"zone", "account", "user", "a"}), rapid.String())
	resource := rapid.Custom(func(rt *rapid.T) leastkey.Resource {
		return leastkey.Resource{Type: leastkey.ResourceType(word.Draw(rt, "type")), ID: word.Draw(rt, "id")}
	})
	pattern := rapid.Custom(func(rt *rapid.T) leastkey.Pattern {
		return rapid.OneOf(rapid.Map(resource, leastkey.PatternOne), rapid.Just(leastkey.PatternEvery("zone")),
			rapid.Map(resource, func(r leastkey.Resource) leastkey.Pattern { return leastkey.PatternUnder("zone", r) })).Draw(rt, "pattern")
	})
	policy := rapid.Custom(func(rt *rapid.T) leastkey.Policy {
		return leastkey.Policy{ID: id.Draw(rt, "id"), Effect: rapid.SampledFrom([]leastkey.Effect{leastkey.Allow, leastkey.Deny}).Draw(rt, "effect"),
			Groups: rapid.SliceOfN(id, 0, 3).Draw(rt, "groups"), Patterns: rapid.SliceOfN(pattern, 0, 3).Draw(rt, "patterns")}
	})
	addresses := rapid.Custom(func(rt *rapid.T) leastkey.AddressRange {
		addr := netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(rt, "addr")}).String()
		if rapid.Bool().Draw(rt, "six") {
			addr = "2001:db8::" + rapid.StringMatching("[1-9a-f]").Draw(rt, "addr")
		}
		r, err := leastkey.ParseAddressRange(addr + rapid.SampledFrom([]string{"", "/20", "/32"}).Draw(rt, "bits"))
		if err != nil {
			rt.Fatal(err)
		}
		return r
	})
	rapid.Check(t, func(rt *rapid.T) {
		policies, err1 := encode(rapid.SliceOfN(policy, 0, 3).Draw(rt, "policies"))
		condition, err2 := encode(leastkey.Condition{In: rapid.SliceOfN(addresses, 0, 2).Draw(rt, "in"), NotIn: rapid.SliceOfN(addresses, 0, 2).Draw(rt, "not in")})
		if err1 != nil || err2 != nil {
			rt.Fatal(err1, err2)
		}
		agree(t, policies, c.decodePolicies)
		agree(t, condition, c.decodeCondition)
		for range 20 {
			spoilt := spoil(rt, policies)
			agree(t, spoilt, c.decodePolicies)
			agree(t, spoil(rt, condition), c.decodeCondition)
		}
	})
}

// spoil changes, adds or takes away a byte.
func spoil(rt *rapid.T, text string) string {
	at := rapid.IntRange(0, len(text)-1).Draw(rt, "at")
	with := rapid.SampledFrom([]string{"", " ", "\"", "\\", ",", "[", "}", "0", "F", "g", "null", "\xff", "\u00e9"}).Draw(rt, "with")
	return text[:at] + with + text[at+rapid.IntRange(0, 1).Draw(rt, "instead"):]
}
