package chain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/leastkey/leastkey/bench/workload"
)

// checks asks an ext_authz service, over one connection as Envoy has it, with so many questions at once.
func checks(ctx context.Context, addr string, questions []*auth.CheckRequest, atOnce int, length time.Duration) (n int, err error) {
	connection, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	service := auth.NewAuthorizationClient(connection)
	ctx, cancel := context.WithTimeout(ctx, length+time.Minute)
	defer cancel()
	var workers sync.WaitGroup
	var count atomic.Int64
	errs := make([]error, atOnce)
	end := time.Now().Add(length)
	for w := range atOnce {
		workers.Go(func() {
			for k := w; k == w || time.Now().Before(end); k++ {
				answer, err := service.Check(ctx, questions[k%len(questions)])
				if err == nil && answer.GetStatus().GetCode() != 0 {
					err = fmt.Errorf("the service refuses: %v", answer.GetStatus())
				}
				if err != nil {
					errs[w] = err
					return
				}
				count.Add(1)
			}
		})
	}
	workers.Wait()
	return int(count.Load()), errors.Join(errs...)
}

// question is a request as Envoy tells of it.
func question(c workload.Case) *auth.CheckRequest {
	var headers []*core.HeaderValue
	for _, h := range headersOf(c) {
		headers = append(headers, &core.HeaderValue{Key: h.lower(), RawValue: []byte(h.value)})
	}
	peer := &auth.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "198.51.100.7"}}}}
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: peer,
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Protocol: "HTTP/1.1", Method: c.Method, Path: c.Target, Host: site, Scheme: "https", Size: -1, HeaderMap: &core.HeaderMap{Headers: headers},
		}},
	}}
}
