package control

import (
	"errors"
	"fmt"

	"github.com/leastkey/leastkey"
)

// Kind says what sort of refusal an [Error] is; adapters map it to their own terms.
type Kind uint8

// The kinds of refusal. The zero Kind is a fault of ours, told in general words only.
const (
	Internal    Kind = iota
	Invalid          // the request is wrong; Message and Pointer say where
	CheckFailed      // a token would have more than its maker, or a group binds to nothing
	NoSuch           // the thing named does not exist, or not for this caller
	Refused          // the caller may not, now
	Taken            // a unique value is in use
	TooMany          // a limit on how many there may be
	Unconfirmed      // the person must prove once more who they are
	Repeated         // what may be done once was done already
	Overtaken        // what was to be changed was changed by somebody else meanwhile
)

// Error is a refusal.
type Error struct {
	Kind    Kind
	Message string // for the caller: what was wrong, and what to do
	Pointer string // Invalid: JSON pointer into the request; may be empty
	Group   string // CheckFailed: the permission group concerned; may be empty
	Cause   error  // for the log, never for the caller

	recorded bool // the audit log has it
}

// Error implements error with the caller's message, and the cause behind it.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

func invalid(pointer, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Pointer: pointer, Message: fmt.Sprintf(format, args...)}
}

func noSuch(what string, id fmt.Stringer) *Error {
	return &Error{Kind: NoSuch, Message: fmt.Sprintf("no %s has the id %s", what, id)}
}

// explain turns what a store says about one named thing into a refusal; other faults stay.
func explain(err error, what string, id fmt.Stringer) error {
	if errors.Is(err, ErrNotFound) {
		return noSuch(what, id)
	}
	return err
}

// excessive words what a token would have and its maker has not.
func (c *Control) excessive(e leastkey.Excess) *Error {
	group := ""
	if g, ok := c.Catalog().Group(e.Permission.Group); ok {
		group = g.Name
	}
	refuse := func(format string, args ...any) *Error {
		return &Error{Kind: CheckFailed, Group: group, Message: fmt.Sprintf(format, args...)}
	}
	switch e.What {
	case leastkey.ExcessValidity:
		return refuse("the token would be valid for longer than the credential that makes it")
	case leastkey.ExcessAddress:
		return refuse("the token would work from addresses that the credential that makes it does not")
	case leastkey.ExcessOwner:
		return refuse("the owner of the token does not have %s on %s", group, e.Pattern)
	case leastkey.ExcessRight:
		return refuse("the credential that makes the token does not have %s on %s", group, e.Pattern)
	case leastkey.ExcessDeny:
		return refuse("the credential that makes the token is denied %s on %s, and the token does not keep that deny", group, e.Pattern)
	default:
		return refuse("the credential that makes the token is not in order")
	}
}
