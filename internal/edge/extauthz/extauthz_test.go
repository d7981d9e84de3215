package extauthz

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/vectors"
)

// sound is a question about a request that is allowed.
func sound(w *edgetest.World, header ...[2]string) *auth.CheckRequest {
	return question(vectors.Sent{
		Method: "GET", Host: "api.example", Target: w.Fill("/client/v4/zones/{zone}/dns_records?page=1"),
		Header: append([][2]string{{"Authorization", "Bearer " + w.Token.Reveal()}, {"Accept", "application/json"}}, header...),
	}, tellRaw)
}

// What is absent, doubled or said in two ways is refused.
func TestQuestionsWithTwoReadings(t *testing.T) {
	w := edgetest.NewWorld(t)
	envoy := start(t, w.Guard, "127.0.0.0/8")
	field := func(name, value string) *core.HeaderValue {
		return &core.HeaderValue{Key: name, RawValue: []byte(value)}
	}
	for name, test := range map[string]struct {
		spoil func(*auth.AttributeContext_HttpRequest)
		want  int
	}{
		"as it is":            {func(*auth.AttributeContext_HttpRequest) {}, 200},
		"no method":           {func(a *auth.AttributeContext_HttpRequest) { a.Method = "" }, 400},
		"no path":             {func(a *auth.AttributeContext_HttpRequest) { a.Path = "" }, 400},
		"a query beside it":   {func(a *auth.AttributeContext_HttpRequest) { a.Query = "a=b" }, 400},
		"a fragment":          {func(a *auth.AttributeContext_HttpRequest) { a.Fragment = "a" }, 400},
		"headers in two ways": {func(a *auth.AttributeContext_HttpRequest) { a.Headers = map[string]string{"a": "b"} }, 400},
		"no headers":          {func(a *auth.AttributeContext_HttpRequest) { a.HeaderMap = nil }, 401},
		"another :path":       {func(a *auth.AttributeContext_HttpRequest) { a.Path = w.Fill("/client/v4/zones/{zone}") }, 400},
		"another :method":     {func(a *auth.AttributeContext_HttpRequest) { a.Method = "HEAD" }, 400},
		"another :authority":  {func(a *auth.AttributeContext_HttpRequest) { a.Host = "other.example" }, 400},
		"two :path": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, field(":path", a.Path))
		}, 400},
		"another host": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, field("host", "b"))
		}, 400},
		"the same host": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, field("host", a.Host))
		}, 200},
		"a value in two ways": {func(a *auth.AttributeContext_HttpRequest) { a.HeaderMap.Headers[3].Value = "Bearer x" }, 400},
		"a value in the old way": {func(a *auth.AttributeContext_HttpRequest) {
			h := a.HeaderMap.Headers[3]
			h.Value, h.RawValue = string(h.RawValue), nil
		}, 200},
		"a line end": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, field("a", "b\r\nc: d"))
		}, 400},
		"a header without name": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, field("", "b"))
		}, 400},
		"a token twice": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, a.HeaderMap.Headers[3])
		}, 400},
		"bytes that are no text": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers = append(a.HeaderMap.Headers, field("a", "\xff"))
		}, 200},
		"another zone": {func(a *auth.AttributeContext_HttpRequest) {
			a.HeaderMap.Headers[1].RawValue = []byte(w.Fill("/client/v4/zones/{other}/dns_records"))
			a.Path = string(a.HeaderMap.Headers[1].RawValue)
		}, 403},
	} {
		q := sound(w)
		test.spoil(q.Attributes.Request.Http)
		answer := envoy.ask(t, q)
		got := int(answer.GetDeniedResponse().GetStatus().GetCode())
		if answer.GetStatus().GetCode() == int32(codes.OK) {
			got = 200
		}
		if got != test.want {
			t.Errorf("%s: %d %s; want %d", name, got, answer.GetStatus().GetMessage(), test.want)
		}
	}
	for name, q := range map[string]*auth.CheckRequest{"nothing": {}, "no request": {Attributes: &auth.AttributeContext{}}} {
		if answer := envoy.ask(t, q); answer.GetDeniedResponse().GetStatus().GetCode() != 400 {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

// A body decides only when all of it was sent.
func TestBodies(t *testing.T) {
	for name, test := range map[string]struct {
		header    http.Header
		size      int64
		raw, text string
		want      bool
	}{
		"none":                  {http.Header{}, 0, "", "", true},
		"whole":                 {http.Header{"Content-Length": {"3"}, partialBody: {"false"}}, 3, "abc", "", true},
		"as text":               {http.Header{"Content-Length": {"3"}}, 3, "", "abc", false},
		"of unknown size":       {http.Header{partialBody: {"false"}}, -1, "abc", "", true},
		"of which nobody says":  {http.Header{}, -1, "abc", "", false},
		"a part, as it says":    {http.Header{"Content-Length": {"3"}, partialBody: {"true"}}, 3, "abc", "", false},
		"a part, by its length": {http.Header{"Content-Length": {"9"}, partialBody: {"false"}}, 3, "abc", "", false},
		"a part, by its size":   {http.Header{"Content-Length": {"3"}, partialBody: {"false"}}, 9, "abc", "", false},
		"not sent":              {http.Header{"Content-Length": {"9"}}, 9, "", "", false},
		"not sent, in chunks":   {http.Header{"Transfer-Encoding": {"chunked"}}, -1, "", "", false},
		"not sent, as forged":   {http.Header{"Transfer-Encoding": {"chunked"}, partialBody: {"false"}}, -1, "", "", false},
		"two lengths":           {http.Header{"Content-Length": {"3", "3"}}, 3, "abc", "", false},
		"two answers":           {http.Header{"Content-Length": {"3"}, partialBody: {"false", "false"}}, 3, "abc", "", false},
		"two bodies":            {http.Header{"Content-Length": {"3"}}, 3, "abc", "abd", false},
	} {
		about := &auth.AttributeContext_HttpRequest{Protocol: "HTTP/1.1", Size: test.size, RawBody: []byte(test.raw), Body: test.text}
		body, whole := wholeBody(about, test.header)
		if whole != test.want || whole && string(body) != test.raw+test.text {
			t.Errorf("%s: %q, %t", name, body, whole)
		}
	}
	// HTTP/2 needs no field to have a body, so that nothing shown is not nothing sent.
	for _, header := range []http.Header{{}, {partialBody: {"false"}}} {
		if _, whole := wholeBody(&auth.AttributeContext_HttpRequest{Protocol: "HTTP/2", Size: -1}, header); whole {
			t.Errorf("an unseen body over HTTP/2 with %v is taken for none", header)
		}
	}
}

// Everything that is not the client's to say is taken out or said anew.
func TestWhatReachesTheAPI(t *testing.T) {
	w := edgetest.NewWorld(t)
	envoy := start(t, w.Guard, "127.0.0.0/8")
	given := [][2]string{{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", "10.0.0.1"}, {"X-Real-Ip", "forged"}, {"Leastkey-Principal", "forged"}, {"Leastkey-Other", "forged"},
		{"X-Http-Method-Override", "DELETE"}, {"Cookie", "a=b; __Host-leastkey=forged"}, {"X-Envoy-Original-Path", "/forged"}, {"Traceparent", "00"}}
	q := sound(w, given...)
	q.Attributes.Source = &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "198.51.100.7"}}}}
	ok := envoy.ask(t, q).GetOkResponse()
	if ok == nil {
		t.Fatal("refused")
	}
	header := http.Header{}
	for _, h := range q.Attributes.Request.Http.HeaderMap.Headers {
		if h.GetKey()[0] != ':' {
			header.Add(h.GetKey(), string(h.GetRawValue()))
		}
	}
	header = apply(t, header, ok)
	for name, want := range map[string]string{
		"Authorization": "", "X-Real-Ip": "", "Leastkey-Other": "", "X-Http-Method-Override": "", "X-Envoy-Original-Path": "", "X-Envoy-Auth-Partial-Body": "",
		"Cookie": "a=b", "Traceparent": "00", "Accept": "application/json", "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example",
		"Leastkey-Token-Id": w.TokenID.String(), "Leastkey-Principal": "user " + w.UserID.String(),
	} {
		if got := strings.Join(header[http.CanonicalHeaderKey(name)], "|"); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
}

func TestOnlyANamedProxyIsAnswered(t *testing.T) {
	w := edgetest.NewWorld(t)
	answer := start(t, w.Guard, "192.0.2.0/24").ask(t, sound(w))
	if answer.GetDeniedResponse().GetStatus().GetCode() != http.StatusForbidden || answer.GetStatus().GetCode() != int32(codes.PermissionDenied) {
		t.Error(answer)
	}
	for name, c := range map[string]Config{"no proxies": {Guard: w.Guard, Log: slog.Default()}, "nothing": {}} {
		if _, err := NewServer(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
