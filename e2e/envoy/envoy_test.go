// Package envoy asks a real `leastkey serve` what Envoy would, with Envoy's own protobufs.
package envoy

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

func TestServeAnswersEnvoy(t *testing.T) {
	catalog, err := os.ReadFile(filepath.Join("..", "..", "examples", "notes", "catalog.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := harness.Serve(t, harness.Files{"catalog.yaml": string(catalog), "leastkey.yaml": `
listen: 127.0.0.1:0
data: data
catalog: catalog.yaml
ext_authz: {listen: "127.0.0.1:0", proxies: [127.0.0.1]}
`})
	ada := s.Member(t, "ada@example.com", "Kitchen")
	s.Operator(t, "resource", "add", "notebook:nb-1", "--parent", "account:Kitchen")
	s.Operator(t, "resource", "add", "notebook:nb-2", "--parent", "account:Kitchen")
	token := s.Token(t, ada, "--name", "reader", "--allow", "Notes Read on notebook:nb-1")

	connection, err := grpc.NewClient(s.Says(t, "Envoy asks at "), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	envoy := auth.NewAuthorizationClient(connection)
	ask := func(method, path, secret string) *auth.CheckResponse {
		t.Helper()
		answer, err := envoy.Check(t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
			Source: &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "198.51.100.7"}}}},
			Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{Protocol: "HTTP/1.1",
				Method: method, Path: path, Host: "api.example", Scheme: "https", Size: -1,
				HeaderMap: &core.HeaderMap{Headers: []*core.HeaderValue{{Key: "authorization", RawValue: []byte("Bearer " + secret)}}},
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	ok := ask("GET", "/v1/notebooks/nb-1/notes", token).GetOkResponse()
	if ok == nil || !slices.Contains(ok.GetHeadersToRemove(), "authorization") {
		t.Errorf("what is allowed is answered with %v", ok)
	}
	for request, want := range map[string]int{
		"GET /v1/notebooks/nb-2/notes":         http.StatusForbidden,
		"POST /v1/notebooks/nb-1/notes":        http.StatusForbidden,
		"GET /v1/notebooks":                    http.StatusNotImplemented, // a list, which cannot be cut here
		"GET /v1/notebooks/nb-1/../nb-2/notes": http.StatusBadRequest,
	} {
		method, path, _ := strings.Cut(request, " ")
		denied := ask(method, path, token).GetDeniedResponse()
		if int(denied.GetStatus().GetCode()) != want || !strings.Contains(denied.GetBody(), `"success":false`) {
			t.Errorf("%s: %v; want %d", request, denied, want)
		}
	}
	s.CommandLine(t, ada, "token", "delete", "reader", "--yes")
	if denied := ask("GET", "/v1/notebooks/nb-1/notes", token).GetDeniedResponse(); denied.GetStatus().GetCode() != http.StatusUnauthorized {
		t.Errorf("a token that is gone: %v", denied)
	}
}
