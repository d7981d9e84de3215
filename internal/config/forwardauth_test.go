package config_test

import (
	"net/netip"
	"testing"

	"github.com/leastkey/leastkey/internal/config"
)

func TestForwardAuth(t *testing.T) {
	c, problem := load(t, sound+"forward_auth: {listen: 127.0.0.1:8791, proxies: [127.0.0.1]}\n")
	if got := c.ForwardAuth; problem != "" || got.Listen != "127.0.0.1:8791" || len(got.Proxies) != 1 || got.Proxies[0] != netip.MustParsePrefix("127.0.0.1/32") {
		t.Error(problem, got)
	}
	if c, problem := load(t, sound); problem != "" || c.ForwardAuth.Listen != "" || c.ForwardAuth.Proxies != nil {
		t.Error(problem, c.ForwardAuth, config.ForwardAuth{})
	}
	for text, want := range map[string]string{
		"forward_auth: {listen: 127.0.0.1:8791}\n":                    `leastkey.yaml:6: forward_auth.proxies: name the proxies that may ask, such as [127.0.0.1]; nobody else is answered`,
		"forward_auth: {proxies: [127.0.0.1]}\n":                      `leastkey.yaml:6: forward_auth.listen: "" is not host:port, such as 127.0.0.1:8787`,
		"forward_auth: {listen: 127.0.0.1:1, proxies: [0.0.0.0/0]}\n": `leastkey.yaml:6: forward_auth.proxies: 0.0.0.0/0 is so wide that clients are in it, and could claim any address; name the proxies themselves`,
	} {
		if _, got := load(t, sound+text); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
