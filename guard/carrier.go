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

// carried reads the credential from the header. A bearer token wins over the fields in which clients of
// the API send theirs, and these over e-mail and key, since SDKs send every credential that they find
// in their environment; everything else that could be read in two ways is refused.
func carried(h *header, brand leastkey.Brand) (presented, *Denial) {
	switch {
	case len(h.authorization) > 1:
		return presented{}, badRequest("two Authorization fields", api.MalformedBearer())
	case len(h.tokens) > 1:
		return presented{}, badRequest("two fields with a token", api.MalformedBearer())
	case len(h.email) > 1 || len(h.key) > 1 || len(h.serviceKey) > 1:
		return presented{}, badRequest("a credential field came twice", api.MalformedKey(len(h.email) > 1, len(h.email) <= 1))
	case len(h.authorization) == 1:
		return bearerToken(h.authorization[0], brand)
	case len(h.tokens) == 1:
		return token(h.tokens[0], brand)
	case len(h.email)+len(h.key) > 0:
		return emailAndKey(first(h.email), first(h.key), brand)
	case len(h.serviceKey) == 1:
		return serviceKey(h.serviceKey[0], brand)
	default:
		return presented{}, nothingPresented()
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
func bearerToken(field string, brand leastkey.Brand) (presented, *Denial) {
	if value, usual := strings.CutPrefix(field, "Bearer "); usual {
		return token(strings.Trim(value, " "), brand)
	}
	scheme, value, _ := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return presented{}, badRequest("the Authorization scheme is not Bearer", api.MalformedBearer())
	}
	return token(strings.Trim(value, " "), brand)
}

func token(value string, brand leastkey.Brand) (presented, *Denial) {
	malformed := func(why string) (presented, *Denial) {
		return presented{}, badRequest(why, api.MalformedBearer())
	}
	if value == "" || len(value) > longestToken {
		return malformed("not the form of a bearer token")
	}
	hash, kind, err := brand.Recognize(value)
	switch {
	case kind == leastkey.UserTokenSecret || kind == leastkey.AccountTokenSecret: // and so of the form
		return presented{text: value, hash: hash, sent: leastkey.Token}, nil
	case strings.ContainsFunc(value, notTokenCharacter):
		return malformed("not the form of a bearer token")
	case err != nil:
		return presented{sent: leastkey.Token}, nil // unknown, without any look-up
	case kind == leastkey.GlobalKeySecret:
		return malformed("a Global API Key is sent in X-Auth-Key, with X-Auth-Email")
	case kind == leastkey.ServiceKeySecret:
		return malformed("an Origin CA Key is sent in X-Auth-User-Service-Key")
	default:
		return presented{text: value, hash: hash, sent: leastkey.Token}, nil
	}
}

// notTokenCharacter tells what a b64token (RFC 6750, section 2.1) cannot hold.
func notTokenCharacter(r rune) bool {
	const marks = "-._~+/="
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(marks, r)
}

// emailAndKey reads X-Auth-Email and X-Auth-Key.
func emailAndKey(email, key string, brand leastkey.Brand) (presented, *Denial) {
	hash, kind, err := brand.Recognize(key)
	badKey := err != nil || kind != leastkey.GlobalKeySecret
	badEmail := !isEmail(email)
	if badKey || badEmail {
		return presented{}, badRequest("not the form of an e-mail address and a Global API Key", api.MalformedKey(badEmail, badKey))
	}
	return presented{text: key, hash: hash, sent: leastkey.GlobalAPIKey, email: strings.ToLower(email)}, nil
}

// serviceKey reads X-Auth-User-Service-Key. What has another shape is nobody's.
func serviceKey(key string, brand leastkey.Brand) (presented, *Denial) {
	hash, kind, err := brand.Recognize(key)
	if err != nil || kind != leastkey.ServiceKeySecret {
		return presented{sent: leastkey.ServiceKey}, nil // unknown, without any look-up
	}
	return presented{text: key, hash: hash, sent: leastkey.ServiceKey}, nil
}

// isEmail asks for the least that every address has; which addresses exist is the store's to know.
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
