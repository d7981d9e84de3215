package client

import (
	"context"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/api"
)

// Whoami gives the client's own credential: what it is, what it may do, until when and from where.
func (c *Client) Whoami(ctx context.Context) (api.Self, error) {
	return one[api.Self](ctx, c.beside(), http.MethodGet, "/whoami", nil)
}

// Explain says whether a request would be allowed, why, and the smallest addition that would allow it.
func (c *Client) Explain(ctx context.Context, r api.ExplainRequest) (api.Explanation, error) {
	return one[api.Explanation](ctx, c.beside(), http.MethodPost, "/explain", r)
}

// beside is the client for what the v4 contract has no words for. It stands beside /client/v4.
func (c *Client) beside() *Client {
	beside, base := *c, *c.base
	base.Path = strings.TrimSuffix(base.Path, "/client/v4") + api.OperatorPath
	beside.base = &base
	return &beside
}
