package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

const (
	id1 = "023e105f4ecef8ad9ca31a8372d0c353"
	id2 = "01a7362d577a6c3019a474fd6f485823"
)

func TestResourceForms(t *testing.T) {
	c := defaults(t)
	account := leastkey.Resource{Type: leastkey.AccountType, ID: id1}
	tests := []struct {
		name, data string
		want       []leastkey.Pattern
	}{
		{"one account", `{"com.cloudflare.api.account.` + id1 + `":"*"}`, []leastkey.Pattern{leastkey.PatternOne(account)}},
		{"every account", `{"com.cloudflare.api.account.*":"*"}`, []leastkey.Pattern{leastkey.PatternEvery("account")}},
		{"one zone", `{"com.cloudflare.api.account.zone.` + id1 + `":"*"}`, []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: id1})}},
		{"every zone", `{"com.cloudflare.api.account.zone.*":"*"}`, []leastkey.Pattern{leastkey.PatternEvery("zone")}},
		{"every zone of one account", `{"com.cloudflare.api.account.` + id1 + `":{"com.cloudflare.api.account.zone.*":"*"}}`, []leastkey.Pattern{leastkey.PatternUnder("zone", account)}},
		{"two types of one account", `{"com.cloudflare.api.account.` + id1 + `":{"com.cloudflare.api.account.zone.*":"*","com.cloudflare.edge.r2.bucket.*":"*"}}`,
			[]leastkey.Pattern{leastkey.PatternUnder("zone", account), leastkey.PatternUnder("r2_bucket", account)}},
		{"the user", `{"com.cloudflare.api.user.` + id1 + `":"*"}`, []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "user", ID: id1})}},
		{"a bucket", `{"com.cloudflare.edge.r2.bucket.` + id1 + `_default_my.bucket":"*"}`, []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "r2_bucket", ID: id1 + "_default_my.bucket"})}},
		{"a mixture, in its order", `{"com.cloudflare.api.account.zone.` + id2 + `":"*","com.cloudflare.api.account.` + id1 + `":{"com.cloudflare.api.account.zone.*":"*"},"com.cloudflare.api.account.` + id2 + `":"*","com.cloudflare.api.account.zone.` + id1 + `":"*"}`,
			[]leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: id2}), leastkey.PatternUnder("zone", account),
				leastkey.PatternOne(leastkey.Resource{Type: "account", ID: id2}), leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: id1})}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := c.ParseResources([]byte(test.data))
			if err != nil || !slices.Equal(got, test.want) {
				t.Fatalf("%v, %v", got, err)
			}
			back, err := c.FormatResources(got)
			if err != nil || string(back) != test.data {
				t.Errorf("formatted %s, %v", back, err)
			}
		})
	}
}

func TestBrokenResources(t *testing.T) {
	c := defaults(t)
	kinds := "use com.cloudflare.api.user.<id>, com.cloudflare.api.account.<id>, com.cloudflare.api.account.zone.<id>, com.cloudflare.edge.r2.bucket.<id>"
	const acct, zone = "com.cloudflare.api.account.", "com.cloudflare.api.account.zone."
	tests := []struct{ name, data, want string }{
		{"not json", `{`, `resources: not JSON; send an object`},
		{"two values", `{} {}`, `resources: not JSON; send an object`},
		{"null", `null`, `resources: not an object; send {"com.cloudflare.edge.r2.bucket.*": "*"} or the like`},
		{"a list", `["*"]`, `resources: not an object; send {"com.cloudflare.edge.r2.bucket.*": "*"} or the like`},
		{"empty", `{}`, `resources: no resource; name at least one`},
		{"key twice", `{"` + zone + `*":"*","` + zone + `*":"*"}`, `resources: key "` + zone + `*": occurs twice; keep one`},
		{"key twice, once escaped", `{"` + zone + `*":"*","` + zone + `\u002a":"*"}`, `resources: key "` + zone + `*": occurs twice; keep one`},
		{"nested key twice", `{"` + acct + id1 + `":{"` + zone + `*":"*","` + zone + `*":"*"}}`, `resources: key "` + zone + `*": occurs twice; keep one`},
		{"unknown key", `{"com.example.zone.x":"*"}`, `resources: key "com.example.zone.x": unknown kind of resource; ` + kinds},
		{"empty key", `{"":"*"}`, `resources: an empty key; name a resource, such as com.cloudflare.edge.r2.bucket.*`},
		{"star", `{"*":"*"}`, `resources: key "*": unknown kind of resource; ` + kinds},
		{"no id", `{"com.cloudflare.api.account":"*"}`, `resources: key "com.cloudflare.api.account": unknown kind of resource; ` + kinds},
		{"key in upper case", `{"COM.cloudflare.api.account.*":"*"}`, `resources: key "COM.cloudflare.api.account.*": unknown kind of resource; ` + kinds},
		{"empty id", `{"` + acct + `":"*"}`, `resources: key "` + acct + `": what follows com.cloudflare.api.account. is not an id; ids of type account are 32 lower-case hex digits`},
		{"id in upper case", `{"` + zone + strings.ToUpper(id1) + `":"*"}`, `resources: key "` + zone + strings.ToUpper(id1) + `": what follows com.cloudflare.api.account.zone. is not an id; ids of type zone are 32 lower-case hex digits`},
		{"id and star", `{"` + zone + id1 + `*":"*"}`, `resources: key "` + zone + id1 + `*": what follows com.cloudflare.api.account.zone. is not an id; ids of type zone are 32 lower-case hex digits`},
		{"type as id", `{"` + acct + `zone":"*"}`, `resources: key "` + acct + `zone": what follows com.cloudflare.api.account. is not an id; ids of type account are 32 lower-case hex digits`},
		{"bucket with a star", `{"com.cloudflare.edge.r2.bucket.a*":"*"}`, `resources: key "com.cloudflare.edge.r2.bucket.a*": what follows com.cloudflare.edge.r2.bucket. is not an id; ids of type r2_bucket are 1 to 255 visible ASCII characters without '*'`},
		{"every user", `{"com.cloudflare.api.user.*":"*"}`, `resources: key "com.cloudflare.api.user.*": a token never reaches every user; name your own user id instead of *`},
		{"a number", `{"` + zone + `*":1}`, `resources: key "` + zone + `*": its value is neither "*" nor an object; write "*"`},
		{"another string", `{"` + zone + `*":"all"}`, `resources: key "` + zone + `*": its value is neither "*" nor an object; write "*"`},
		{"a list of stars", `{"` + zone + `*":["*"]}`, `resources: key "` + zone + `*": its value is neither "*" nor an object; write "*"`},
		{"null value", `{"` + zone + `*":null}`, `resources: key "` + zone + `*": its value is neither "*" nor an object; write "*"`},
		{"object below star", `{"` + acct + `*":{"` + zone + `*":"*"}}`, `resources: key "` + acct + `*": an object below *; write the keys of the object at the top, with the value "*"`},
		{"empty object", `{"` + acct + id1 + `":{}}`, `resources: key "` + acct + id1 + `": an empty object; write "*", or name what is under it`},
		{"two levels", `{"` + acct + id1 + `":{"` + zone + `*":{"` + zone + `*":"*"}}}`, `resources: key "` + zone + `*": its value is not "*"; write "*"`},
		{"one zone inside", `{"` + acct + id1 + `":{"` + zone + id2 + `":"*"}}`, `resources: key "` + zone + id2 + `": one resource inside an object; move it to the top of the map, or write * for its id`},
		{"accounts below a zone", `{"` + zone + id1 + `":{"` + acct + `*":"*"}}`, `resources: key "` + acct + `*": type account is not below type zone; move it to the top of the map`},
		{"zones below a user", `{"com.cloudflare.api.user.` + id1 + `":{"` + zone + `*":"*"}}`, `resources: key "` + zone + `*": type zone is not below type user; move it to the top of the map`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := c.ParseResources([]byte(test.data))
			var mapError *catalog.ResourceMapError
			if got != nil || !errors.As(err, &mapError) {
				t.Fatalf("%v, %v", got, err)
			}
			if err.Error() != test.want {
				t.Errorf("got:  %s\nwant: %s", err, test.want)
			}
		})
	}
}

func TestFormatResources(t *testing.T) {
	c := defaults(t)
	account := leastkey.Resource{Type: "account", ID: id1}
	zones, buckets := leastkey.PatternUnder("zone", account), leastkey.PatternUnder("r2_bucket", account)
	one := leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: id2})
	got, err := c.FormatResources([]leastkey.Pattern{zones, one, buckets, zones, one})
	want := `{"com.cloudflare.api.account.` + id1 + `":{"com.cloudflare.api.account.zone.*":"*","com.cloudflare.edge.r2.bucket.*":"*"},"com.cloudflare.api.account.zone.` + id2 + `":"*"}`
	if err != nil || string(got) != want {
		t.Errorf("duplicates and scattered parents: %s, %v", got, err)
	}
	for name, patterns := range map[string][]leastkey.Pattern{
		"nothing":              {{}},
		"an unknown type":      {leastkey.PatternEvery("book")},
		"every user":           {leastkey.PatternEvery("user")},
		"a bad id":             {leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: "x"})},
		"a bad parent":         {leastkey.PatternUnder("zone", leastkey.Resource{Type: "account", ID: "*"})},
		"accounts of a zone":   {leastkey.PatternUnder("account", leastkey.Resource{Type: "zone", ID: id1})},
		"an account and below": {leastkey.PatternOne(account), zones},
		"below and an account": {zones, leastkey.PatternOne(account)},
	} {
		if out, err := c.FormatResources(patterns); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// What can be formatted parses back to the same patterns.
func TestFormatThenParse(t *testing.T) {
	c := defaults(t)
	ids := []string{id1, id2}
	pattern := rapid.Custom(func(t *rapid.T) leastkey.Pattern {
		typ := rapid.SampledFrom([]leastkey.ResourceType{"user", "account", "zone", "r2_bucket"}).Draw(t, "type")
		r := leastkey.Resource{Type: typ, ID: rapid.SampledFrom(ids).Draw(t, "id")}
		switch rapid.IntRange(0, 2).Draw(t, "extent") {
		case 0:
			return leastkey.PatternOne(r)
		case 1:
			return leastkey.PatternEvery(typ)
		default:
			return leastkey.PatternUnder(typ, leastkey.Resource{Type: "account", ID: r.ID})
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(pattern, 1, 5).Draw(t, "patterns")
		data, err := c.FormatResources(patterns)
		if err != nil {
			return
		}
		back, err := c.ParseResources(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		for _, p := range patterns {
			if !slices.Contains(back, p) {
				t.Fatalf("%s lost %v", data, p)
			}
		}
		for _, p := range back {
			if !slices.Contains(patterns, p) {
				t.Fatalf("%s gained %v", data, p)
			}
		}
	})
}

// A map that parses formats, and the formatted map means the same and is stable.
func FuzzResources(f *testing.F) {
	c := defaults(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		patterns, err := c.ParseResources(data)
		if err != nil {
			var mapError *catalog.ResourceMapError
			if patterns != nil || !errors.As(err, &mapError) || mapError.What == "" || mapError.Fix == "" {
				t.Fatalf("%v, %v", patterns, err)
			}
			return
		}
		for _, p := range patterns {
			if p.Extent == leastkey.One && !c.ValidID(p.Type, p.ID) || p.Extent == leastkey.Under && !c.ValidID(p.Parent.Type, p.Parent.ID) {
				t.Fatalf("%v has no valid id", p)
			}
		}
		formatted, err := c.FormatResources(patterns)
		if err != nil {
			t.Fatalf("%q parses and does not format: %v", data, err)
		}
		again, err := c.ParseResources(formatted)
		if err != nil || !slices.Equal(again, patterns) {
			t.Fatalf("%q became %s: %v, %v", data, formatted, again, err)
		}
	})
}
