package harness

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Credential puts one way of saying who is calling on a request.
type Credential func(http.Header)

// Bearer presents an API token.
func Bearer(secret string) Credential {
	return func(h http.Header) { h.Set("Authorization", "Bearer "+secret) }
}

// GlobalKey presents a user's e-mail address and Global API Key.
func GlobalKey(user User) Credential {
	return func(h http.Header) {
		h.Set("X-Auth-Email", user.Email)
		h.Set("X-Auth-Key", user.GlobalAPIKey)
	}
}

// Nobody presents nothing.
func Nobody(http.Header) {}

// Caller sends plain requests with one credential.
type Caller struct {
	base       *string // of the API: it changes when the program is started again
	client     *http.Client
	credential Credential
}

// As is a caller with that credential.
func (d *Demo) As(credential Credential) Caller {
	return Caller{base: &d.API, client: d.Client(), credential: credential}
}

// Problem is one entry of `errors` or `messages`.
type Problem struct {
	Code       int       `json:"code"`
	Message    string    `json:"message"`
	ErrorChain []Problem `json:"error_chain"`
}

// Pages is `result_info`.
type Pages struct {
	Page       int `json:"page"`
	PerPage    int `json:"per_page"`
	TotalPages int `json:"total_pages"`
	Count      int `json:"count"`
	TotalCount int `json:"total_count"`
}

// Answer is a response, read whole, with its envelope.
type Answer struct {
	Request    string // method and path, for messages
	Status     int
	Header     http.Header
	Body       []byte
	Result     json.RawMessage
	Success    bool
	Errors     []Problem
	Messages   []Problem
	ResultInfo *Pages
}

// Call sends body as JSON, or nothing if it is nil, and reads the envelope of the answer.
func (c Caller) Call(t *testing.T, method, path string, body any) Answer {
	t.Helper()
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		payload = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, *c.base+path, payload)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	c.credential(request.Header)
	response, err := c.client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	answer := Answer{Request: method + " " + path, Status: response.StatusCode, Header: response.Header}
	if answer.Body, err = io.ReadAll(response.Body); err != nil {
		t.Fatalf("%s: %v", answer.Request, err)
	}
	answer.open(t)
	return answer
}

// open reads the envelope and checks what holds for every answer: JSON, arrays, and success in step with the status.
func (a *Answer) open(t *testing.T) {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Fatalf("%s: %d, Content-Type %q, want application/json: %s", a.Request, a.Status, kind, a.Body)
	}
	var envelope struct {
		Result     json.RawMessage `json:"result"`
		Success    *bool           `json:"success"`
		Errors     []Problem       `json:"errors"`
		Messages   []Problem       `json:"messages"`
		ResultInfo *Pages          `json:"result_info"`
	}
	if err := json.Unmarshal(a.Body, &envelope); err != nil {
		t.Fatalf("%s: %d is no envelope: %v: %s", a.Request, a.Status, err, a.Body)
	}
	if envelope.Success == nil || envelope.Errors == nil || envelope.Messages == nil {
		t.Fatalf("%s: %d lacks success, errors or messages: %s", a.Request, a.Status, a.Body)
	}
	a.Result, a.Success, a.ResultInfo = envelope.Result, *envelope.Success, envelope.ResultInfo
	a.Errors, a.Messages = envelope.Errors, envelope.Messages
	if good := a.Status < http.StatusBadRequest; a.Success != good || good != (len(a.Errors) == 0) {
		t.Fatalf("%s: %d with success %t and %d errors: %s", a.Request, a.Status, a.Success, len(a.Errors), a.Body)
	}
}

// Want ends the test unless the status is as given.
func (a Answer) Want(t *testing.T, status int) Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%s: %d, want %d: %s", a.Request, a.Status, status, a.Body)
	}
	return a
}

// Into reads the result.
func (a Answer) Into(t *testing.T, target any) {
	t.Helper()
	if err := json.Unmarshal(a.Result, target); err != nil {
		t.Fatalf("%s: result: %v: %s", a.Request, err, a.Result)
	}
}

// Refusal is what an answer that says no must contain.
type Refusal struct {
	Status    int
	Code      int      // of the first error; 0 accepts any
	Prefix    string   // how its message begins
	Chain     []int    // codes of its error_chain, each of which must be there
	Mention   []string // what the message must also say
	Challenge string   // what WWW-Authenticate must contain after "Bearer"
}

// The error words of RFC 6750.
const (
	invalidRequest    = "invalid_request"
	invalidToken      = "invalid_token"
	insufficientScope = "insufficient_scope"
)

// Denied is the refusal of a product route: the missing permission group and the resource are named.
func Denied(mention ...string) Refusal {
	return Refusal{
		Status: http.StatusForbidden, Code: 10000, Prefix: "Authentication error",
		Mention: mention, Challenge: insufficientScope,
	}
}

// DeniedTokens is the refusal of a token route.
func DeniedTokens(mention ...string) Refusal {
	return Refusal{
		Status: http.StatusForbidden, Code: 9109, Prefix: "Unauthorized to access requested resource",
		Mention: mention, Challenge: insufficientScope,
	}
}

// UnknownToken is the refusal of a token that never was, was rolled away or was deleted.
func UnknownToken() Refusal {
	return Refusal{Status: http.StatusUnauthorized, Code: 9109, Prefix: "Invalid access token", Challenge: invalidToken}
}

// UnverifiedToken is the refusal of such a token by verify.
func UnverifiedToken() Refusal {
	return Refusal{Status: http.StatusUnauthorized, Code: 1000, Prefix: "Invalid API Token", Challenge: invalidToken}
}

// UnusableToken is the refusal of a token that exists but is disabled, expired or not yet valid.
func UnusableToken() Refusal {
	return Refusal{Status: http.StatusUnauthorized, Challenge: invalidToken}
}

// Malformed is the refusal of a credential that cannot be one; chain says which part.
func Malformed(chain ...int) Refusal {
	return Refusal{
		Status: http.StatusBadRequest, Code: 6003, Prefix: "Invalid request headers",
		Chain: chain, Challenge: invalidRequest,
	}
}

// Refused fails the test unless the answer is this refusal.
func (a Answer) Refused(t *testing.T, want Refusal) {
	t.Helper()
	if a.Status != want.Status || len(a.Errors) == 0 {
		t.Errorf("%s: %d, want %d: %s", a.Request, a.Status, want.Status, a.Body)
		return
	}
	first := a.Errors[0]
	if (want.Code != 0 && first.Code != want.Code) || !strings.HasPrefix(first.Message, want.Prefix) {
		t.Errorf("%s: error %d %q, want %d %q", a.Request, first.Code, first.Message, want.Code, want.Prefix)
	}
	for _, code := range want.Chain {
		if !slices.ContainsFunc(first.ErrorChain, func(p Problem) bool { return p.Code == code }) {
			t.Errorf("%s: the error chain %+v lacks %d", a.Request, first.ErrorChain, code)
		}
	}
	for _, mention := range want.Mention {
		if !strings.Contains(first.Message, mention) {
			t.Errorf("%s: refused with %q, which does not mention %q", a.Request, first.Message, mention)
		}
	}
	if challenge := a.Header.Get("WWW-Authenticate"); want.Challenge != "" &&
		(!strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, want.Challenge)) {
		t.Errorf("%s: %d with WWW-Authenticate %q, want %q", a.Request, a.Status, challenge, want.Challenge)
	}
}
