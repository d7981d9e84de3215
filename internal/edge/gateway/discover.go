package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Bounds of a list that is read to know what there is, rather than for a caller.
const (
	discoveryTime  = 5 * time.Minute
	discoveryBytes = 256 << 20
	discoveryPages = 10_000
)

// List asks an upstream for a list of the catalogue with the upstream's own credential, and gives
// each item of it, every page. path is as a client would write it, query and all. name says where an
// item has its name; nil: items have none. When it fails, what it gave is worth nothing.
func (g *Gateway) List(ctx context.Context, op *catalog.Operation, host, path string, name catalog.Pointer, each func(id, name string)) error {
	u, err := g.upstreamOf(op)
	if err != nil {
		return err
	}
	path, query, _ := strings.Cut(path, "?")
	asked, f := readPaging(query, op.Paging)
	if f != nil {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, discoveryTime)
	defer cancel()
	walk := listWalk{
		op: op, sees: func(leastkey.Resource) bool { return true }, transport: u.Transport, asked: asked, pages: discoveryPages, budget: discoveryBytes,
		request: func(ctx context.Context, page int) (*http.Request, error) {
			out, err := http.NewRequestWithContext(ctx, op.Method, u.URL.String(), nil)
			if err != nil {
				return nil, err
			}
			u.aim(out, path, asked.upstream(query, op.Paging, page))
			out.Header.Set("Accept", "application/json")
			out.Header.Set("Accept-Encoding", "identity")
			if host != "" {
				out.Header.Set("X-Forwarded-Host", host)
			}
			u.authenticate(out.Header)
			return out, nil
		},
	}
	switch f := walk.run(ctx); {
	case f != nil:
		return f
	case walk.refusal != nil:
		return fmt.Errorf("the upstream answered %d", walk.refusal.status)
	}
	for _, item := range walk.kept {
		called := ""
		if name != nil {
			if called, err = textAt(item.raw, name); err != nil {
				return fmt.Errorf("the item %s of the list has no name: %w", clip(item.id), err)
			}
		}
		each(item.id, called)
	}
	return nil
}
