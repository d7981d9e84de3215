package config_test

import (
	"net/netip"
	"testing"
)

func TestExtAuthz(t *testing.T) {
	c, problem := load(t, "ext_authz: {listen: 127.0.0.1:8792, proxies: [127.0.0.1], trusted_proxies: [10.0.0.5]}\n")
	if got := c.ExtAuthz; problem != "" || got.Listen != "127.0.0.1:8792" || len(got.Proxies) != 1 || got.Proxies[0] != netip.MustParsePrefix("127.0.0.1/32") || len(got.TrustedProxies) != 1 {
		t.Error(problem, got)
	}
	for text, want := range map[string]string{
		"ext_authz: {listen: 127.0.0.1:8792}\n": `leastkey.yaml:6: ext_authz.proxies: name the Envoys that may ask, such as [127.0.0.1]; nobody else is answered`,
		"ext_authz: {proxies: [127.0.0.1]}\n":   `leastkey.yaml:6: ext_authz.listen: "" is not host:port, such as 127.0.0.1:8787`,
	} {
		if _, got := load(t, sound+text); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
