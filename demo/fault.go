package demo

import (
	"fmt"
	"net/http"
)

// A Fault is an error the caller caused and may read. Any other error is internal:
// its cause goes to the log and the caller sees a general text.
type Fault struct {
	Status  int    // HTTP status; never 409, which newer SDKs retry
	Code    int    // of the envelope
	Message string // what was wrong and what would be right
	Pointer string // JSON pointer into the request body, if one field is to blame
	allow   string // the Allow header of a 405
}

func (f *Fault) Error() string {
	if f.Pointer != "" {
		return f.Pointer + ": " + f.Message
	}
	return f.Message
}

// Codes of the envelope that more than one place answers with.
const (
	codeInvalid       = 1004  // a field is missing or wrong
	codeMalformed     = 6007  // the body is not the JSON it should be
	codeNoRoute       = 7000  // second error of an unknown path
	codeCouldNotRoute = 7003  // first error of an unknown path
	codeInUse         = 10104 // deleting what something else refers to
)

func bad(code int, format string, args ...any) *Fault {
	return &Fault{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func missing(code int, format string, args ...any) *Fault {
	return &Fault{Status: http.StatusNotFound, Code: code, Message: fmt.Sprintf(format, args...)}
}

func fieldFault(pointer, format string, args ...any) *Fault {
	f := bad(codeInvalid, format, args...)
	f.Pointer = pointer
	return f
}
