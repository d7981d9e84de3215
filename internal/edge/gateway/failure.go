package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/leastkey/leastkey/api"
)

// Codes of failures that only a gateway has.
const (
	codeUpstream     = 10502 // the upstream, or its answer, is broken
	codeUnregistered = 10503 // done upstream, and not known here
)

// failure is an answer that the gateway gives by itself. Its message is for the caller; cause is
// for the log, and may hold addresses.
type failure struct {
	status     int
	code       int
	message    string
	retryAfter time.Duration
	cause      error
}

// Error implements error, for the log.
func (f *failure) Error() string {
	if f.cause == nil {
		return f.message
	}
	return f.message + ": " + f.cause.Error()
}

func (f *failure) write(w http.ResponseWriter) {
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retryAfter/time.Second)))
	}
	api.WriteErrors(w, f.status, api.Error{Code: f.code, Message: f.message})
}

func ambiguous(why string) *failure {
	return &failure{status: http.StatusBadRequest, code: api.CodeAmbiguous, message: "Ambiguous request: " + why}
}

// brokenAnswer is for an answer of the upstream that the gateway had to understand, and did not.
func brokenAnswer(format string, args ...any) *failure {
	return &failure{status: http.StatusBadGateway, code: codeUpstream,
		message: "The API behind this gateway gave an answer that its catalogue does not describe",
		cause:   fmt.Errorf(format, args...)}
}

// refusedUs is for an upstream that answers 401: it means the gateway's credential. The caller
// must not think that its own is bad.
func refusedUs() *failure {
	return &failure{status: http.StatusBadGateway, code: codeUpstream,
		message: "The API behind this gateway refused the gateway's own credential; your credential is in order",
		cause:   errors.New("upstream answered 401")}
}

// unreachable is for a round trip that gave no answer.
func unreachable(cause error) *failure {
	f := &failure{status: http.StatusBadGateway, code: api.CodeUnavailable, retryAfter: time.Second,
		message: "The API behind this gateway cannot be reached at the moment; please try again", cause: cause}
	var timeout interface{ Timeout() bool }
	if errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, os.ErrDeadlineExceeded) || errors.As(cause, &timeout) && timeout.Timeout() {
		f.status = http.StatusGatewayTimeout
		f.message = "The API behind this gateway did not answer in time"
	}
	return f
}

// badBody is for a request body that could not be read to its end.
func badBody(cause error) *failure {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](cause); ok {
		return &failure{status: http.StatusRequestEntityTooLarge, code: api.CodeTooLarge, cause: cause,
			message: "The body is longer than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes"}
	}
	return &failure{status: http.StatusBadRequest, code: api.CodeInvalidRequest, cause: cause,
		message: "The body ends early or is malformed"}
}
