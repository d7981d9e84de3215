package tell_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/tell"
)

func TestWarnings(t *testing.T) {
	const inDays = " (in 31 days)."
	plain := allow(t, zones("a"), "DNS Write")
	with := func(change func(*control.TokenSpec), policies ...leastkey.Policy) control.TokenSpec {
		s := spec(policies...)
		change(&s)
		return s
	}
	ends := func(at time.Time) control.TokenSpec {
		return with(func(s *control.TokenSpec) { s.Validity.ExpiresOn = at }, plain)
	}
	from := func(c leastkey.Condition) control.TokenSpec {
		return with(func(s *control.TokenSpec) { s.Condition = c }, plain)
	}
	for name, row := range map[string]struct {
		spec control.TokenSpec
		want []Warning
	}{
		"nothing to say": {spec(plain), nil},
		"reads one zone of an account, and writes on another": {spec(plain, allow(t, zonesUnderE(), "DNS Read")), []Warning{
			{Note, "It may read every zone of account Ada's, also zones added later."},
		}},
		"writes on the zones of an account": {spec(allow(t, zonesUnderE(), "DNS Read", "Cache Purge")), []Warning{
			{Note, "It may change every zone of account Ada's, also zones added later."},
		}},
		"writes on everything": {spec(allow(t, both(every("zone"), every("account")), "DNS Write", "Account Settings Read")), []Warning{
			{Danger, "It may change every zone, also zones added later."},
			{Note, "It may read every account, also accounts added later."},
			{Note, "It works from any address. With a client IP filter, a stolen secret would be of little use."},
		}},
		"writes on everything, from one place": {with(func(s *control.TokenSpec) { s.Condition.In = ranges(t, "192.0.2.0/24", "2001:db8::/32") },
			allow(t, every("zone"), "DNS Write")), []Warning{{Danger, "It may change every zone, also zones added later."}}},
		"writes on everything but one": {spec(allow(t, every("zone"), "DNS Write"), deny(t, zones("a"), "DNS Write")), []Warning{
			{Danger, "It may change every zone, also zones added later."},
			{Note, "It works from any address. With a client IP filter, a stolen secret would be of little use."},
		}},
		"makes tokens": {spec(allow(t, one("user", id("f").String()), "API Tokens Write")), []Warning{
			{Danger, "It may make tokens, and change, roll and delete those there are."},
		}},
		"reads tokens": {spec(allow(t, one("user", id("f").String()), "API Tokens Read")), nil},
		"makes tokens of accounts": {spec(allow(t, one("account", id("e").String()), "Account API Tokens Write")), []Warning{
			{Danger, "It may make tokens, and change, roll and delete those there are."},
		}},
		"manages members": {spec(allow(t, one("account", id("e").String()), "SCIM Provisioning")), []Warning{
			{Danger, "It may change who is a member of an account, and what members may do."},
		}},
		"manages members, but is denied": {spec(plain, allow(t, one("account", id("e").String()), "SCIM Provisioning"), deny(t, every("account"), "SCIM Provisioning")), []Warning{
			{Note, "Allowed, and denied too, so it has no effect: SCIM Provisioning on account Ada's."},
		}},
		"no policy":     {spec(), []Warning{{Danger, "It may do nothing: no policy allows anything."}}},
		"denies alone":  {spec(deny(t, zones("a"), "DNS Write")), []Warning{{Danger, "It may do nothing: a deny takes away, and no policy allows anything."}}},
		"denies itself": {spec(plain, deny(t, zones("a"), "DNS Write")), []Warning{{Danger, "It may do nothing: all that is allowed is denied too."}}},
		"denies what nothing allows": {spec(plain, deny(t, zones("a", "b"), "DNS Write", "Zone Write"), allow(t, zones("c"), "DNS Write")), []Warning{
			{Note, "Allowed, and denied too, so it has no effect: DNS Write on zone one.example."},
			{Note, "Denied, though nothing allows it, so it has no effect: DNS Write and Zone Write on zone two.example."},
			{Note, "Denied, though nothing allows it, so it has no effect: Zone Write on zone one.example."},
		}},
		"denies what might be below": {spec(allow(t, zonesUnderE(), "DNS Read"), deny(t, zones("a"), "DNS Read")), []Warning{
			{Note, "It may read every zone of account Ada's, also zones added later."},
		}},
		"no end":         {ends(time.Time{}), []Warning{{Note, "It has no end, and works until somebody deletes it."}}},
		"ends at once":   {ends(epoch()), []Warning{{Danger, "It ended 2030-01-01 12:00 UTC (less than a minute ago)."}}},
		"ends today":     {ends(epoch().Add(23 * time.Hour)), []Warning{{Note, "It ends within a day: 2030-01-02 11:00 UTC (in 23 hours)."}}},
		"ends tomorrow":  {ends(epoch().Add(24 * time.Hour)), nil},
		"ends in a year": {ends(epoch().AddDate(1, 0, 0)), nil},
		"ends later":     {ends(epoch().AddDate(1, 0, 1)), []Warning{{Note, "It ends more than a year from now: 2031-01-02 12:00 UTC (in about 12 months)."}}},
		"begins later": {with(func(s *control.TokenSpec) { s.Validity.NotBefore = epoch().AddDate(0, 0, 31) }, plain), []Warning{
			{Note, "It does not work before 2030-02-01 12:00 UTC" + inDays},
		}},
		"from both": {from(leastkey.Condition{In: ranges(t, "192.0.2.0/24", "2001:db8::/32")}), nil},
		"from IPv4": {from(leastkey.Condition{In: ranges(t, "192.0.2.0/24")}), []Warning{
			{Danger, "Your address now, 2001:db8::1, is shut out."},
			{Note, "Clients that connect over IPv6 are shut out: only ranges of IPv4 are allowed."},
		}},
		"from IPv6": {from(leastkey.Condition{In: ranges(t, "2001:db8::/32", "0.0.0.0/1"), NotIn: ranges(t, "0.0.0.0/0")}), []Warning{
			{Danger, "Your address now, 192.0.2.1, is shut out."},
			{Note, "Clients that connect over IPv4 are shut out: only ranges of IPv6 are allowed."},
		}},
		"not from here": {from(leastkey.Condition{NotIn: ranges(t, "192.0.2.0/24")}), []Warning{{Danger, "Your address now, 192.0.2.1, is shut out."}}},
		"from nowhere": {from(leastkey.Condition{In: ranges(t, "192.0.2.0/24"), NotIn: ranges(t, "192.0.0.0/8")}), []Warning{
			{Danger, "No address is let in: every range that is allowed is excluded too."},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := teller(t).Warnings(row.spec, netip.MustParseAddr("::ffff:192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.Addr{})
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
