package guard

import (
	"net/http"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// The header fields that carry credentials. Adapters strip them before they forward.
const (
	authorizationField = "Authorization"
	emailField         = "X-Auth-Email"
	keyField           = "X-Auth-Key"
	serviceKeyField    = "X-Auth-User-Service-Key"
)

// isCarrier reports whether a header carries a credential of ours. Where nothing is taken out, the
// proxy that forwards is to take these out.
func isCarrier(name string) bool {
	switch name {
	case authorizationField, emailField, keyField, serviceKeyField:
		return true
	default:
		return false
	}
}

// Carries reports whether a credential may come in a header of this name, as the catalogue in force
// has it. It is for adapters that are told the values of a header joined: one of these is to have one.
func (g *Guard) Carries(name string) bool {
	if isCarrier(http.CanonicalHeaderKey(name)) {
		return true
	}
	now := g.state.current.Load()
	return now != nil && now.rules.carries(plainName(name))
}

// presented is the one credential that a request carries.
type presented struct {
	text  string              // as it came; "" for what is no secret of this installation, however well formed
	hash  leastkey.SecretHash // of it
	sent  leastkey.Kind       // that is sent in this way; zero: none that this installation makes
	email string              // sent beside a Global API Key, lower case
}

// read reads the credential from the header. A bearer token wins over the fields in which clients of
// the API send theirs, and these over e-mail and key, since SDKs send every credential that they find
// in their environment; everything else that could be read in two ways is refused.
func (p *presented) read(h *header, brand leastkey.Brand) *Denial {
	switch {
	case len(h.authorization) > 1:
		return badRequest("two Authorization fields", api.MalformedBearer())
	case len(h.tokens) > 1:
		return badRequest("two fields with a token", api.MalformedBearer())
	case len(h.email) > 1 || len(h.key) > 1 || len(h.serviceKey) > 1:
		return badRequest("a credential field came twice", api.MalformedKey(len(h.email) > 1, len(h.email) <= 1))
	case len(h.authorization) == 1:
		return p.bearerToken(h.authorization[0], brand)
	case len(h.tokens) == 1:
		return p.token(h.tokens[0], brand)
	case len(h.email)+len(h.key) > 0:
		return p.emailAndKey(first(h.email), first(h.key), brand)
	case len(h.serviceKey) == 1:
		p.readServiceKey(h.serviceKey[0], brand)
		return nil
	default:
		return nothingPresented()
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// longestToken is more than any token seen in the wild.
const longestToken = 512

// bearerToken reads "Bearer <token>". A Global API Key is not a bearer token, and saying so at once
// spares its owner a search.
func (p *presented) bearerToken(field string, brand leastkey.Brand) *Denial {
	if value, usual := strings.CutPrefix(field, "Bearer "); usual {
		return p.token(strings.Trim(value, " "), brand)
	}
	scheme, value, _ := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return badRequest("the Authorization scheme is not Bearer", api.MalformedBearer())
	}
	return p.token(strings.Trim(value, " "), brand)
}

func (p *presented) token(value string, brand leastkey.Brand) *Denial {
	if value == "" || len(value) > longestToken {
		return malformedToken()
	}
	hash, kind, err := brand.Recognize(value)
	switch {
	case kind == leastkey.UserTokenSecret || kind == leastkey.AccountTokenSecret: // and so of the form
	case strings.ContainsFunc(value, notTokenCharacter):
		return malformedToken()
	case err != nil:
		p.sent = leastkey.Token // unknown, without any look-up
		return nil
	case kind == leastkey.GlobalKeySecret:
		return badRequest("a Global API Key is sent in X-Auth-Key, with X-Auth-Email", api.MalformedBearer())
	case kind == leastkey.ServiceKeySecret:
		return badRequest("an Origin CA Key is sent in X-Auth-User-Service-Key", api.MalformedBearer())
	}
	p.text, p.hash, p.sent = value, hash, leastkey.Token
	return nil
}

func malformedToken() *Denial {
	return badRequest("not the form of a bearer token", api.MalformedBearer())
}

// notTokenCharacter tells what a b64token (RFC 6750, section 2.1) cannot hold.
func notTokenCharacter(r rune) bool {
	const marks = "-._~+/="
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(marks, r)
}

// emailAndKey reads X-Auth-Email and X-Auth-Key.
func (p *presented) emailAndKey(email, key string, brand leastkey.Brand) *Denial {
	hash, kind, err := brand.Recognize(key)
	badKey := err != nil || kind != leastkey.GlobalKeySecret
	badEmail := !isEmail(email)
	if badKey || badEmail {
		return badRequest("not the form of an e-mail address and a Global API Key", api.MalformedKey(badEmail, badKey))
	}
	*p = presented{text: key, hash: hash, sent: leastkey.GlobalAPIKey, email: strings.ToLower(email)}
	return nil
}

// readServiceKey reads X-Auth-User-Service-Key. What has another shape is nobody's.
func (p *presented) readServiceKey(key string, brand leastkey.Brand) {
	p.sent = leastkey.ServiceKey
	if hash, kind, err := brand.Recognize(key); err == nil && kind == leastkey.ServiceKeySecret {
		p.text, p.hash = key, hash
	} // else unknown, without any look-up
}

// isEmail asks for the least that every address has; which addresses exist is the store's to know.
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
