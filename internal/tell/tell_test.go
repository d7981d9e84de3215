package tell_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/tell"
)

func epoch() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

// small is a catalogue in which everything fits on a line.
const small = `
namespace: com.example.api
resources:
  zone: {parent: account, key: account.zone}
  load_balancer: {parent: zone, ids: any}
permission_groups:
  - {id: 00000000000000000000000000000001, name: DNS Read, resource: zone}
  - {id: 00000000000000000000000000000002, name: DNS Write, resource: zone}
  - {id: 00000000000000000000000000000003, name: Zone Read, resource: zone}
  - {id: 00000000000000000000000000000004, name: Zone Write, resource: zone}
  - {id: 00000000000000000000000000000005, name: Cache Purge, resource: zone}
  - {id: 00000000000000000000000000000006, name: Pages Read, resource: zone}
  - {id: 00000000000000000000000000000007, name: Logs Read, resource: zone}
  - {id: 00000000000000000000000000000008, name: Balance Read, resource: load_balancer}
  - {id: 00000000000000000000000000000009, name: Turned on Read, resource: load_balancer}
operations:
  - {route: "GET /zones/{zone_id}", any_of: [Zone Read], target: {zone: path.zone_id}}
  - {route: "GET /balancers/{id}", any_of: [Balance Read, Turned on Read], target: {load_balancer: path.id}}
`

func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat, err := catalog.Load("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func id(digit string) leastkey.ID { return parse(strings.Repeat(digit, 32)) }

func parse(text string) leastkey.ID {
	id, err := leastkey.ParseID(text)
	if err != nil {
		panic(err)
	}
	return id
}

func teller(t testing.TB) Teller {
	return Teller{Catalog: load(t), Now: epoch(), Names: map[leastkey.Resource]string{
		zone("a"): "one.example", zone("b"): "two.example", zone("c"): "twin.example", zone("d"): "twin.example",
		account("e"): "Ada's", {Type: "user", ID: id("f").String()}: "ada@example.com",
		zone("8"): "evil\u202e.example\n",
	}}
}

func zone(digit string) leastkey.Resource {
	return leastkey.Resource{Type: "zone", ID: id(digit).String()}
}

func account(digit string) leastkey.Resource {
	return leastkey.Resource{Type: "account", ID: id(digit).String()}
}

func zones(digits ...string) []leastkey.Pattern {
	var patterns []leastkey.Pattern
	for _, d := range digits {
		patterns = append(patterns, leastkey.PatternOne(zone(d)))
	}
	return patterns
}

func one(kind leastkey.ResourceType, id string) []leastkey.Pattern {
	return []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: kind, ID: id})}
}

func every(kind leastkey.ResourceType) []leastkey.Pattern {
	return []leastkey.Pattern{leastkey.PatternEvery(kind)}
}

func zonesUnderE() []leastkey.Pattern {
	return []leastkey.Pattern{leastkey.PatternUnder("zone", account("e"))}
}

// groups finds groups by name, or makes an id of 32 digits out of one digit.
func groups(t testing.TB, cat *catalog.Catalog, names ...string) []leastkey.ID {
	t.Helper()
	var ids []leastkey.ID
	for _, name := range names {
		found := cat.GroupsNamed(name)
		switch {
		case len(name) == 1:
			ids = append(ids, id(name))
		case len(found) == 1:
			ids = append(ids, found[0].ID)
		default:
			t.Fatalf("%d groups are called %q", len(found), name)
		}
	}
	return ids
}

func allow(t testing.TB, on []leastkey.Pattern, names ...string) leastkey.Policy {
	return leastkey.Policy{Effect: leastkey.Allow, Groups: groups(t, load(t), names...), Patterns: on}
}

func deny(t testing.TB, on []leastkey.Pattern, names ...string) leastkey.Policy {
	return leastkey.Policy{Effect: leastkey.Deny, Groups: groups(t, load(t), names...), Patterns: on}
}

func both(lists ...[]leastkey.Pattern) []leastkey.Pattern {
	var all []leastkey.Pattern
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func ranges(t testing.TB, texts ...string) []leastkey.AddressRange {
	t.Helper()
	var list []leastkey.AddressRange
	for _, text := range texts {
		r, err := leastkey.ParseAddressRange(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func TestSentences(t *testing.T) {
	const only = "Nothing else: no other permission, no other zone"
	for name, row := range map[string]struct {
		policies []leastkey.Policy
		want     []string
	}{
		"nothing": {nil, []string{"Nothing: what no policy allows is refused"}},
		"one": {[]leastkey.Policy{allow(t, zones("a"), "DNS Write")}, []string{
			"May: DNS Write on zone one.example",
			only + ", no user, no account and no load balancer. It cannot make or change tokens or manage members",
		}},
		"what is shared, across policies": {[]leastkey.Policy{
			allow(t, zones("a"), "DNS Write", "Zone Read"),
			allow(t, zones("b"), "Zone Read"), allow(t, zones("b"), "DNS Write"),
		}, []string{
			"May: DNS Write and Zone Read on zones one.example and two.example",
			only + ", no user, no account and no load balancer. It cannot make or change tokens or manage members",
		}},
		"reading alone": {[]leastkey.Policy{allow(t, zones("7"), "DNS Read")}, []string{
			"May: DNS Read on zone " + id("7").String(),
			only + ", no user, no account and no load balancer. It reads, and changes nothing",
		}},
		"all that reads": {[]leastkey.Policy{allow(t, every("zone"), "DNS Read", "Logs Read", "Pages Read", "Zone Read", "Cache Purge")}, []string{
			"May: every Read permission and Cache Purge on every zone, also zones added later",
			"Nothing else: no other permission, no user, no account and no load balancer. It cannot make or change tokens or manage members",
		}},
		"everything of a type, but": {[]leastkey.Policy{
			allow(t, zonesUnderE(), "DNS Read", "DNS Write", "Zone Read", "Zone Write", "Cache Purge", "Pages Read", "Logs Read"),
			deny(t, zones("a", "b"), "DNS Write", "Cache Purge"),
		}, []string{
			"May: every permission on every zone of account Ada's, also zones added later",
			"May not: DNS Write and Cache Purge on zones one.example and two.example",
			"Nothing else: no other zone, no user, no account and no load balancer. It cannot make or change tokens or manage members",
		}},
		"several types in one policy": {[]leastkey.Policy{
			allow(t, both(zones("a"), every("zone"), every("account"), one("user", id("f").String())), "DNS Read", "Account Settings Write", "API Tokens Write"),
		}, []string{
			"May: API Tokens Write on user ada@example.com",
			"May: Account Settings Write on every account, also accounts added later",
			"May: DNS Read on zone one.example, and every zone, also zones added later",
			"Nothing else: no other permission, no other user and no load balancer",
		}},
		"names that are not one's own": {[]leastkey.Policy{allow(t, zones("c", "d", "8"), "DNS Read")}, []string{
			"May: DNS Read on zones twin.example (" + id("c").String() + "), twin.example (" + id("d").String() + ") and evil\ufffd.example\ufffd",
			only + ", no user, no account and no load balancer. It reads, and changes nothing",
		}},
		"what left the catalogue": {[]leastkey.Policy{
			allow(t, one("bucket", "b1"), "DNS Read", "9"), deny(t, zones("a"), "9"), allow(t, one("bucket", "b1"), "9"),
		}, []string{
			"DNS Read without any zone to be on: grants nothing",
			"A permission group that this catalogue no longer has (id " + id("9").String() + "): grants nothing",
			"A resource of a type that this catalogue no longer has (bucket b1): grants nothing",
			"A permission group that this catalogue no longer has (id " + id("9").String() + "): denies nothing",
			"Nothing: what no policy allows is refused",
		}},
		"all denied": {[]leastkey.Policy{allow(t, zones("a"), "DNS Write"), deny(t, every("zone"), "DNS Write")}, []string{
			"May: DNS Write on zone one.example",
			"May not: DNS Write on every zone, also zones added later",
			"Nothing: all that is allowed is denied too",
		}},
		"many": {[]leastkey.Policy{allow(t, zones("a", "b", "0", "1", "2", "3", "4", "5", "6", "7"), "DNS Read")}, []string{
			"May: DNS Read on zones one.example, two.example, " + strings.Join([]string{id("0").String(), id("1").String(), id("2").String(),
				id("3").String(), id("4").String(), id("5").String()}, ", ") + " and 2 more",
			only + ", no user, no account and no load balancer. It reads, and changes nothing",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range teller(t).Sentences(row.policies) {
				got = append(got, s.Text)
				effect := map[string]leastkey.Effect{"May:": leastkey.Allow, "May not:": leastkey.Deny}
				for prefix, want := range effect {
					if strings.HasPrefix(s.Text, prefix) && (s.Effect != want || len(s.Groups) == 0 || len(s.Places) == 0) {
						t.Errorf("%+v", s)
					}
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLines(t *testing.T) {
	for name, row := range map[string]struct {
		policies      []leastkey.Policy
		line, may, on string
	}{
		"nothing": {nil, "Nothing", "Nothing", "Nowhere"},
		"one":     {[]leastkey.Policy{allow(t, zones("a"), "DNS Write")}, "DNS Write on zone one.example", "DNS Write", "Zone one.example"},
		"more": {[]leastkey.Policy{allow(t, zones("a"), "DNS Write", "Zone Read", "Cache Purge")},
			"DNS Write on zone one.example, +2 more", "DNS Write, Zone Read, +1 more", "Zone one.example"},
		"several zones": {[]leastkey.Policy{allow(t, zones("a", "b", "c"), "DNS Write")},
			"DNS Write on zone one.example, +2 more", "DNS Write", "3 zones"},
		"several types": {[]leastkey.Policy{allow(t, both(zones("a"), every("account")), "DNS Write", "Account Settings Read")},
			"Account Settings Read on every account, +1 more", "Account Settings Read, DNS Write", "Every account, +1 more"},
		"all that reads": {[]leastkey.Policy{allow(t, zonesUnderE(), "DNS Read", "Logs Read", "Pages Read", "Zone Read", "Cache Purge")},
			"Every Read permission on every zone of account Ada's, +1 more", "Every Read permission, Cache Purge", "Every zone of account Ada's"},
		"with a deny": {[]leastkey.Policy{allow(t, every("zone"), "DNS Write"), deny(t, zones("a"), "DNS Write")},
			"DNS Write on every zone, 1 denied", "DNS Write, 1 denied", "Every zone"},
		"all denied": {[]leastkey.Policy{allow(t, zones("a"), "DNS Write"), deny(t, every("zone"), "DNS Write")}, "Nothing", "Nothing", "Nowhere"},
	} {
		teller := teller(t)
		if got := teller.Line(row.policies); got != row.line {
			t.Errorf("%s: line %q, want %q", name, got, row.line)
		}
		if got := teller.May(row.policies); got != row.may {
			t.Errorf("%s: may %q, want %q", name, got, row.may)
		}
		if got := teller.On(row.policies); got != row.on {
			t.Errorf("%s: on %q, want %q", name, got, row.on)
		}
	}
}

func TestResources(t *testing.T) {
	got := Resources(allow(t, both(zones("a", "b", "a"), every("zone"), zonesUnderE()), "DNS Read"), deny(t, zones("b"), "DNS Read"))
	if diff := cmp.Diff([]leastkey.Resource{zone("a"), zone("b"), account("e")}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhere(t *testing.T) {
	for want, c := range map[string]leastkey.Condition{
		"From any address":                                 {},
		"From any address but 192.0.2.0/24":                {NotIn: ranges(t, "192.0.2.0/24")},
		"Only from 192.0.2.1 and 2001:db8::1":              {In: ranges(t, "192.0.2.1", "2001:db8::1")},
		"Only from 192.0.2.0/24, but never from 192.0.2.7": {In: ranges(t, "192.0.2.0/24"), NotIn: ranges(t, "192.0.2.7")},
	} {
		if got := Where(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhen(t *testing.T) {
	in := func(d time.Duration) time.Time { return epoch().Add(d) }
	const hour, day = time.Hour, 24 * time.Hour
	for want, v := range map[string]leastkey.Validity{
		"Now, and without an end":                                                       {},
		"Until 2030-01-09 12:00 UTC (in 8 days)":                                        {NotBefore: in(-hour), ExpiresOn: in(8 * day)},
		"Until 2030-01-01 12:00:30 UTC (in less than a minute)":                         {ExpiresOn: in(30 * time.Second)},
		"Until 2030-01-01 12:01 UTC (in 1 minute)":                                      {ExpiresOn: in(time.Minute)},
		"Until 2032-01-01 12:00 UTC (in about 2 years)":                                 {ExpiresOn: in(730 * day)},
		"Until 2030-07-01 12:00 UTC (in about 6 months)":                                {ExpiresOn: in(181 * day)},
		"Ended 2030-01-01 09:00 UTC (3 hours ago)":                                      {ExpiresOn: in(-3 * hour)},
		"Ended 2030-01-01 12:00 UTC (less than a minute ago)":                           {ExpiresOn: in(0)},
		"From 2030-01-03 12:00 UTC (in 2 days), without an end":                         {NotBefore: in(2 * day)},
		"From 2030-01-03 12:00 UTC (in 2 days) until 2030-01-31 12:00 UTC (in 30 days)": {NotBefore: in(2 * day), ExpiresOn: in(30 * day)},
	} {
		if got := When(v, epoch()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func spec(policies ...leastkey.Policy) control.TokenSpec {
	return control.TokenSpec{Name: "n", Status: leastkey.Active, Policies: policies, Validity: leastkey.Validity{ExpiresOn: epoch().AddDate(0, 1, 0)}}
}
