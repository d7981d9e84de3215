package leastkey_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "github.com/leastkey/leastkey"
)

func TestID(t *testing.T) {
	const text = "0123456789abcdef0123456789abcdef"
	id, err := ParseID(text)
	if err != nil || id.String() != text {
		t.Fatalf("%v, %v", id, err)
	}
	for _, bad := range []string{"", text[1:], text + "0", "0123456789ABCDEF0123456789abcdef", "g" + text[1:], " " + text[1:]} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q is taken for an id", bad)
		}
	}
	body, err := json.Marshal(map[string]ID{"id": id})
	if err != nil || string(body) != `{"id":"`+text+`"}` {
		t.Errorf("%s, %v", body, err)
	}
}

func TestAddressRange(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.0/24": "192.0.2.0/24", "192.0.2.77/24": "192.0.2.0/24", "192.0.2.1": "192.0.2.1", "192.0.2.1/32": "192.0.2.1/32",
		"2001:db8::/32": "2001:db8::/32", "2001:DB8::1/32": "2001:db8::/32", "::ffff:192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1/120": "192.0.2.0/24",
		"0.0.0.0/0": "0.0.0.0/0",
		"192.0.2":   "", "192.0.2.0/33": "", "fe80::1%eth0": "", "": "", "any": "", "::ffff:0:0/64": "", "192.0.2.0/-1": "", "192.0.2.0/024": "",
	} {
		r, err := ParseAddressRange(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is taken for a range: %v", text, r)
		case want != "" && (err != nil || r.String() != want):
			t.Errorf("%q reads as %v, %v; want %s", text, r, err, want)
		}
	}
	for _, tt := range []struct {
		in, addr string
		want     bool
	}{
		{"192.0.2.0/24", "192.0.2.255", true}, {"192.0.2.0/24", "192.0.3.0", false}, {"192.0.2.0/24", "::ffff:192.0.2.9", true},
		{"0.0.0.0/0", "2001:db8::1", false}, {"::/0", "192.0.2.1", false}, {"2001:db8::/32", "2001:db8::1%eth0", true},
	} {
		r, err := ParseAddressRange(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Contains(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("%s contains %s: %v", tt.in, tt.addr, got)
		}
	}
	if (AddressRange{}).Contains(netip.MustParseAddr("0.0.0.0")) {
		t.Error("the zero range contains an address")
	}
}

// TestPatternsAgreeWithThePlaces compares Covers and Intersect with what the patterns match in a
// small world: what is covered is matched, and what both match is in the intersection.
func TestPatternsAgreeWithThePlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		p, q := d.pattern(), d.pattern()
		covers := p.Covers(q, d.ancestry)
		both, overlap := p.Intersect(q, d.ancestry)
		for _, r := range d.resources() {
			target := d.one(r)
			inP, inQ := p.Matches(target), q.Matches(target)
			if covers && inQ && !inP {
				t.Fatalf("%v covers %v and does not match %v", p, q, r)
			}
			if inP && inQ != both.Matches(target) && target.Known {
				t.Fatalf("%v and %v meet in %v (%v), which is wrong about %v", p, q, both, overlap, r)
			}
		}
	})
	if (Pattern{}).Matches(OnResource(Resource{})) || (Pattern{}).Matches(OnList("zone")) {
		t.Error("the zero pattern matches")
	}
}

func TestLiveSecret(t *testing.T) {
	s := LiveSecret{Until: epoch}
	if !s.LiveAt(epoch.Add(-1)) || s.LiveAt(epoch) || !(LiveSecret{}).LiveAt(epoch.Add(time.Hour)) {
		t.Error("a secret lives until the end of its overlap, and no longer")
	}
}

func TestWordsOfEnums(t *testing.T) {
	for _, text := range []string{`"allow"`, `"deny"`} {
		var e Effect
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Error(err)
		}
		if back, err := json.Marshal(e); err != nil || string(back) != text {
			t.Errorf("%s, %v", back, err)
		}
	}
	var e Effect
	var s Status
	if json.Unmarshal([]byte(`"Allow"`), &e) == nil || json.Unmarshal([]byte(`"expired"`), &s) == nil {
		t.Error("a word that is not of the set is taken")
	}
}
