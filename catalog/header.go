package catalog

import (
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// TokenHeaders are the header fields in which clients of the API are used to send their key, in
// canonical case. A token that comes there counts as one in Authorization.
func (c *Catalog) TokenHeaders() []string { return slices.Clone(c.tokenHeaders) }

// mostTokenHeaders bounds in how many places a credential is looked for.
const mostTokenHeaders = 4

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

func (b *builder) addTokenHeaders(section value) {
	const fix = "name a field that only carries a key, such as X-API-Key"
	if !section.present() {
		return
	}
	for _, item := range section.list("token_headers") {
		text, ok := item.text("token header")
		if !ok {
			continue
		}
		name := textproto.CanonicalMIMEHeaderKey(text)
		switch {
		case !headerName.MatchString(text):
			item.wrong("token header "+quote(text)+" is not a name of letters, digits and hyphens", fix)
		case saysMore(strings.ToLower(name)):
			item.wrong("token header "+name+" has another meaning already", fix)
		case slices.Contains(b.c.tokenHeaders, name):
			item.wrong("token header "+name+" is there twice", "keep one")
		case len(b.c.tokenHeaders) == mostTokenHeaders:
			item.wrong("more than 4 token headers", "keep those that clients of the API use")
		default:
			b.c.tokenHeaders = append(b.c.tokenHeaders, name)
		}
	}
}

// IsTokenHeader reports whether a header field can be one of token_headers.
func IsTokenHeader(name string) bool {
	return headerName.MatchString(name) && !saysMore(strings.ToLower(name))
}

// saysMore knows the fields that are no place for a key: those that HTTP gives a meaning, those that
// proxies believe, and those in which a credential is looked for anyway.
func saysMore(name string) bool {
	for _, prefix := range []string{"accept", "access-control-", "content-", "if-", "sec-", "proxy", "x-forwarded", "x-original-", "x-auth-email", "x-auth-key", "x-auth-user-", "leastkey", "x-leastkey"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "authorization", "cookie", "host", "connection", "keep-alive", "upgrade", "te", "trailer", "transfer-encoding", "expect", "range", "via",
		"date", "from", "origin", "referer", "user-agent", "cache-control", "pragma", "forwarded", "x-real-ip", "idempotency-key", "http2-settings":
		return true
	default:
		return false
	}
}
