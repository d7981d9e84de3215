package extauthz

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/leastkey/leastkey/guard"
)

// request is the request that Envoy asks about.
type request struct {
	guard.Request
	scheme string // "http" or "https"; empty when it is not said
}

// partialBody is the field in which Envoy says that it sends less than the body.
const partialBody = "X-Envoy-Auth-Partial-Body"

// read finds the request. What could be read in two ways is refused.
func (a *authorization) read(asked *auth.CheckRequest) (request, error) {
	about := asked.GetAttributes().GetRequest().GetHttp()
	switch {
	case about.GetMethod() == "" || about.GetPath() == "":
		return request{}, errors.New("the question is not about an HTTP request: it has no method or no path")
	case about.GetQuery() != "" || about.GetFragment() != "":
		return request{}, errors.New("the question has a query or a fragment beside the path, which has them")
	}
	h, err := a.header(about)
	if err != nil {
		return request{}, err
	}
	for _, host := range h["Host"] {
		if host != about.GetHost() {
			return request{}, errors.New("the question names two hosts")
		}
	}
	delete(h, "Host") // it is the host of the request
	r := request{Request: guard.Request{
		Method: about.GetMethod(), Host: about.GetHost(), Target: about.GetPath(), Header: h,
		Addr: source(asked.GetAttributes().GetSource()), Can: guard.Headers,
	}}
	if s := about.GetScheme(); s == "http" || s == "https" {
		r.scheme = s
	}
	if body, whole := wholeBody(about, h); whole {
		r.Can |= guard.Bodies
		if len(body) > 0 {
			r.Body = func(limit int64) ([]byte, error) {
				if int64(len(body)) > limit {
					return nil, guard.ErrBodyTooLarge
				}
				return body, nil
			}
		}
	}
	return r, nil
}

// header reads the fields in whichever of its two ways Envoy sends them: one field after the other
// (encode_raw_headers), or joined by name. What is joined where one credential is to be is taken apart
// again, for the guard to refuse.
func (a *authorization) header(about *auth.AttributeContext_HttpRequest) (http.Header, error) {
	fields, joined := about.GetHeaderMap().GetHeaders(), about.GetHeaders()
	if len(fields) > 0 && len(joined) > 0 {
		return nil, errors.New("the question has headers and header_map: one request is to be told in one way")
	}
	r := reading{about: about, names: a.names, h: make(http.Header, max(len(fields), len(joined))), values: make([]string, 0, len(fields))}
	raw := rawText(fields)
	for _, f := range fields {
		value := f.GetValue()
		if n := len(f.GetRawValue()); n > 0 {
			if value != "" {
				return nil, errors.New("the question has a header with two values")
			}
			value, raw = raw[:n], raw[n:]
		}
		if err := r.add(f.GetKey(), value); err != nil {
			return nil, err
		}
	}
	if foldTogether(joined) {
		return nil, errors.New("the question has a header twice that is to be there joined")
	}
	for name, value := range joined {
		values := []string{value}
		if a.Guard.Carries(name) {
			values = strings.Split(value, ",")
		}
		for _, one := range values {
			if err := r.add(name, one); err != nil {
				return nil, err
			}
		}
	}
	return r.h, nil
}

// foldTogether reports whether two names differ in case alone. Envoy's are in lower case.
func foldTogether(joined map[string]string) bool {
	for name := range joined {
		if lower := strings.ToLower(name); lower != name {
			seen := map[string]bool{}
			for name := range joined {
				lower := strings.ToLower(name)
				if seen[lower] {
					return true
				}
				seen[lower] = true
			}
			return false
		}
	}
	return false
}

// rawText is the values that are told as bytes, one behind the other: they are taken out of one string.
func rawText(fields []*core.HeaderValue) string {
	var b strings.Builder
	n := 0
	for _, f := range fields {
		n += len(f.GetRawValue())
	}
	b.Grow(n)
	for _, f := range fields {
		b.Write(f.GetRawValue())
	}
	return b.String()
}

// source is the address at the other end of Envoy's connection; invalid when it has none.
func source(peer *auth.AttributeContext_Peer) netip.Addr {
	addr, err := netip.ParseAddr(peer.GetAddress().GetSocketAddress().GetAddress())
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// wholeBody gives the body when Envoy sends all of it; also when there is none. Whoever is in doubt
// has not seen it.
func wholeBody(about *auth.AttributeContext_HttpRequest, h http.Header) ([]byte, bool) {
	body := about.GetRawBody()
	if about.GetBody() != "" { // without pack_as_bytes Envoy writes what is not UTF-8 in another way
		return nil, false
	}
	if said := h[partialBody]; len(said) > 1 || len(said) == 1 && said[0] != "false" {
		return nil, false
	}
	if size := about.GetSize(); size >= 0 && size != int64(len(body)) {
		return nil, false
	}
	lengths := h["Content-Length"]
	switch {
	case len(lengths) > 1:
		return nil, false
	case len(lengths) == 1:
		n, err := strconv.Atoi(lengths[0])
		return body, err == nil && n == len(body)
	case len(body) == 0:
		// Envoy says nothing of a body that it does not send. Only HTTP/1 says in its header that there
		// is none, and partialBody may be the client's own word.
		framed := len(h["Transfer-Encoding"]) > 0 || len(h[partialBody]) > 0
		return body, strings.HasPrefix(about.GetProtocol(), "HTTP/1.") && !framed
	default:
		return body, len(h[partialBody]) == 1
	}
}
