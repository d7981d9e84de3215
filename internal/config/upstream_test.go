package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey/internal/config"
)

const two = `upstreams:
  - name: dns
    hosts: [DNS.example.com]
    url: http://127.0.0.1:8081
    credential: {header: X-Api-Key, env: KEY}
    timeouts: {connect: 1s, answer: 10m, idle: 2h}
  - name: box
    prefix: /v1
    url: https://box.internal/base
    credential: {header: Authorization, env: KEY, prefix: "Bearer "}
`

func TestUpstreams(t *testing.T) {
	c, problem := load(t, two)
	if problem != "" {
		t.Fatal(problem)
	}
	for i := range c.Upstreams {
		if i == 0 && c.Upstreams[i].URL.String() != "http://127.0.0.1:8081" || i == 1 && c.Upstreams[i].URL.String() != "https://box.internal/base" {
			t.Errorf("%d is at %s", i, c.Upstreams[i].URL)
		}
		c.Upstreams[i].URL = nil
	}
	want := []config.Upstream{
		{Name: "dns", Hosts: []string{"dns.example.com"}, Credential: config.Credential{Header: "X-Api-Key", Value: "k"},
			Timeouts: config.Timeouts{Connect: time.Second, Answer: 10 * time.Minute, Idle: 2 * time.Hour}},
		{Name: "box", Prefix: "/v1", Credential: config.Credential{Header: "Authorization", Value: "Bearer k"}},
	}
	if diff := cmp.Diff(want, c.Upstreams); diff != "" {
		t.Error(diff)
	}
}

// Where requests reach the API another way, there is nothing to name.
func TestNoUpstreamBehindAProxyThatAsks(t *testing.T) {
	c, problem := load(t, "forward_auth: {listen: '127.0.0.1:8791', proxies: [127.0.0.1]}\n")
	if problem != "" || len(c.Upstreams) != 0 {
		t.Errorf("%v %s", c.Upstreams, problem)
	}
}

func TestProblemsWithUpstreams(t *testing.T) {
	const rest = ", url: 'http://a', credential: {header: X-Api-Key, env: KEY}}\n"
	for name, test := range map[string]struct{ text, want string }{
		"one and several": {sound + "upstreams: [{name: a" + rest[:len(rest)-1] + "]\n", "leastkey.yaml:6: upstreams: there is upstream as well: keep upstream for one API, or upstreams for several"},
		"none":            {"upstreams: []\n", `leastkey.yaml:1: upstreams: name at least one, such as [{name: dns, url: "http://127.0.0.1:8081", credential: {header: X-Api-Key, env: DNS_KEY}}]`},
		"without a name":  {"upstreams:\n  - {prefix: /a" + rest, "leastkey.yaml:2: upstreams[0].name: give it a name, for messages"},
		"without a key":   {"upstreams:\n  - {name: a, url: 'http://a'}\n", "leastkey.yaml:2: upstreams[0].credential: without one the upstream cannot tell this gateway from anyone; give header, and env or file for its value"},
		"a name twice":    {"upstreams:\n  - {name: a" + rest + "  - {name: a, prefix: /a" + rest, `leastkey.yaml:3: upstreams[1].name: "a" is the name of another one`},
		"a bad prefix":    {"upstreams:\n  - {name: a, prefix: v1/" + rest, `leastkey.yaml:2: upstreams[0].prefix: "v1/" is not the beginning of a path, such as /v1`},
		"a bad host":      {"upstreams:\n  - {name: a, hosts: ['a:80']" + rest, `leastkey.yaml:2: upstreams[0].hosts: "a:80" is not the name of a host, such as api.example.com`},
		"a bad time":      {"upstreams:\n  - {name: a, timeouts: {idle: soon}" + rest, `leastkey.yaml:2: upstreams[0].timeouts.idle: "soon" is not a time from 1ms to 24h; want one such as 5s or 10m`},
		"an unknown key":  {"upstreams:\n  - {name: a, host: b" + rest, "leastkey.yaml:2: unknown key host; the keys here are name, hosts, prefix, url, credential, timeouts"},
	} {
		if _, got := load(t, test.text); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, test.want)
		}
	}
}
