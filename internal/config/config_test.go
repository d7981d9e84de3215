package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/config"
)

// sound is five lines; what a case adds begins on line 6.
const sound = `upstream:
  url: http://127.0.0.1:8081
  credential:
    header: X-Api-Key
    env: KEY
`

func load(t *testing.T, text string) (config.Config, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "leastkey.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, func(name string) string { return map[string]string{"KEY": "k", "LINES": "a\nb"}[name] })
	if err == nil {
		return c, ""
	}
	return c, strings.ReplaceAll(err.Error(), file, "leastkey.yaml")
}

// Whatever is wrong is named with its line and with what is wanted, in the words of the file.
func TestProblems(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"unknown key":            {sound + "lisen: x\n", "leastkey.yaml:6: unknown key lisen; the keys here are listen, url, dashboard, health, data, catalog, brand, upstream, upstreams, trusted_proxies, ext_authz, forward_auth, nodes, leaks, sign_in, audit, tls, rate, discovery"},
		"unknown key further in": {"upstream: {urls: x}\n", "leastkey.yaml:1: unknown key urls; the keys here are url, credential, timeouts"},
		"dotted key":             {sound + "tls.key: x\n", "leastkey.yaml:6: unknown key tls.key; the keys here are listen, url, dashboard, health, data, catalog, brand, upstream, upstreams, trusted_proxies, ext_authz, forward_auth, nodes, leaks, sign_in, audit, tls, rate, discovery"},
		"two problems":           {sound + "a: 1\nb: 2\n", "leastkey.yaml:6: unknown key a; the keys here are listen, url, dashboard, health, data, catalog, brand, upstream, upstreams, trusted_proxies, ext_authz, forward_auth, nodes, leaks, sign_in, audit, tls, rate, discovery\nleastkey.yaml:7: unknown key b; the keys here are listen, url, dashboard, health, data, catalog, brand, upstream, upstreams, trusted_proxies, ext_authz, forward_auth, nodes, leaks, sign_in, audit, tls, rate, discovery"},
		"key twice":              {sound + "data: a\ndata: b\n", "leastkey.yaml:7: data is there twice; keep one"},
		"list for a word":        {sound + "listen: [a]\n", "leastkey.yaml:6: listen: want one value"},
		"word for a list":        {sound + "trusted_proxies: 10.0.0.5\n", "leastkey.yaml:6: trusted_proxies: want a list, such as [10.0.0.5]"},
		"lists in a list":        {sound + "trusted_proxies: [[a]]\n", "leastkey.yaml:6: trusted_proxies: want a list of single values"},
		"word for a section":     {sound + "rate: 5\n", "leastkey.yaml:6: rate: want keys and values, such as requests: ..."},
		"list for the file":      {"- a\n", "leastkey.yaml:1: the file: want keys and values, such as listen: ..."},
		"tab":                    {sound + "tls:\n\tkey: a\n", "leastkey.yaml:7: not YAML: a tab in the indentation; indent with spaces"},
		"not YAML":               {sound + "tls: {key: a\nbrand: x\n", "leastkey.yaml:6: not YAML: did not find expected ',' or '}'; correct the syntax"},
		"two documents":          {sound + "---\na: 1\n", "leastkey.yaml:6: a second YAML document begins here; keep one"},
		"nothing": {"", "leastkey.yaml: upstream.url: say where the API is, such as http://127.0.0.1:8081\n" +
			"leastkey.yaml: upstream.credential: without one the upstream cannot tell this gateway from anyone; give header, and env or file for its value"},
		"rate without a unit":        {sound + "rate: {requests: 5, per: 5}\n", `leastkey.yaml:6: rate.per: "5" is not a time of a second or more; want one such as 90s, 5m or 1h`},
		"rate of no time":            {sound + "rate: {requests: 5}\n", "leastkey.yaml:6: rate: want {requests: 1200, per: 5m} or the like; requests: 0 is no limit"},
		"rate of words":              {sound + "rate: {requests: many, per: 5m}\n", `leastkey.yaml:6: rate.requests: "many" is not a whole number; want {requests: 1200, per: 5m} or the like; requests: 0 is no limit`},
		"no host":                    {sound + "listen: localhost\n", `leastkey.yaml:6: listen: "localhost" is not host:port, such as 127.0.0.1:8787`},
		"address with a path":        {sound + "url: https://a.example/tokens\n", `leastkey.yaml:6: url: "https://a.example/tokens" is not the address of a site; write something like https://tokens.example.com`},
		"address of no site":         {sound + "url: a.example\n", `leastkey.yaml:6: url: "a.example" is not the address of a site; write something like https://tokens.example.com`},
		"two on one listener":        {sound + "dashboard: {listen: '127.0.0.1:8787'}\n", "leastkey.yaml:6: dashboard.listen: the API listens there; leave this out to have both on one address"},
		"half of TLS":                {sound + "tls: {key: a}\n", "leastkey.yaml:6: tls: give both certificate and key, or neither"},
		"unset variable":             {strings.Replace(sound, "env: KEY", "env: NOTES_KEY", 1), "leastkey.yaml:5: upstream.credential.env: NOTES_KEY is not set in the environment"},
		"two lines":                  {strings.Replace(sound, "env: KEY", "env: LINES", 1), "leastkey.yaml:5: upstream.credential.env: LINES must hold one line of printable ASCII characters"},
		"env and file":               {sound + "    file: x\n", "leastkey.yaml:3: upstream.credential: give header, and exactly one of env and file for its value"},
		"header that is none":        {strings.Replace(sound, "X-Api-Key", "'X Api Key'", 1), `leastkey.yaml:4: upstream.credential.header: "X Api Key" is not the name of a header field, such as Authorization or X-Api-Key`},
		"header with a line end":     {strings.Replace(sound, "X-Api-Key", `"X-Api-Key\r\nX"`, 1), `leastkey.yaml:4: upstream.credential.header: "X-Api-Key\r\nX" is not the name of a header field, such as Authorization or X-Api-Key`},
		"header of a connection":     {strings.Replace(sound, "X-Api-Key", "Host", 1), "leastkey.yaml:4: upstream.credential.header: Host says something else already; name a field of the credential's own, such as Authorization or X-Api-Key"},
		"header of an address":       {strings.Replace(sound, "X-Api-Key", "x-forwarded-FOR", 1), "leastkey.yaml:4: upstream.credential.header: x-forwarded-FOR says something else already; name a field of the credential's own, such as Authorization or X-Api-Key"},
		"header of an identity":      {strings.Replace(sound, "X-Api-Key", "leastkey-principal", 1), "leastkey.yaml:4: upstream.credential.header: leastkey-principal says something else already; name a field of the credential's own, such as Authorization or X-Api-Key"},
		"prefix of two lines":        {sound + "    prefix: \"a\\r\\nb\"\n", "leastkey.yaml:6: upstream.credential.prefix: want printable ASCII characters, such as 'Bearer '"},
		"rate in less than a second": {sound + "rate: {requests: 5, per: 10ms}\n", `leastkey.yaml:6: rate.per: "10ms" is not a time of a second or more; want one such as 90s, 5m or 1h`},
		"bad URL":                    {strings.Replace(sound, "http://", "", 1), `leastkey.yaml:2: upstream.url: "127.0.0.1:8081" is not a URL such as http://127.0.0.1:8081, without user, query and fragment`},
		"proxy by name":              {sound + "trusted_proxies:\n  - 10.0.0.5\n  - lb\n", `leastkey.yaml:8: trusted_proxies: "lb" is not an address such as 10.0.0.5, or a range such as 10.0.0.0/28`},
		"everybody a proxy":          {sound + "trusted_proxies: [0.0.0.0/0]\n", "leastkey.yaml:6: trusted_proxies: 0.0.0.0/0 is so wide that clients are in it, and could claim any address; name the proxies themselves"},
		"half the world":             {sound + "trusted_proxies: [128.0.0.0/7]\n", "leastkey.yaml:6: trusted_proxies: 128.0.0.0/7 is so wide that clients are in it, and could claim any address; name the proxies themselves"},
		"every IPv6 address":         {sound + "trusted_proxies: ['2000::/15']\n", "leastkey.yaml:6: trusted_proxies: 2000::/15 is so wide that clients are in it, and could claim any address; name the proxies themselves"},
		"every IPv4, disguised":      {sound + "trusted_proxies: ['::ffff:0.0.0.0/96']\n", "leastkey.yaml:6: trusted_proxies: ::ffff:0.0.0.0/96 is so wide that clients are in it, and could claim any address; name the proxies themselves"},
		"an alias round a circle":    {"upstream: &x {credential: *x}\n", "leastkey.yaml:1: unknown key credential; the keys here are header, env, file, prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, got := load(t, test.text); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	c, problem := load(t, sound+`data: &d here
trusted_proxies: [10.0.0.5, '::ffff:10.1.0.0/112', fd00::/16]
tls: {certificate: cert.pem, key: /etc/key.pem}
rate: {requests: 10, per: 90s}
catalog: *d
health:
`)
	if problem != "" {
		t.Fatal(problem)
	}
	var proxies []string
	for _, p := range c.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	if got := strings.Join(proxies, " "); got != "10.0.0.5/32 10.1.0.0/16 fd00::/16" {
		t.Errorf("proxies %s", got)
	}
	if c.Listen != "127.0.0.1:8787" || c.Health != "" || c.Upstreams[0].URL.Host != "127.0.0.1:8081" || c.Upstreams[0].Credential != (config.Credential{Header: "X-Api-Key", Value: "k"}) ||
		c.Quota.Requests != 10 || c.Quota.Per != 90*time.Second || !strings.HasSuffix(c.Certificate, "/cert.pem") || c.Key != "/etc/key.pem" ||
		filepath.Base(c.Data) != "here" || c.CatalogFile != c.Data || c.Brand != "lk" {
		t.Errorf("%+v", c)
	}
	if c, problem := load(t, sound+"rate: {requests: 0}\n"); problem != "" || c.Quota.Requests != 0 {
		t.Errorf("no limit: %+v, %s", c.Quota, problem)
	}
}

// The example's configuration is in order.
func TestExample(t *testing.T) {
	c, err := config.Load("../../examples/notes/leastkey.yaml", func(string) string { return "k" })
	if err != nil || c.Listen != "127.0.0.1:8787" || c.Health != "127.0.0.1:8788" {
		t.Errorf("%+v, %v", c, err)
	}
}
