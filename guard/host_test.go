package guard_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/leastkey/leastkey/guard"
)

func TestClientAddr(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer string
		hops []string
		want string // "" for invalid
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"}, // not a trusted proxy
		{"[::ffff:192.0.2.1]:1", nil, "192.0.2.1"},
		{"[2001:db8::1%eth0]:1", nil, "2001:db8::1"},
		{"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[fd00::1]:1", []string{"2001:db8::2"}, "2001:db8::2"},
		{"10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"}, // the left one is the client's word
		{"10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"203.0.113.9", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"garbage, 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", nil, ""},
		{"10.0.0.1:1", []string{""}, ""},
		{"10.0.0.1:1", []string{"10.0.0.2, 10.0.0.3"}, ""},
		{"10.0.0.1:1", []string{"198.51.100.1, garbage"}, ""},
		{"10.0.0.1:1", []string{"198.51.100.1, unknown, 10.0.0.2"}, ""},
		{"10.0.0.1:1", []string{"198.51.100.1,"}, ""},
		{"10.0.0.1:1", []string{"198.51.100.1:80"}, ""},
		{"10.0.0.1:1", []string{"[2001:db8::1]"}, ""},
		{"10.0.0.1:1", []string{"fe80::1%eth0"}, ""},
		{"10.0.0.1:1", []string{"0198.51.100.1"}, ""},
		{"@", nil, ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for _, h := range c.hops {
			r.Header.Add("X-Forwarded-For", h)
		}
		var want netip.Addr
		if c.want != "" {
			want = netip.MustParseAddr(c.want)
		}
		if got := guard.ClientAddr(guard.Peer(r), r.Header, trusted); got != want {
			t.Errorf("peer %s, hops %q: %s; want %s", c.peer, c.hops, got, want)
		}
	}
}
