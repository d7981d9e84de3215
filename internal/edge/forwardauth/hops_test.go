package forwardauth

import (
	"net/http"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

const shops = `
namespace: com.example.shop
resources:
  shop: {}
permission_groups:
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c01, name: Shop Read, resource: shop}
operations:
  - {route: "GET /shops/{shop}", any_of: [Shop Read], target: {shop: path.shop}}
`

// A client is where the right-most proxy that is not ours saw it, and nowhere when that is not certain: then a token that
// is limited to addresses, or kept from some, is refused. Here everybody at 127.0.0.0/8 and 10.0.0.0/8 is a proxy of ours.
func TestHops(t *testing.T) {
	c, err := catalog.Load("shops.yaml", []byte(shops))
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	acme, ada := w.Account("acme"), w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	read := leastkeytest.Allow("Shop Read").On(leastkey.PatternOne(w.Resource("shop", "7", acme.Resource())))
	only := w.Token(ada, read, leastkeytest.From("203.0.113.7", "2001:db8::7"))
	never := w.Token(ada, read, leastkeytest.NotFrom("198.51.100.0/24", "2001:db8:bad::/48"))
	addr := serve(t, w.Guard, "127.0.0.0/8", "10.0.0.0/8")

	const yes, no = http.StatusNoContent, http.StatusForbidden
	for name, test := range map[string]struct {
		hops        []string // one X-Forwarded-For each
		only, never int
	}{
		"the client":                              {[]string{"203.0.113.7"}, yes, yes},
		"another":                                 {[]string{"203.0.113.8"}, no, yes},
		"one of those that are kept out":          {[]string{"198.51.100.1"}, no, no},
		"through a proxy of ours":                 {[]string{"203.0.113.7, 10.0.0.1"}, yes, yes},
		"through two":                             {[]string{"203.0.113.7,10.0.0.1 ,\t127.0.0.9"}, yes, yes},
		"through two, kept out":                   {[]string{"198.51.100.1, 10.0.0.1, 10.0.0.2"}, no, no},
		"claims another place":                    {[]string{"203.0.113.7, 203.0.113.8"}, no, yes},
		"claims another place, kept out":          {[]string{"203.0.113.7, 198.51.100.1"}, no, no},
		"claims a place before a proxy of ours":   {[]string{"203.0.113.7, 198.51.100.1, 10.0.0.1"}, no, no},
		"claims to be a proxy of ours":            {[]string{"203.0.113.7, 10.0.0.1, 198.51.100.1"}, no, no},
		"claims what is no address":               {[]string{"unknown, 203.0.113.7"}, yes, yes},
		"an untrusted hop in the middle":          {[]string{"203.0.113.7, 192.0.2.1, 10.0.0.1"}, no, yes},
		"two headers":                             {[]string{"198.51.100.1", "203.0.113.7"}, yes, yes},
		"two headers, the second one's proxy":     {[]string{"203.0.113.7", "10.0.0.1"}, yes, yes},
		"two headers, the second decides":         {[]string{"203.0.113.7", "198.51.100.1"}, no, no},
		"two headers, the second empty":           {[]string{"203.0.113.7", ""}, no, no},
		"none":                                    {nil, no, no},
		"an empty one":                            {[]string{""}, no, no},
		"only commas":                             {[]string{",,"}, no, no},
		"a comma at the end":                      {[]string{"203.0.113.7,"}, no, no},
		"nothing between":                         {[]string{"203.0.113.7,,10.0.0.1"}, no, no},
		"garbage":                                 {[]string{"garbage"}, no, no},
		"garbage behind it":                       {[]string{"203.0.113.7, garbage"}, no, no},
		"garbage between it and a proxy of ours":  {[]string{"203.0.113.7, garbage, 10.0.0.1"}, no, no},
		"unknown, as RFC 7239 has it":             {[]string{"unknown"}, no, no},
		"a port":                                  {[]string{"203.0.113.7:4711"}, no, no},
		"brackets":                                {[]string{"[2001:db8::7]"}, no, no},
		"quotes":                                  {[]string{`"203.0.113.7"`}, no, no},
		"leading zeros":                           {[]string{"203.0.113.007"}, no, no},
		"an octal number":                         {[]string{"0313.0.113.7"}, no, no},
		"a whole number":                          {[]string{"3405803783"}, no, no},
		"a range":                                 {[]string{"203.0.113.7/32"}, no, no},
		"two with a space":                        {[]string{"203.0.113.7 10.0.0.1"}, no, no},
		"proxies of ours alone":                   {[]string{"127.0.0.1, 10.0.0.1"}, no, no},
		"IPv6":                                    {[]string{"2001:DB8:0::7, 10.0.0.1"}, yes, yes},
		"IPv6, kept out":                          {[]string{"2001:db8:bad::1"}, no, no},
		"IPv6 with a zone":                        {[]string{"2001:db8::7%eth0"}, no, no},
		"IPv4 within IPv6":                        {[]string{"::ffff:203.0.113.7"}, yes, yes},
		"IPv4 within IPv6, kept out":              {[]string{"::ffff:198.51.100.1"}, no, no},
		"a proxy of ours as IPv4 within IPv6":     {[]string{"203.0.113.7, ::ffff:10.0.0.1"}, yes, yes},
		"a proxy of ours as IPv4 in another IPv6": {[]string{"203.0.113.7, 64:ff9b::10.0.0.1"}, no, yes},
	} {
		t.Run(name, func(t *testing.T) {
			for token, want := range map[*leastkeytest.Credential]int{only: test.only, never: test.never} {
				for path, header := range map[string][][2]string{
					"/auth/nginx":   {{"X-Original-Method", "GET"}, {"X-Original-URI", "/shops/7"}, {"X-Original-Host", "api.example"}},
					"/auth/caddy":   {{"X-Forwarded-Method", "GET"}, {"X-Forwarded-Uri", "/shops/7"}, {"X-Forwarded-Host", "api.example"}},
					"/auth/traefik": {{"X-Forwarded-Method", "GET"}, {"X-Forwarded-Uri", "/shops/7"}, {"X-Forwarded-Host", "api.example"}, {"X-Real-Ip", "203.0.113.7"}},
				} {
					header = append(header, [2]string{"Authorization", "Bearer " + token.Secret.Reveal()})
					for _, hop := range test.hops {
						header = append(header, [2]string{"X-Forwarded-For", hop})
					}
					answer := ask(t, addr, path, header)
					if answer.StatusCode != want || (want == yes) != (answer.Header.Get(guard.TokenIDHeader) == token.ID.String()) {
						t.Errorf("%s, limited %t: %d %v %s; want %d", path, token == only, answer.StatusCode, answer.Header, answer.body, want)
					}
				}
			}
		})
	}
}
