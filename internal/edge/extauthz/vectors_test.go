package extauthz

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/vectors"
)

// Envoy's protobufs and a real client: every golden request, told in each of the two ways in which
// Envoy tells headers.
func TestVectors(t *testing.T) {
	for name, tell := range map[string]func(*auth.AttributeContext_HttpRequest, [][2]string){"header_map": tellRaw, "headers": tellJoined} {
		t.Run(name, func(t *testing.T) {
			edgetest.RunVectors(t, func(t *testing.T, w *vectors.World) edgetest.Adapter {
				envoy := start(t, w.Guard, "127.0.0.0/8")
				return edgetest.Adapter{Can: guard.Headers | guard.Bodies, Send: func(t *testing.T, s vectors.Sent) edgetest.Answer {
					return judge(t, s, envoy.ask(t, question(s, tell)))
				}}
			})
		})
	}
}

// client is what Envoy is to the server.
type client struct{ auth.AuthorizationClient }

// start runs a server as a node does.
func start(t testing.TB, g *guard.Guard, proxies string) client {
	t.Helper()
	s, err := NewServer(Config{Guard: g, Proxies: []netip.Prefix{netip.MustParsePrefix(proxies)}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	connection, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		connection.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return client{auth.NewAuthorizationClient(connection)}
}

func (c client) ask(t testing.TB, q *auth.CheckRequest) *auth.CheckResponse {
	t.Helper()
	answer, err := c.Check(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// question is what Envoy asks of a request, with its body and raw headers or joined ones.
func question(s vectors.Sent, tell func(*auth.AttributeContext_HttpRequest, [][2]string)) *auth.CheckRequest {
	about := &auth.AttributeContext_HttpRequest{
		Method: s.Method, Path: strings.ToValidUTF8(s.Target, "!"), Host: strings.ToValidUTF8(s.Host, "!"), Scheme: "https", Protocol: "HTTP/1.1",
	}
	header := [][2]string{{":method", about.Method}, {":path", about.Path}, {":authority", about.Host}}
	header = append(header, s.Header...)
	if s.Body != nil {
		about.Size, about.RawBody = int64(len(*s.Body)), []byte(*s.Body)
		header = append(header, [2]string{"content-length", strconv.Itoa(len(*s.Body))}, [2]string{"x-envoy-auth-partial-body", "false"})
	}
	tell(about, header)
	q := &auth.CheckRequest{Attributes: &auth.AttributeContext{Request: &auth.AttributeContext_Request{Http: about}}}
	if s.Addr.IsValid() {
		q.Attributes.Source = &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{
			SocketAddress: &core.SocketAddress{Address: s.Addr.String(), PortSpecifier: &core.SocketAddress_PortValue{PortValue: 40000}}}}}
	}
	return q
}

func tellRaw(about *auth.AttributeContext_HttpRequest, header [][2]string) {
	about.HeaderMap = &core.HeaderMap{}
	for _, h := range header {
		about.HeaderMap.Headers = append(about.HeaderMap.Headers, &core.HeaderValue{Key: strings.ToLower(h[0]), RawValue: []byte(h[1])})
	}
}

func tellJoined(about *auth.AttributeContext_HttpRequest, header [][2]string) {
	about.Headers = map[string]string{}
	for _, h := range header {
		name, value := strings.ToLower(h[0]), strings.ToValidUTF8(h[1], "!")
		if before, twice := about.Headers[name]; twice {
			value = before + "," + value
		}
		about.Headers[name] = value
	}
}

// judge says what becomes of a request that Envoy asked about, as its documentation has it.
func judge(t *testing.T, s vectors.Sent, answer *auth.CheckResponse) edgetest.Answer {
	t.Helper()
	if answer.GetStatus().GetCode() == int32(codes.OK) {
		ok := answer.GetOkResponse()
		if ok == nil || answer.GetDeniedResponse() != nil {
			t.Fatalf("OK, and the answer is %v", answer)
		}
		upstream := http.Header{}
		for _, h := range s.Header {
			upstream.Add(h[0], h[1])
		}
		return edgetest.Answer{Allowed: true, Status: http.StatusOK, Upstream: apply(t, upstream, ok)}
	}
	denied := answer.GetDeniedResponse()
	if denied == nil {
		t.Fatalf("refused without an answer for the client: %v", answer)
	}
	header := http.Header{}
	for _, h := range denied.GetHeaders() {
		header.Add(h.GetHeader().GetKey(), h.GetHeader().GetValue())
	}
	if header.Get("Content-Type") == "" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("refused with the header %v", header)
	}
	return edgetest.Refusal(t, int(denied.GetStatus().GetCode()), header, []byte(denied.GetBody()))
}

// apply changes a header as Envoy does: it sets, and then takes out.
func apply(t *testing.T, header http.Header, ok *auth.OkHttpResponse) http.Header {
	t.Helper()
	for _, h := range ok.GetHeaders() {
		if h.GetAppendAction() != core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			t.Errorf("%s is to be %s", h.GetHeader().GetKey(), h.GetAppendAction())
		}
		if slices.Contains(ok.GetHeadersToRemove(), h.GetHeader().GetKey()) {
			t.Errorf("%s is set and taken out", h.GetHeader().GetKey())
		}
		header.Set(h.GetHeader().GetKey(), h.GetHeader().GetValue())
	}
	for _, name := range ok.GetHeadersToRemove() {
		header.Del(name)
	}
	return header
}
