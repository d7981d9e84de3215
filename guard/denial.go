package guard

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// Realm is the protection space that challenges name (RFC 9110, section 11.5).
const Realm = "leastkey"

// challenge writes a value of WWW-Authenticate as RFC 6750 has it. An empty code is the bare
// challenge, for a request that presented nothing.
func challenge(code, description string) string {
	value := `Bearer realm="` + Realm + `"`
	if code != "" {
		value += `, error="` + code + `"`
	}
	if description != "" {
		value += `, error_description="` + descriptive(description) + `"`
	}
	return value
}

// descriptive keeps what RFC 6750 allows in error_description; the rest becomes a quote mark or
// a question mark. Ids come from the caller's own request.
func descriptive(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ' || r > '~' || r == '\\':
			return '?'
		default:
			return r
		}
	}, s)
}

// because adds the reason to the chain of an error whose own words clients look for.
func because(e api.Error, why string) api.Error {
	e.ErrorChain = append(e.ErrorChain, api.Error{Code: e.Code, Message: why})
	return e
}

func badRequest(why string, e api.Error) *Denial {
	return &Denial{Status: http.StatusBadRequest, Errors: []api.Error{e}, Challenge: challenge("invalid_request", why)}
}

func nothingPresented() *Denial {
	return &Denial{Status: http.StatusUnauthorized, Errors: []api.Error{api.MissingCredential()}, Challenge: challenge("", "")}
}

// unsure is for a node that cannot know what holds now. It says neither yes nor no.
func unsure() *Denial {
	return &Denial{
		Status:     http.StatusServiceUnavailable,
		Errors:     []api.Error{{Code: api.CodeUnavailable, Message: "This node cannot decide at the moment; please try again"}},
		RetryAfter: time.Second,
	}
}

// InvalidToken is what verify says of a token that is not one of the route's owner: to whoever
// asks, it is as unknown as any other string.
func InvalidToken() *Denial {
	return &Denial{Status: http.StatusUnauthorized, Errors: []api.Error{api.InvalidToken()}, Challenge: challenge("invalid_token", "")}
}

// unknown is for a well-formed credential that is nobody's: revoked, rolled away, never issued.
func unknown(sent leastkey.Kind, op *catalog.Operation) *Denial {
	e := api.InvalidAccessToken()
	switch {
	case sent == leastkey.GlobalAPIKey:
		e = api.UnknownKey()
	case forToken(op):
		return InvalidToken()
	}
	return &Denial{Status: http.StatusUnauthorized, Errors: []api.Error{e}, Challenge: challenge("invalid_token", "")}
}

// unusable is for a credential whose holder proved to have it, and that is not in order.
func unusable(reason leastkey.Reason, op *catalog.Operation) *Denial {
	e := api.InvalidAccessToken()
	if forToken(op) {
		e = api.InvalidToken()
	}
	return &Denial{
		Status:    http.StatusUnauthorized,
		Errors:    []api.Error{because(e, reason.Words())},
		Challenge: challenge("invalid_token", reason.Words()),
	}
}

func wrongLocation(addr netip.Addr) *Denial {
	return &Denial{
		Status:    http.StatusForbidden,
		Errors:    []api.Error{api.LocationRefused(addr)},
		Challenge: challenge("insufficient_scope", leastkey.AddressRefused.Words()),
	}
}

// notAToken is for verify, asked with something that is not a token.
func notAToken() *Denial {
	return badRequest("verify is about a bearer token", api.MissingAuthorization())
}

// notForServiceKeys is for a service key at an operation that does not name them.
func notForServiceKeys() *Denial {
	const words = "an Origin CA Key is good for origin certificates alone"
	return &Denial{Status: http.StatusForbidden, Errors: []api.Error{api.AuthenticationError(words)}, Challenge: challenge("insufficient_scope", words)}
}

func noRoute(path string) *Denial {
	return &Denial{Status: http.StatusNotFound, Errors: api.NoRoute(path)}
}

// missing is for a usable credential that does not reach far enough. Its words depend only on
// the request and the catalogue: they are the same whether the target exists or not, and whether
// the token or its owner falls short. The known words stay in front, because clients look for them.
func missing(op *catalog.Operation, target leastkey.Target, groups func(leastkey.ID) string) *Denial {
	needs := "needs " + names(op.AnyOf, groups) + " on " + placeName(target)
	e := api.AuthenticationError(needs)
	if op.Control && strings.Contains(op.Route+"/", "/tokens/") {
		e = api.ResourceUnauthorized()
		e.Message += ": " + needs
	}
	return &Denial{
		Status:    http.StatusForbidden,
		Errors:    []api.Error{e},
		Challenge: challenge("insufficient_scope", needs),
	}
}

// mostNamed bounds the names in a refusal, in bytes. It travels in header fields too, for which proxies have
// little room: what does not fit there they answer with an error of their own.
const mostNamed = 1200

// names lists the accepted permission groups, since any one suffices: all of them, or as many as there
// is room for.
func names(accepted []leastkey.Permission, groups func(leastkey.ID) string) string {
	if len(accepted) == 1 {
		return groups(accepted[0].Group)
	}
	list := "one of "
	for i, p := range accepted {
		name := groups(p.Group)
		switch {
		case i == 0:
		case len(list)+len(name) > mostNamed:
			return fmt.Sprintf("%s and %d others", list, len(accepted)-i)
		default:
			list += ", "
		}
		list += name
	}
	return list
}

func placeName(t leastkey.Target) string {
	switch t.Kind {
	case leastkey.TargetList:
		return "at least one " + string(t.Resource.Type)
	case leastkey.TargetCreate:
		if len(t.Ancestors) == 0 {
			return "every " + string(t.Resource.Type)
		}
		return "every " + string(t.Resource.Type) + " of " + t.Ancestors[0].String()
	default:
		if t.Resource.ID == "" { // the caller's own, where the caller has none
			return article(string(t.Resource.Type)) + " " + string(t.Resource.Type)
		}
		return t.Resource.String()
	}
}

// article goes by the letter, which is right for user and account.
func article(noun string) string {
	if strings.ContainsAny(noun[:min(1, len(noun))], "aeio") {
		return "an"
	}
	return "a"
}
