package proxy

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// Paths of the API.
const (
	own     = "/v1/notebooks/nb-1/notes" // what the tokens are for
	foreign = "/v1/notebooks/nb-2/notes"
)

// both is a status that both proxies answer with.
func both(status int) [2]int { return [2]int{status, status} }

// rows are requests, each with what becomes of it behind nginx and Caddy. saw is what the API saw, "" nothing;
// code is of the body that the contract gives a refusal.
var rows = []struct {
	name  string
	token string
	request
	status    [2]int
	code      int    // 0 where the proxy itself refuses, or the API
	challenge string // in WWW-Authenticate
	saw       string
}{
	{"allowed", "reader", request{target: own}, both(200), 0, "", "GET " + own},
	{"allowed to write", "writer", request{method: "POST", target: own, header: []string{"Content-Length: 2"}, body: "{}"}, both(200), 0, "", "POST " + own},
	{"allowed with a query", "reader", request{target: own + "?a=%2F%2e&b=/../c"}, both(200), 0, "", "GET " + own + "?a=%2F%2e&b=/../c"},
	{"what the API refuses", "reader", request{target: own + "?refuse"}, both(401), 0, "the API's own", "GET " + own + "?refuse"},
	{"what the API forbids", "reader", request{target: own + "?forbid"}, both(403), 0, "", "GET " + own + "?forbid"},
	{"the API points elsewhere", "reader", request{target: own + "?elsewhere"}, both(200), 0, "", "GET " + own + "?elsewhere"},

	{"no credential", "", request{target: own}, both(401), 9106, "Bearer", ""},
	{"an unknown token", "unknown", request{target: own}, both(401), 9109, "invalid_token", ""},
	{"no token at all", "", request{target: own, header: []string{"Authorization: Basic YTpi"}}, both(400), 6003, "invalid_request", ""},
	{"two credentials", "reader", request{target: own, header: []string{"Authorization: Bearer other"}}, both(400), 0, "", ""},
	{"another's notebook", "reader", request{target: foreign}, both(403), 10000, "insufficient_scope", ""},
	{"another permission", "reader", request{method: "POST", target: own, header: []string{"Content-Length: 2"}, body: "{}"}, both(403), 10000, "insufficient_scope", ""},
	{"another method", "reader", request{method: "DELETE", target: own}, both(404), 7003, "", ""},
	{"HEAD of what may be read", "reader", request{method: "HEAD", target: own}, both(404), 0, "", ""},
	{"a method of one's own", "reader", request{method: "PURGE", target: own}, both(404), 7003, "", ""},
	{"no such route", "reader", request{target: "/v1/else"}, both(404), 7003, "", ""},
	{"another site", "reader", request{target: own, host: "other.example.com"}, [2]int{421, 200}, 0, "", ""},
	{"the name of the location that asks", "reader", request{target: "/_leastkey"}, both(404), 0, "", ""},

	// What needs a body or an answer to be decided does not pass here.
	{"a list", "reader", request{target: "/v1/notebooks"}, both(501), 10501, "", ""},
	{"a deletion", "writer", request{method: "DELETE", target: "/v1/notebooks/nb-1"}, both(501), 10501, "", ""},
	{"the control plane", "reader", request{target: "/client/v4/user/tokens/verify"}, both(501), 10501, "", ""},

	// Where the client is.
	{"from its address", "placed", request{target: own, from: "127.0.0.2"}, both(200), 0, "", "GET " + own},
	{"from another address", "placed", request{target: own, from: "127.0.0.3"}, both(403), 9109, "insufficient_scope", ""},
	{"from a proxy's address", "placed", request{target: own}, both(403), 9109, "insufficient_scope", ""},
	{"says that it is elsewhere", "placed", request{target: own, from: "127.0.0.3", header: []string{"X-Forwarded-For: 127.0.0.2"}}, both(403), 9109, "insufficient_scope", ""},
	{"says so twice", "placed", request{target: own, from: "127.0.0.3", header: []string{"X-Forwarded-For: 127.0.0.2", "X-Forwarded-For: 127.0.0.2, 127.0.0.1"}}, both(403), 9109, "insufficient_scope", ""},
	{"says so from a proxy's address", "placed", request{target: own, header: []string{"X-Forwarded-For: 127.0.0.2"}}, both(403), 9109, "insufficient_scope", ""},
	{"says so in other words", "placed", request{target: own, from: "127.0.0.3", header: []string{"X-Real-IP: 127.0.0.2"}}, both(403), 9109, "insufficient_scope", ""},
	{"says so with other marks", "placed", request{target: own, from: "127.0.0.3", header: []string{"X_Forwarded_For: 127.0.0.2"}}, both(403), 0, "insufficient_scope", ""},
	{"says that it is elsewhere, where it may be", "placed", request{target: own, from: "127.0.0.2", header: []string{"X-Forwarded-For: 127.0.0.3"}}, both(200), 0, "", "GET " + own},

	// Paths of two readings.
	{"dot segments", "reader", request{target: "/v1/notebooks/nb-1/../nb-2/notes"}, both(400), 6004, "invalid_request", ""},
	{"dot segments to what is allowed", "reader", request{target: "/v1/notebooks/nb-2/../nb-1/notes"}, both(400), 6004, "invalid_request", ""},
	{"encoded dots", "reader", request{target: "/v1/notebooks/nb-1/%2e%2e/nb-2/notes"}, both(400), 6004, "invalid_request", ""},
	{"half encoded dots", "reader", request{target: "/v1/notebooks/nb-1/.%2E/nb-2/notes"}, both(400), 6004, "invalid_request", ""},
	{"an encoded dot", "reader", request{target: "/v1/notebooks/nb-1/%2E/notes"}, both(400), 6004, "invalid_request", ""},
	{"dots above the root", "reader", request{target: "/v1/../../v1/notebooks/nb-1/notes"}, both(400), 0, "", ""},
	{"an encoded slash", "reader", request{target: "/v1/notebooks/nb-1%2Fnotes"}, both(400), 6004, "invalid_request", ""},
	{"an encoded slash to another", "reader", request{target: "/v1/notebooks/nb-1%2f..%2fnb-2/notes"}, both(400), 6004, "invalid_request", ""},
	{"an encoded backslash", "reader", request{target: "/v1/notebooks/nb-1%5C..%5Cnb-2/notes"}, both(400), 6004, "invalid_request", ""},
	{"a backslash", "reader", request{target: `/v1/notebooks/nb-1\..\nb-2/notes`}, both(400), 0, "", ""},
	{"a percent sign twice", "reader", request{target: "/v1/notebooks/nb-1%252Fnotes"}, both(400), 6004, "invalid_request", ""},
	{"two slashes", "reader", request{target: "/v1/notebooks//nb-1/notes"}, both(400), 6004, "invalid_request", ""},
	{"two slashes first", "reader", request{target: "//v1/notebooks/nb-1/notes"}, both(400), 6004, "invalid_request", ""},
	{"a semicolon", "reader", request{target: "/v1/notebooks/nb-1;x=/../nb-2/notes"}, both(400), 6004, "invalid_request", ""},
	{"an encoded semicolon", "reader", request{target: "/v1/notebooks/nb-1%3Bx/notes"}, both(400), 6004, "invalid_request", ""},
	{"an encoded letter", "reader", request{target: "/v1/notebooks/n%62-1/notes"}, both(400), 6004, "invalid_request", ""},
	{"a fragment", "reader", request{target: own + "#/../nb-2"}, both(400), 6004, "invalid_request", ""},
	{"an encoded question mark", "reader", request{target: own + "%3Fa"}, both(400), 6004, "invalid_request", ""},
	{"a null byte", "reader", request{target: own + "%00"}, both(400), 0, "", ""},
	{"a slash at the end", "reader", request{target: own + "/"}, both(200), 0, "", "GET " + own + "/"},
	{"a whole URL", "reader", request{target: "http://" + site + foreign}, both(403), 10000, "insufficient_scope", ""},
	{"a whole URL of what is allowed", "reader", request{target: "http://" + site + own}, both(200), 0, "", "GET " + own},
	{"a whole URL of another site", "reader", request{target: "http://other.example.com" + own}, [2]int{421, 200}, 0, "", ""},
	{"an asterisk", "reader", request{method: "OPTIONS", target: "*"}, [2]int{400, 200}, 0, "", ""},

	// What a client says in the place of the proxy. Each goes with a request that is allowed without, and one that is not.
	{"X-Original-URI", "reader", request{target: foreign, header: []string{"X-Original-URI: " + own}}, both(403), 10000, "insufficient_scope", ""},
	{"X-Original-URI, allowed", "reader", request{target: own, header: []string{"X-Original-URI: " + foreign}}, both(200), 0, "", "GET " + own},
	{"X-Original-URI twice", "reader", request{target: foreign, header: []string{"X-Original-URI: " + own, "X-Original-Uri: " + own}}, both(403), 10000, "insufficient_scope", ""},
	{"X-Original-URI with other marks", "reader", request{target: foreign, header: []string{"X_Original_URI: " + own}}, both(403), 0, "insufficient_scope", ""},
	{"X-Original-Method", "reader", request{method: "POST", target: own, header: []string{"X-Original-Method: GET", "Content-Length: 0"}}, both(403), 10000, "insufficient_scope", ""},
	{"X-Original-Method, allowed", "reader", request{target: own, header: []string{"X-Original-Method: DELETE"}}, both(200), 0, "", "GET " + own},
	{"X-Original-Host, allowed", "reader", request{target: own, header: []string{"X-Original-Host: other.example.com"}}, both(200), 0, "", "GET " + own},
	{"X-Original-URL", "reader", request{target: own, header: []string{"X-Original-URL: " + foreign}}, both(200), 0, "", "GET " + own},
	{"X-Rewrite-URL", "reader", request{target: own, header: []string{"X-Rewrite-URL: " + foreign}}, both(200), 0, "", "GET " + own},
	{"X-Forwarded-Uri", "reader", request{target: foreign, header: []string{"X-Forwarded-Uri: " + own}}, both(403), 10000, "insufficient_scope", ""},
	{"X-Forwarded-Uri, allowed", "reader", request{target: own, header: []string{"X-Forwarded-Uri: " + foreign}}, both(200), 0, "", "GET " + own},
	{"X-Forwarded-Method", "reader", request{method: "POST", target: own, header: []string{"X-Forwarded-Method: GET", "Content-Length: 0"}}, both(403), 10000, "insufficient_scope", ""},
	{"X-Forwarded-Method, allowed", "reader", request{target: own, header: []string{"X-Forwarded-Method: DELETE"}}, both(200), 0, "", "GET " + own},
	{"X-Forwarded-Host", "reader", request{target: foreign, header: []string{"X-Forwarded-Host: other.example.com"}}, both(403), 10000, "insufficient_scope", ""},
	{"X-Forwarded-Host, allowed", "reader", request{target: own, header: []string{"X-Forwarded-Host: other.example.com"}}, both(200), 0, "", "GET " + own},
	{"an identity", "reader", request{target: foreign, header: []string{"Leastkey-Token-Id: 00000000000000000000000000000000", "Leastkey-Principal: user:1"}}, both(403), 10000, "insufficient_scope", ""},
	{"an identity, allowed", "reader", request{target: own, header: []string{"Leastkey-Token-Id: 00000000000000000000000000000000", "leastkey-principal: user:1"}}, both(200), 0, "", "GET " + own},
	{"an identity and no credential", "", request{target: own, header: []string{"Leastkey-Token-Id: 00000000000000000000000000000000"}}, both(401), 9106, "Bearer", ""},
	{"an identity with other marks", "reader", request{target: own, header: []string{"Leastkey_Principal: user:1"}}, both(200), 0, "", "GET " + own},
	{"a status", "", request{target: own, header: []string{"Leastkey-Status: 200", "Leastkey-Body: {}"}}, both(401), 9106, "Bearer", ""},
	{"the API's key", "", request{target: own, header: []string{"X-Api-Key: " + key}}, both(401), 9106, "Bearer", ""},
	{"another key of the API", "reader", request{target: own, header: []string{"X-Api-Key: guessed", "x-api-key: again"}}, both(200), 0, "", "GET " + own},
	{"another key with other marks", "reader", request{target: own, header: []string{"X_Api_Key: guessed", "X.Api.Key: guessed"}}, both(200), 0, "", "GET " + own},

	// Another method than the one that is decided.
	{"X-HTTP-Method-Override", "reader", request{target: own, header: []string{"X-HTTP-Method-Override: DELETE"}}, both(200), 0, "", "GET " + own},
	{"X-HTTP-Method", "reader", request{target: own, header: []string{"X-HTTP-Method: DELETE"}}, both(200), 0, "", "GET " + own},
	{"X-Method-Override", "reader", request{target: own, header: []string{"X-Method-Override: DELETE"}}, both(200), 0, "", "GET " + own},
	{"_method in the query", "reader", request{target: own + "?_method=DELETE"}, both(400), 6004, "invalid_request", ""},

	// What is about one connection.
	{"an upgrade", "reader", request{target: "/v1/notebooks/nb-1/live", header: websocket}, both(200), 0, "", "GET /v1/notebooks/nb-1/live"},
	{"an upgrade where there is none", "reader", request{target: own, header: websocket}, both(200), 0, "", "GET " + own},
	{"an upgrade to another's", "reader", request{target: "/v1/notebooks/nb-2/live", header: websocket}, both(403), 10000, "insufficient_scope", ""},
	{"an upgrade to HTTP/2", "reader", request{target: own, header: []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"}}, both(200), 0, "", "GET " + own},
	{"a connection that takes the credential out", "reader", request{target: own, header: []string{"Connection: close, Authorization"}}, both(200), 0, "", "GET " + own},
	{"a connection that takes the identity out", "reader", request{target: own, header: []string{"Connection: Leastkey-Principal, Leastkey-Token-Id, X-Api-Key, X-Forwarded-For"}}, both(200), 0, "", "GET " + own},
	{"trailers", "writer", request{method: "POST", target: own, header: []string{"Transfer-Encoding: chunked", "Trailer: Leastkey-Principal, X-Forwarded-For"},
		body: "2\r\n{}\r\n0\r\nLeastkey-Principal: user:1\r\nX-Forwarded-For: 127.0.0.2\r\n\r\n"}, both(200), 0, "", "POST " + own},
	{"two hosts", "reader", request{target: own, header: []string{"Host: other.example.com"}}, both(400), 0, "", ""},
	{"a cookie of the dashboard", "reader", request{target: own, header: []string{"Cookie: a=b; leastkey=secret", "Cookie: __Host-leastkey=secret"}}, both(200), 0, "", "GET " + own},
}

var websocket = []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}

// Every row, through every proxy.
func TestDecided(t *testing.T) {
	w := newWorld(t)
	for i, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			behind := newAPI(t)
			front := f.start(t, w.at(t), behind.addr)
			for _, row := range rows {
				t.Run(row.name, func(t *testing.T) {
					sent := row.request
					sent.header = append(w.bearer(t, row.token), sent.header...)
					answer := front.send(t, sent)
					if answer.StatusCode != row.status[i] {
						t.Errorf("%d %v %s; want %d", answer.StatusCode, answer.Header, answer.text, row.status[i])
					}
					challenges := answer.Header["Www-Authenticate"]
					if told := row.code != 0 || row.saw != ""; told && (row.challenge != "") != (len(challenges) == 1) || !strings.Contains(strings.Join(challenges, ""), row.challenge) {
						t.Errorf("challenges %q; want %q", challenges, row.challenge)
					}
					if row.code != 0 {
						if refusal := answer.envelope(t); refusal.Errors[0].Code != row.code {
							t.Errorf("refused with %+v; want %d", refusal.Errors, row.code)
						}
					}
					w.check(t, behind.take(), row.saw, row.token, orElse(row.from, "127.0.0.1"))
				})
			}
		})
	}
}

// A token that comes where clients of the API send their key goes as far as the proxy: the API gets its own key there.
func TestTokenInTheAPIsHeader(t *testing.T) {
	w := newWorld(t, "token_headers: [X-Api-Key]")
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			behind := newAPI(t)
			front := f.start(t, w.at(t), behind.addr)
			for target, saw := range map[string]string{own: "GET " + own, foreign: ""} {
				front.send(t, request{target: target, header: []string{"X-API-Key: " + w.tokens["reader"]}})
				w.check(t, behind.take(), saw, "reader", "127.0.0.1")
			}
			if answer := front.send(t, request{target: own, header: []string{"X-API-Key: " + key}}); answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("the API's own key is answered %d %s", answer.StatusCode, answer.text)
			}
			w.check(t, behind.take(), "", "", "")
		})
	}
}

// check looks at everything that the API saw: nothing for "", else one request with the identity of that token.
func (w *world) check(t *testing.T, seen []*http.Request, want, token, from string) {
	t.Helper()
	if want == "" {
		for _, r := range seen {
			t.Errorf("the API saw %s %s %v", r.Method, r.RequestURI, r.Header)
		}
		return
	}
	if len(seen) != 1 {
		t.Errorf("the API saw %d requests; want %s", len(seen), want)
		return
	}
	r := seen[0]
	if got := r.Method + " " + r.RequestURI; got != want || r.Host != site {
		t.Errorf("the API saw %s at %s; want %s", got, r.Host, want)
	}
	for name, value := range map[string]string{
		"X-Api-Key": key, "Leastkey-Token-Id": w.ids[token], "Leastkey-Principal": "user " + w.owner.ID,
		"X-Forwarded-For": from, "X-Forwarded-Proto": "http", "X-Forwarded-Host": site,
	} {
		if got := r.Header[name]; len(got) != 1 || got[0] != value {
			t.Errorf("the API saw %s: %q; want %q once", name, got, value)
		}
		delete(r.Header, name)
	}
	if r.Header.Get("Connection") == "close" { // nginx's own
		delete(r.Header, "Connection")
	}
	for name := range r.Header {
		if !harmless[name] {
			t.Errorf("the API saw %s: %q", name, r.Header[name])
		}
	}
	for name, values := range r.Trailer { // Caddy announces them, and sends none
		if len(values) > 0 {
			t.Errorf("the API saw the trailer %s: %q", name, values)
		}
	}
	var head bytes.Buffer
	if err := r.Header.Write(&head); err != nil {
		t.Error(err)
	}
	for name, secret := range w.tokens {
		if bytes.Contains(head.Bytes(), []byte(secret)) {
			t.Errorf("the API saw the token %s: %s", name, w.Ledger.Redact(head.String()))
		}
	}
}

// harmless are the other fields that the API may see.
var harmless = map[string]bool{
	"Content-Length": true, "Accept-Encoding": true, "User-Agent": true, "Sec-Websocket-Key": true, "Sec-Websocket-Version": true,
}
