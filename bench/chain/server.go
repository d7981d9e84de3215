// Package chain measures what a request costs over HTTP and gRPC: the CPU time of all processes that it passes, but of
// the one that sends it.
package chain

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/valyala/fasthttp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
)

// small and big are the answers of an API.
const small = `{"result":{"id":"372e67954025e0ba6aaa6d586b9e0b59","type":"A","name":"www.example.com","content":"198.51.100.4","ttl":3600,"proxied":true},"success":true,"errors":[],"messages":[]}`

const megabyte = 1 << 20

// bigQuery asks an upstream for the big answer.
const bigQuery = "big=1"

// roles are the servers that this program can be. Each takes a listener, and where it leads to, if anywhere.
func roles() map[string]func(l net.Listener, to string) error {
	return map[string]func(net.Listener, string) error{
		"fasthttp-200":   func(l net.Listener, _ string) error { return fasthttp.Serve(l, fastAnswer(200, small)) },
		"fasthttp-204":   func(l net.Listener, _ string) error { return fasthttp.Serve(l, fastAnswer(204, "")) },
		"bodyless-204":   bodyless204,
		"net-http-204":   func(l net.Listener, _ string) error { return serveHTTP(l, http.HandlerFunc(empty)) },
		"net-http-200":   func(l net.Listener, _ string) error { return serveHTTP(l, http.HandlerFunc(upstream)) },
		"fasthttp-proxy": fastProxy,
		"reverse-proxy":  reverseProxy,
		"grpc":           serveGRPC,
	}
}

// Serve is a process in one of the roles, on loopback, until the context ends. It says where.
func Serve(ctx context.Context, role, to string, out io.Writer) error {
	serve, ok := roles()[role]
	if !ok {
		return fmt.Errorf("there is no server %q", role)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	fmt.Fprintf(out, "listens at %s\n", l.Addr())
	if err := serve(l, to); ctx.Err() == nil {
		return err
	}
	return nil
}

func fastAnswer(status int, body string) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		c.SetStatusCode(status)
		if body != "" {
			c.SetContentType("application/json")
			c.SetBodyString(body)
		}
	}
}

func serveHTTP(l net.Listener, h http.Handler) error {
	return http.Serve(l, h) // #nosec G114 -- nobody but the load generator is on loopback
}

func empty(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// upstream answers with a small or a big document, whatever the path.
func upstream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.RawQuery != bigQuery {
		w.Header().Set("Content-Length", strconv.Itoa(len(small)))
		_, _ = io.WriteString(w, small)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(megabyte))
	piece := bytes.Repeat([]byte("x"), 32<<10)
	for range megabyte / len(piece) {
		_, _ = w.Write(piece)
	}
}

// fastProxy is the proxy that fasthttp's users write: client and server of the package, and nothing else.
func fastProxy(l net.Listener, to string) error {
	client := &fasthttp.HostClient{Addr: to, MaxConns: 1024}
	return fasthttp.Serve(l, func(c *fasthttp.RequestCtx) {
		request, answer := &c.Request, &c.Response
		request.Header.Del("Connection")
		if err := client.Do(request, answer); err != nil {
			c.SetStatusCode(http.StatusBadGateway)
		}
		answer.Header.Del("Connection")
	})
}

func reverseProxy(l net.Listener, to string) error {
	p := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: to}) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true},
	}
	return serveHTTP(l, p)
}

// nothing is an ext_authz service that allows everything.
type nothing struct {
	auth.UnimplementedAuthorizationServer
}

// Check implements the service.
func (nothing) Check(context.Context, *auth.CheckRequest) (*auth.CheckResponse, error) {
	return &auth.CheckResponse{Status: &status.Status{}, HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: &auth.OkHttpResponse{}}}, nil
}

func serveGRPC(l net.Listener, _ string) error {
	s := grpc.NewServer()
	auth.RegisterAuthorizationServer(s, nothing{})
	return s.Serve(l)
}
