package nodetest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
)

// Base is where the API is.
const Base = "/client/v4"

// Credential puts itself into the header of a request.
type Credential func(http.Header)

// Nobody presents nothing.
func Nobody(http.Header) {}

// Bearer presents a token.
func Bearer(token string) Credential {
	return func(h http.Header) { h.Set("Authorization", "Bearer "+token) }
}

// Fields presents whatever is given, as name and value in turn.
func Fields(pairs ...string) Credential {
	return func(h http.Header) {
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
	}
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Request makes a request below Base, or below /leastkey. A string or []byte is a body as it is, nil is none, and
// anything else is sent as JSON.
func Request(t testing.TB, by Credential, method, path string, body any) *http.Request {
	t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = bytes.NewReader([]byte(b))
	case []byte:
		content = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	if !strings.HasPrefix(path, "/leastkey/") { // which is beside it
		path = Base + path
	}
	r := httptest.NewRequest(method, path, content)
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	by(r.Header)
	return r
}

// Send has the gateway answer a request, which comes from 192.0.2.1 unless it says otherwise.
func (n *Node) Send(r *http.Request) Answer {
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	return Answer{w.Code, w.Header(), w.Body.Bytes()}
}

// Serve has the control plane answer a request with a verdict that was given before.
func (n *Node) Serve(r *http.Request, v guard.Verdict) Answer {
	w := httptest.NewRecorder()
	n.API.ServeVerdict(w, r, v)
	return Answer{w.Code, w.Header(), w.Body.Bytes()}
}

// Do asks for something.
func (n *Node) Do(t testing.TB, by Credential, method, path string, body any) Answer {
	t.Helper()
	return n.Send(Request(t, by, method, path, body))
}

// Must asks for something that must succeed, and reads the result into into unless that is nil.
func (n *Node) Must(t testing.TB, by Credential, method, path string, body, into any) Answer {
	t.Helper()
	a := n.Do(t, by, method, path, body)
	if a.Status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	if into != nil {
		a.Result(t, into)
	}
	return a
}

// Operate asks the operator's socket for something.
func (n *Node) Operate(t testing.TB, method, path string, body any) Answer {
	t.Helper()
	r := Request(t, Nobody, method, path, body)
	r.URL.Path = api.OperatorPath + strings.TrimPrefix(r.URL.Path, Base)
	w := httptest.NewRecorder()
	n.API.Operator("http://dashboard.example", n.Signer).ServeHTTP(w, r)
	return Answer{w.Code, w.Header(), w.Body.Bytes()}
}

// Envelope is an answer with its result still in JSON.
type Envelope struct {
	Result     json.RawMessage `json:"result"`
	Success    bool            `json:"success"`
	Errors     []api.Error     `json:"errors"`
	Messages   []api.Message   `json:"messages"`
	ResultInfo *api.ResultInfo `json:"result_info"`
}

// Envelope reads the body.
func (a Answer) Envelope(t testing.TB) Envelope {
	t.Helper()
	var e Envelope
	if err := json.Unmarshal(a.Body, &e); err != nil {
		t.Fatalf("not an envelope: %v\n%s", err, a.Body)
	}
	return e
}

// Result reads the result of a success.
func (a Answer) Result(t testing.TB, into any) {
	t.Helper()
	e := a.Envelope(t)
	if !e.Success {
		t.Fatalf("not a success: %d %s", a.Status, a.Body)
	}
	if err := json.Unmarshal(e.Result, into); err != nil {
		t.Fatalf("result: %v\n%s", err, a.Body)
	}
}

// Code is that of the first error, 0 when there is none.
func (a Answer) Code(t testing.TB) int {
	t.Helper()
	if errs := a.Envelope(t).Errors; len(errs) > 0 {
		return errs[0].Code
	}
	return 0
}
