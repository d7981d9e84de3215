// Package client talks to a Leastkey control plane, or to anything that speaks the same v4
// contract for tokens.
//
//	c, err := client.New("https://api.example.com/client/v4", client.Bearer(secret))
//	tokens, err := c.UserTokens().List(ctx)
//
// A request that the server refused gives an [*Error], which says why. Every method is safe for
// use by several goroutines at once.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey/api"
)

const (
	timeout   = 30 * time.Second // one exchange, from dialling to the end of the body
	maxBody   = 16 << 20         // bytes of an answer that are read at most
	maxWait   = 30 * time.Second // a longer Retry-After is the caller's to wait for
	maxTries  = 3
	perPage   = 50   // what the server allows at most
	maxPages  = 2000 // a list longer than this does not end
	userAgent = "leastkey-go"
)

// Client makes requests with one credential. Make one with [New].
type Client struct {
	base       *url.URL // without a slash at the end
	credential Credential
	http       *http.Client
	wait       func(context.Context, time.Duration) error
	whole      bool // lists come in one piece
}

// Option changes how a client works.
type Option func(*Client)

// Transport makes requests go through t, for proxies, private roots and tests.
func Transport(t http.RoundTripper) Option { return func(c *Client) { c.http.Transport = t } }

// New makes a client for the API at base, such as http://127.0.0.1:8080/client/v4.
func New(base string, credential Credential, options ...Option) (*Client, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, fmt.Errorf("API address %q: not a URL", base)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("API address %q: want http:// or https://, a host and a path such as /client/v4", base)
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("API address: want no user, query or fragment in it")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	c := &Client{base: u, credential: credential, wait: wait, http: &http.Client{
		Timeout: timeout,
		// A redirect would take the key headers to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, o := range options {
		o(c)
	}
	return c, nil
}

// BaseURL is the address of the API, without a slash at the end.
func (c *Client) BaseURL() string { return c.base.String() }

// wait returns after d, or with an error once ctx has ended.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// call is one request and its answer. path holds escaped segments; body is nil for none.
func call[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (api.Envelope[T], error) {
	var envelope api.Envelope[T]
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return envelope, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	for try := 1; ; try++ {
		status, header, answer, err := c.exchange(ctx, method, path, query, sent)
		if err != nil {
			return envelope, err
		}
		refused := refusal(method, path, status, header, answer)
		if refused == nil {
			if err := json.Unmarshal(answer, &envelope); err != nil || !envelope.Success {
				return envelope, &Error{Method: method, Path: path, Status: status, RequestID: header.Get("X-Request-Id"),
					text: "the answer is not what this API answers: is the address right?"}
			}
			return envelope, nil
		}
		if try == maxTries || !refused.again(method) {
			return envelope, refused
		}
		if err := c.wait(ctx, refused.RetryAfter); err != nil {
			return envelope, refused
		}
	}
}

func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, body []byte) (int, http.Header, []byte, error) {
	target := c.base.String() + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.credential.set(req.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("cannot reach the API: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up: nothing to learn
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(answer) > maxBody {
		err = fmt.Errorf("an answer of more than %d bytes", maxBody)
	}
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return resp.StatusCode, resp.Header, answer, nil
}

// list reads page after page until one is empty: totals are not needed, and may change meanwhile.
func list[T any](ctx context.Context, c *Client, path string, query url.Values) ([]T, error) {
	if c.whole {
		answer, err := call[[]T](ctx, c, http.MethodGet, path, query, nil)
		return answer.Result, err
	}
	var all []T
	paged := url.Values{"per_page": {strconv.Itoa(perPage)}}
	maps.Copy(paged, query)
	for page := 1; page <= maxPages; page++ {
		paged.Set("page", strconv.Itoa(page))
		answer, err := call[[]T](ctx, c, http.MethodGet, path, paged, nil)
		if err != nil {
			return nil, err
		}
		if len(answer.Result) == 0 {
			return all, nil
		}
		all = append(all, answer.Result...)
	}
	return nil, fmt.Errorf("GET %s: the list does not end after %d pages", path, maxPages)
}

// one makes a request whose answer is a single thing.
func one[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	answer, err := call[T](ctx, c, method, path, nil, body)
	return answer.Result, err
}
