package gateway

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestScheme(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		peer string
		said []string
		want string
	}{
		{"192.0.2.1:1", []string{"https"}, "http"},
		{"10.0.0.1:1", []string{"https"}, "https"},
		{"10.0.0.1:1", []string{"https", "http"}, "http"},
		{"10.0.0.1:1", []string{"gopher"}, "http"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-Proto"] = c.peer, c.said
		if got := scheme(r, trusted); got != c.want {
			t.Errorf("peer %s said %q: %s; want %s", c.peer, c.said, got, c.want)
		}
	}
}
