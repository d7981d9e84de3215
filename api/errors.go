package api

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// The codes that clients and their users know, and, below the line, those of our own for what
// the v4 interface has no public code for.
const (
	CodeInvalidToken         = 1000
	CodeInvalidRequest       = 1001 // also: the check against resources failed
	CodeInvalidHeaders       = 6003
	CodeInvalidEmailHeader   = 6102 // in the chain of 6003
	CodeInvalidKeyHeader     = 6103 // in the chain of 6003
	CodeInvalidAuthorization = 6111 // in the chain of 6003
	CodeMissingCredential    = 9106
	CodeUnknownKey           = 9103
	CodeInvalidAccessToken   = 9109 // also: refused location, token routes without permission
	CodeAuthenticationError  = 10000
	CodeTokenValid           = 10000 // as a message, not as an error
	CodeNoRoute              = 7000
	CodeCouldNotRoute        = 7003
	CodeThrottled            = 971
	CodeMalformedJSON        = 6007
	CodeMethodNotAllowed     = 10405
	// ---
	CodeNotFound    = 1003
	CodeAmbiguous   = 6004 // the request could be read in two ways
	CodeTooLarge    = 6008
	CodeTooMany     = 1004 // a limit on how many there may be
	CodeInternal    = 10002
	CodeUnavailable = 10003
	CodeUnsupported = 10501 // what stands in the way of the request cannot do what it needs
)

// MalformedBearer: the Authorization header holds something that cannot be a token.
func MalformedBearer() Error {
	return Error{Code: CodeInvalidHeaders, Message: "Invalid request headers", ErrorChain: []Error{
		{Code: CodeInvalidAuthorization, Message: "Invalid format for Authorization header"}}}
}

// MalformedKey: X-Auth-Email or X-Auth-Key, or both, hold something that cannot be one.
func MalformedKey(email, key bool) Error {
	e := Error{Code: CodeInvalidHeaders, Message: "Invalid request headers"}
	if email {
		e.ErrorChain = append(e.ErrorChain, Error{Code: CodeInvalidEmailHeader, Message: "Invalid format for X-Auth-Email header"})
	}
	if key {
		e.ErrorChain = append(e.ErrorChain, Error{Code: CodeInvalidKeyHeader, Message: "Invalid format for X-Auth-Key header"})
	}
	return e
}

// MissingCredential: nothing was presented.
func MissingCredential() Error {
	return Error{Code: CodeMissingCredential, Message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers"}
}

// UnknownKey: e-mail and key are well formed and do not belong together, or to anyone.
func UnknownKey() Error {
	return Error{Code: CodeUnknownKey, Message: "Unknown X-Auth-Key or X-Auth-Email"}
}

// InvalidToken: verify was asked about a token that is unknown.
func InvalidToken() Error { return Error{Code: CodeInvalidToken, Message: "Invalid API Token"} }

// MissingAuthorization: verify was called with a key instead of a token.
func MissingAuthorization() Error {
	return Error{Code: CodeInvalidRequest, Message: `Missing "Authorization" header`}
}

// InvalidAccessToken: a token that is unknown or not usable, on any route but verify.
func InvalidAccessToken() Error {
	return Error{Code: CodeInvalidAccessToken, Message: "Invalid access token"}
}

// LocationRefused: the client IP condition does not admit the address, which is not valid when it is
// not known.
func LocationRefused(client netip.Addr) Error {
	from := "unknown"
	if client.IsValid() {
		from = client.String()
	}
	return Error{Code: CodeInvalidAccessToken, Message: "Cannot use the access token from location: " + from}
}

// ResourceUnauthorized: a token route, without the permission for it.
func ResourceUnauthorized() Error {
	return Error{Code: CodeInvalidAccessToken, Message: "Unauthorized to access requested resource"}
}

// AuthenticationError: a permission or resource is missing on a product route. missing says
// which; known text stays in front of it, because clients look for that.
func AuthenticationError(missing string) Error {
	e := Error{Code: CodeAuthenticationError, Message: "Authentication error"}
	if missing != "" {
		e.Message += ": " + missing
	}
	return e
}

// CheckFailed: a create or update that gives more than its maker has, or a group that can bind
// to none of the listed resources. An empty group is for what is about no group.
func CheckFailed(group string) Error {
	message := "Failed common permission check against resources."
	if group != "" {
		message += " (Permission group: " + group + ")"
	}
	return Error{Code: CodeInvalidRequest, Message: message}
}

// NoRoute: no operation has this path. The first error carries the path, the second the reason.
func NoRoute(path string) []Error {
	return []Error{
		{Code: CodeCouldNotRoute, Message: fmt.Sprintf("Could not route to %s, perhaps your object identifier is invalid?", path)},
		{Code: CodeNoRoute, Message: "No route for that URI"},
	}
}

// Throttled: too many requests. Goes with a Retry-After header.
func Throttled() Error {
	return Error{Code: CodeThrottled, Message: "Please wait and consider throttling your request speed"}
}

// TokenValid is the message of a verify that succeeded. Scanners look for this text.
func TokenValid() Message {
	return Message{Code: CodeTokenValid, Message: "This API Token is valid and active"}
}

// FieldError is what is wrong with a body, and where.
type FieldError struct {
	Pointer string // JSON pointer; empty for the body as a whole
	Message string // what is wrong and what is wanted
}

// Error implements error with the message and, where there is one, the pointer.
func (e *FieldError) Error() string {
	if e.Pointer == "" {
		return e.Message
	}
	return strings.ReplaceAll(strings.TrimPrefix(e.Pointer, "/"), "/", ".") + ": " + e.Message
}

// Wire is the error as a caller sees it.
func (e *FieldError) Wire() Error {
	wire := Error{Code: CodeInvalidRequest, Message: e.Error()}
	if e.Pointer != "" {
		wire.Source = &Source{Pointer: e.Pointer}
	}
	return wire
}

// at puts the name of a member or the index of an item in front of the place of err.
func at(err error, place string) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*FieldError](err); ok {
		return &FieldError{token(place) + f.Pointer, f.Message}
	}
	return &FieldError{token(place), err.Error()}
}

// token is one step of a JSON pointer. A name that a caller made up is cut: it is theirs, and
// may be long.
func token(name string) string {
	const most = 64
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
