package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// owned says that a header, by its plain name, is not for clients to give to the upstream: it
// carries a credential or an identity, says where a request comes from, or changes what it asks.
func (g *Gateway) owned(plainName string) bool {
	if plainName == g.credentialName {
		return true
	}
	if _, named := ownedNames[plainName]; named {
		return true
	}
	return slices.ContainsFunc(ownedPrefixes, func(prefix string) bool { return strings.HasPrefix(plainName, prefix) })
}

// ownedNames and ownedPrefixes are what servers, proxies and frameworks are known to believe.
var (
	ownedNames = map[string]struct{}{
		// credentials
		"authorization": {}, "proxy-authorization": {}, "x-auth-email": {}, "x-auth-key": {}, "x-auth-user-service-key": {},
		// who asks, as proxies that sign people in tell it
		"remote-user": {}, "x-remote-user": {}, "x-remote-groups": {}, "x-user": {}, "x-username": {}, "x-webauth-user": {},
		"client-cert": {}, "client-cert-chain": {}, "x-client-cert": {}, "x-goog-iap-jwt-assertion": {},
		// from where
		"forwarded": {}, "x-forwarded": {}, "x-real-ip": {}, "x-client-ip": {}, "x-cluster-client-ip": {}, "true-client-ip": {}, "client-ip": {},
		"x-originating-ip": {}, "x-remote-ip": {}, "x-remote-addr": {}, "x-proxyuser-ip": {}, "fastly-client-ip": {}, "cf-connecting-ip": {},
		"cf-connecting-ipv6": {}, "cf-pseudo-ipv4": {}, "cf-worker": {},
		// another method, path or host
		"x-http-method": {}, "x-http-method-override": {}, "x-method-override": {}, "x-rewrite-url": {}, "x-host": {}, "x-http-host-override": {},
		// CGI programs take it for their own HTTP_PROXY
		"proxy": {},
	}
	ownedPrefixes = []string{
		"leastkey", "x-leastkey", "x-forwarded-", "x-original-",
		"x-auth-request-", "x-authenticated-", "x-authentik-", "x-webauth-", "x-ssl-", "ssl-client-", "x-client-cert-", "x-amzn-oidc-",
		"x-ms-client-principal", "x-azure-", "x-envoy-", "x-goog-authenticated-user-",
	}
)

// framed says that a header, by its plain name, is about one connection: where a message on it
// ends, whom it is for, what comes next.
func framed(plainName string) bool {
	switch plainName {
	case "host", "content-length", "transfer-encoding", "trailer", "te",
		"connection", "proxy-connection", "keep-alive", "upgrade", "http2-settings", "proxy-authenticate", "expect":
		return true
	default:
		return false
	}
}

// plainName is what programs that turn headers into variables make of a name: they fold case, and
// every mark becomes the same.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		default:
			return '-'
		}
	}, name)
}

// nominable says that Connection may name an option. Anything else would be taken away from a
// request by one program and not by another.
func nominable(option string) bool {
	switch strings.ToLower(strings.Trim(option, " \t")) {
	case "", "close", "keep-alive", "te", "upgrade", "http2-settings":
		return true
	default:
		return false
	}
}

// refuseHeader says what about the header can be read in two ways, or asks for what the gateway
// does not do.
func (g *Gateway) refuseHeader(h http.Header) *failure {
	for name := range h {
		plain := plainName(name)
		if plain != strings.ToLower(name) && (g.owned(plain) || framed(plain)) {
			return ambiguous("a header name differs from " + plain + " only in its marks; some programs would take it for that")
		}
	}
	for _, value := range h["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			if !nominable(option) {
				return ambiguous("Connection names something other than close, keep-alive, TE and Upgrade")
			}
		}
	}
	for _, value := range h["Upgrade"] {
		// Some clients offer h2c with every first request, and go on without it.
		if !strings.EqualFold(strings.Trim(value, " \t"), "h2c") {
			return &failure{status: http.StatusNotImplemented, code: codeUnsupported,
				message: "Upgrade to another protocol is not supported: send the request without Upgrade"}
		}
	}
	return nil
}

// refuseQuery says that the query asks for another method than the one that is decided. Headers
// that do are taken out; the query is forwarded as it is.
func refuseQuery(query string) *failure {
	for parameter := range strings.SplitSeq(query, "&") {
		raw, _, _ := strings.Cut(parameter, "=")
		name, err := url.QueryUnescape(raw)
		if err != nil {
			return ambiguous("a query parameter's name cannot be decoded")
		}
		switch plainName(name) {
		case "-method", "x-http-method", "x-http-method-override", "x-method-override":
			return ambiguous("the query asks for another method: send the request with that method")
		}
	}
	return nil
}

// strip takes out what is not to reach the upstream.
func (g *Gateway) strip(h http.Header) {
	for name := range h {
		if plain := plainName(name); g.owned(plain) || framed(plain) {
			delete(h, name)
		}
	}
	stripSession(h)
}

// sessionCookie is in the names of the dashboard's own cookies: __Host-leastkey over TLS, leastkey
// without.
const sessionCookie = "leastkey"

// stripSession takes the dashboard's cookies out and leaves the others. What could be read as one by
// whoever divides cookies in another way goes too.
func stripSession(h http.Header) {
	var kept []string
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.Trim(pair, " \t")
			if pair != "" && !strings.Contains(strings.ToLower(pair), sessionCookie) {
				kept = append(kept, pair)
			}
		}
	}
	delete(h, "Cookie")
	if len(kept) > 0 {
		h["Cookie"] = []string{strings.Join(kept, "; ")}
	}
}
