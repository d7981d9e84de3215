package guard

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// The header fields in which a request that is let through says whose it is.
const (
	TokenIDHeader   = "Leastkey-Token-Id"
	PrincipalHeader = "Leastkey-Principal"
)

// Identify makes a header that is to go to the upstream say whose request it is, once, and takes
// out what [Strip] does.
func Identify(h http.Header, v Verdict) {
	Strip(h)
	for name := range h {
		if v.Owns(name) {
			delete(h, name)
		}
	}
	h.Set(TokenIDHeader, v.Credential.ID.String())
	h.Set(PrincipalHeader, v.Credential.Principal.String())
}

// Strip takes out what clients are not to give to an upstream: credentials, whoever or wherever
// they claim to be, other methods and paths, and the cookies of our dashboard.
func Strip(h http.Header) {
	for name := range h {
		if Owned(name) {
			delete(h, name)
		}
	}
	stripSession(h)
}

// Owned says that a header is not for clients to give to the upstream: it carries a credential or
// an identity, says where a request comes from, or changes what it asks. Marks and case of the name
// do not matter, as they do not to programs that turn headers into variables.
func Owned(name string) bool {
	var room plainRoom
	plain := room.plain(name)
	if _, named := ownedNames[string(plain)]; named {
		return true
	}
	for _, prefix := range ownedPrefixes {
		if len(plain) >= len(prefix) && string(plain[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

// Owns says that a header is not for the client of this request to give to the upstream: it is
// [Owned], or one in which the catalogue has a token come.
func (v Verdict) Owns(name string) bool {
	return Owned(name) || v.now != nil && v.now.rules.carries(plainName(name))
}

// carries reports whether a plain name is that of a field with a token.
func (r *rules) carries(plain string) bool {
	return slices.ContainsFunc(r.tokenHeaders, func(field string) bool { return strings.EqualFold(field, plain) })
}

// ownedNames and ownedPrefixes are what servers, proxies and frameworks are known to believe.
var (
	ownedNames = map[string]struct{}{
		// credentials
		"authorization": {}, "proxy-authorization": {}, "x-auth-email": {}, "x-auth-key": {}, "x-auth-user-service-key": {},
		// who asks, as proxies that sign people in tell it
		"x-user": {}, "x-username": {}, "x-user-id": {}, "x-user-name": {}, "x-user-email": {}, "x-user-groups": {}, "x-user-roles": {}, "x-anonymous-consumer": {},
		"client-cert": {}, "client-cert-chain": {}, "x-client-cert": {}, "x-goog-iap-jwt-assertion": {},
		"x-apigateway-api-userinfo": {}, "x-endpoint-api-userinfo": {},
		// from where
		"forwarded": {}, "x-forwarded": {}, "x-real-ip": {}, "x-client-ip": {}, "x-cluster-client-ip": {}, "true-client-ip": {}, "client-ip": {},
		"x-originating-ip": {}, "x-proxyuser-ip": {}, "fastly-client-ip": {}, "cf-connecting-ip": {},
		"cf-connecting-ipv6": {}, "cf-pseudo-ipv4": {}, "cf-worker": {},
		// another method, path or host
		"x-http-method": {}, "x-http-method-override": {}, "x-method-override": {}, "x-rewrite-url": {}, "x-host": {}, "x-http-host-override": {},
		"script-name": {}, "x-script-name": {}, "path-info": {}, "x-path-info": {}, "request-uri": {}, "x-request-uri": {},
		// CGI programs take it for their own HTTP_PROXY
		"proxy": {},
	}
	ownedPrefixes = []string{
		"leastkey", "x-leastkey", "x-forwarded-", "x-original-",
		"x-auth-request-", "x-authenticated-", "x-authentik-", "x-webauth-", "x-ssl-", "ssl-client-", "x-client-cert-", "x-amzn-oidc-",
		"x-ms-client-principal", "x-azure-", "x-envoy-", "x-goog-authenticated-user-", "cf-access-", "tailscale-", "x-pomerium-", "x-vouch-",
		"remote-", "x-remote-", "impersonate-", "x-consumer-", "x-credential-",
	}
)

// Framing says that a header, in any spelling, is about one connection: where a message on it
// ends, whom it is for, what comes next.
func Framing(name string) bool {
	var room plainRoom
	switch string(room.plain(name)) {
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

// plainRoom is where a plain name is made without garbage.
type plainRoom [64]byte

// plain is plainName. A character of more than one byte is one mark for each there, and one in all here
// for each byte: no known name has that many.
func (room *plainRoom) plain(name string) []byte {
	if len(name) > len(room) {
		return []byte(plainName(name))
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		default:
			c = '-'
		}
		room[i] = c
	}
	return room[:len(name)]
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

// header is what a guard takes from the header of a request, in one pass over it.
type header struct {
	authorization, email, key, serviceKey []string
	tokens                                []string // of the fields in which clients of the API send theirs
	upgrade                               []string
	owned                                 bool // there is a field that a client is not to give to an upstream
	session                               bool // there is a cookie of the dashboard, or what could be read as one
}

// read goes through a header. It fails for what could be read in two ways.
func (r *rules) read(h *header, from http.Header) (err error) {
	for name, values := range from {
		switch name {
		case authorizationField:
			h.authorization = values
		case "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Content-Length", "Content-Type", "Date", "Dnt", "If-None-Match",
			"Origin", "Pragma", "Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Traceparent", "User-Agent", "X-Request-Id":
			// Nobody's business: neither Owned nor Framing that matters here. TestPlainFields holds that.
		case emailField:
			h.email = values
		case keyField:
			h.key = values
		case serviceKeyField:
			h.serviceKey = values
		case "Connection":
			err = nominates(values)
		case "Cookie":
			h.session = slices.ContainsFunc(values, hasSession)
		case "Upgrade":
			h.upgrade = values
		default:
			if !Plain(name) {
				err = r.unclearName(name)
			}
			h.owned = h.owned || Owned(name)
		}
		if err != nil {
			return err
		}
		for _, field := range r.tokenHeaders {
			switch {
			case name != field:
			case h.tokens == nil:
				h.tokens = values
			default:
				h.tokens = slices.Concat(h.tokens, values)
			}
		}
	}
	return nil
}

// Plain reports whether the name of a field has letters, digits and hyphens alone. Any other could be
// taken for one that has.
func Plain(name string) bool {
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && (name[i] < '0' || name[i] > '9') && name[i] != '-' {
			return false
		}
	}
	return true
}

// unclearName is for a name that some program could take for another.
func (r *rules) unclearName(name string) error {
	plain := plainName(name)
	if Owned(plain) || Framing(plain) || r.carries(plain) {
		return errors.New("a header name differs from " + plain + " only in its marks; some programs would take it for that")
	}
	// SCRIPT_NAME moves the path of programs that run in Python
	return errors.New("the name of the header " + plain + " has a character other than letters, digits and hyphens, which some programs take for a variable of theirs")
}

// nominates refuses a field Connection that names what could be taken away from a request by one
// program and not by another.
func nominates(values []string) error {
	for _, value := range values {
		for option := range strings.SplitSeq(value, ",") {
			if !nominable(option) {
				return errors.New("the field Connection names something other than close, keep-alive, TE and Upgrade")
			}
		}
	}
	return nil
}

// oneMethod refuses a query that asks for another method. Headers that do this are taken out; the query
// is forwarded as it is.
func oneMethod(query string) error {
	if query == "" || !strings.ContainsAny(query, "%+") && !strings.Contains(strings.ToLower(query), "method") {
		return nil // every name by which it could be asked has that in it
	}
	asked, err := parameters(query)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(asked, func(p parameter) bool { return asksMethod(p.name) }) {
		return errors.New("the query asks for another method: send the request with that method")
	}
	return nil
}

// AsksUpgrade reports whether a request wants to go on in another protocol. Some clients offer h2c
// with every first request, and go on without it.
func AsksUpgrade(h http.Header) bool { return asksUpgrade(h["Upgrade"]) }

func asksUpgrade(values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool { return !strings.EqualFold(strings.Trim(value, " \t"), "h2c") })
}

// upgradesTo reports whether a request asks for exactly this protocol.
func upgradesTo(values []string, protocol string) bool {
	return protocol != "" && len(values) == 1 && strings.EqualFold(strings.Trim(values[0], " \t"), protocol)
}

// sessionCookie is in the names of the dashboard's own cookies: __Host-leastkey over TLS, leastkey
// without.
const sessionCookie = "leastkey"

// hasSession says that cookies have, or could be read as having, one of the dashboard's.
func hasSession(cookies string) bool {
	return strings.Contains(strings.ToLower(cookies), sessionCookie)
}

// stripSession takes the dashboard's cookies out and leaves the others. What could be read as one by
// whoever divides cookies in another way goes too.
func stripSession(h http.Header) {
	var kept []string
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.Trim(pair, " \t")
			if pair != "" && !hasSession(pair) {
				kept = append(kept, pair)
			}
		}
	}
	delete(h, "Cookie")
	if len(kept) > 0 {
		h["Cookie"] = []string{strings.Join(kept, "; ")}
	}
}
