package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// serveList answers with what the credential may see of a list. It reads the upstream's list
// whole, so that pages and totals are those of the list that the caller sees: a client that asks
// for the next page until one is empty gets every item once, and learns nothing of the others.
func (g *Gateway) serveList(w http.ResponseWriter, r *http.Request, u *upstream, v guard.Verdict, addr netip.Addr) {
	asked, f := readPaging(v.RawQuery, v.Operation.Paging)
	if f != nil {
		f.write(w)
		return
	}
	body, err := readAll(r.Body, maxListBody)
	if errors.Is(err, guard.ErrBodyTooLarge) {
		err = &http.MaxBytesError{Limit: maxListBody}
	}
	if err != nil {
		g.fail(w, v, badBody(err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.Limits.Time)
	defer cancel()
	walk := listWalk{
		op: v.Operation, sees: v.Sees, transport: u.Transport, asked: asked, pages: g.Limits.ListPages, budget: g.Limits.Answer,
		request: func(ctx context.Context, page int) (*http.Request, error) {
			out, err := http.NewRequestWithContext(ctx, r.Method, u.URL.String(), nil)
			if err != nil {
				return nil, err
			}
			if len(body) > 0 {
				out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
			v := v
			v.RawQuery = asked.upstream(v.RawQuery, v.Operation.Paging, page)
			g.address(out, r, u, v, addr)
			return out, nil
		},
	}
	f = walk.run(ctx)
	switch {
	case f != nil:
		g.fail(w, v, f)
	case walk.refusal != nil:
		walk.refusal.write(w)
	default:
		walk.write(w, g, v)
	}
}

// maxListBody bounds the body of a request for a list, which every page is asked for with.
const maxListBody = 1 << 20

// listWalk reads a list of the upstream page by page.
type listWalk struct {
	op        *catalog.Operation
	sees      func(leastkey.Resource) bool
	request   func(ctx context.Context, page int) (*http.Request, error) // for a page of the upstream's
	transport http.RoundTripper
	asked     pageRequest
	pages     int   // that may be read at most
	budget    int64 // bytes of answers that may still be read

	spots   *spot           // where in a page there is something to find
	shape   shape           // of the first page
	total   int             // what the first page says
	count   int             // of all items, each page's without those of pages before
	status  int             // of the first page
	before  []listed        // the items of the page before, not yet in seen
	seen    map[string]bool // the items of all pages so far, each as it stands; for lists of several pages
	kept    []listed        // the items that may be seen
	refusal *upstreamAnswer // the upstream said no, and that is to be passed on
}

// upstreamAnswer is an answer that was read whole.
type upstreamAnswer struct {
	status     int
	retryAfter string
	data       []byte
}

func (a *upstreamAnswer) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.retryAfter != "" {
		h.Set("Retry-After", a.retryAfter)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.data) // the client is gone: nobody is left to tell
}

func (l *listWalk) run(ctx context.Context) *failure {
	paging := l.op.Paging
	l.spots = spotsOf(l.op)
	for n := 1; ; n++ {
		if n > l.pages {
			return tooLong("more than the allowed number of pages")
		}
		answer, f := l.fetch(ctx, n)
		if f != nil || l.refusal != nil {
			return f
		}
		p, err := readPage(answer.data, l.op, l.spots)
		switch {
		case err != nil:
			return brokenAnswer("%w", err)
		case p.shape.broken != nil:
			return brokenAnswer("%w", p.shape.broken)
		case !p.found:
			return brokenAnswer("items at %s: %w", l.op.Items.At, errAbsent)
		}
		if n == 1 {
			l.shape, l.status = p.shape, answer.status
		}
		fresh := l.take(p.items)
		if paging == nil {
			return nil
		}
		items := len(p.items)
		if items > 0 && fresh == 0 {
			return brokenAnswer("page %d of the list repeats what came before", n)
		}
		if items > 0 && paging.Info == nil {
			continue
		}
		if last, f := l.isLast(p, n); f != nil || last {
			return f
		}
	}
}

// isLast looks at what the upstream says of its pages. An upstream that does not say is done
// with the first empty page.
func (l *listWalk) isLast(p *page, n int) (bool, *failure) {
	if l.op.Paging.Info == nil {
		return true, nil
	}
	for count := 1; count <= counts; count++ {
		if !p.told[count] {
			return false, brokenAnswer("what is said at %s of pages has not all that belongs there", l.op.Paging.Info)
		}
	}
	if n == 1 {
		l.total = p.count[totalCount]
	}
	switch {
	case p.count[pageCount] != n:
		return false, brokenAnswer("asked for page %d of the list, got page %d", n, p.count[pageCount])
	case p.count[totalCount] != l.total:
		return false, moved()
	case len(p.items) > 0 && n < p.count[pagesCount]:
		return false, nil
	case l.count < l.total:
		return false, moved()
	}
	return true, nil
}

// moved is for a list of which an item may have slipped from one page to another unseen.
func moved() *failure {
	return &failure{status: http.StatusServiceUnavailable, code: api.CodeUnavailable, retryAfter: time.Second,
		message: "The list changed while it was read; please try again"}
}

func tooLong(what string) *failure {
	return &failure{status: http.StatusBadGateway, code: codeUpstream, cause: errors.New(what),
		message: "The list is too long to be cut to what your credential may see: ask for less of it with a filter"}
}

// fetch asks the upstream for one page.
func (l *listWalk) fetch(ctx context.Context, page int) (upstreamAnswer, *failure) {
	out, err := l.request(ctx, page)
	if err != nil {
		return upstreamAnswer{}, unreachable(err)
	}
	response, err := roundTrip(l.transport, out)
	if err != nil {
		return upstreamAnswer{}, unreachable(err)
	}
	defer response.Body.Close()
	data, err := wholeAnswer(response, l.budget)
	switch {
	case errors.Is(err, guard.ErrBodyTooLarge):
		return upstreamAnswer{}, tooLong("the answers are too large")
	case err != nil:
		return upstreamAnswer{}, brokenAnswer("%w", err)
	}
	l.budget -= int64(len(data))
	answer := upstreamAnswer{response.StatusCode, response.Header.Get("Retry-After"), data}
	switch {
	case answer.status == http.StatusUnauthorized:
		return answer, refusedUs()
	case answer.status/100 == 2:
		return answer, nil
	case answer.status < 400 || l.hasItems(data):
		return answer, brokenAnswer("the list came with status %d", answer.status)
	}
	l.refusal = &answer
	return answer, nil
}

// hasItems reports whether an answer that failed could still show items.
func (l *listWalk) hasItems(data []byte) bool {
	top := scanner{data: data}
	if top.next() != '{' {
		return true
	}
	p, err := readPage(data, l.op, l.spots)
	return err != nil || len(p.items) > 0
}

// take keeps the items that may be seen, and says how many of them had not come with a page before:
// a list that grows while it is read shifts items to the next page. Items are told apart by all that
// they say: several may belong to one resource.
func (l *listWalk) take(items []listed) (fresh int) {
	if len(l.before) > 0 && l.seen == nil {
		l.seen = map[string]bool{}
	}
	for _, i := range l.before {
		l.seen[string(i.raw)] = true
	}
	l.before = items
	for _, i := range items {
		if l.seen[string(i.raw)] {
			continue
		}
		fresh++
		if l.sees(leastkey.Resource{Type: l.op.Target.Type, ID: i.id}) {
			l.kept = append(l.kept, i)
		}
	}
	l.count += fresh
	return fresh
}

// write answers with the page that was asked for, in the shape of the upstream's first.
func (l *listWalk) write(w http.ResponseWriter, g *Gateway, v guard.Verdict) {
	items, info := l.kept, []byte(nil)
	if paging := l.op.Paging; paging != nil {
		items = l.asked.cut(l.kept)
		if paging.Info != nil {
			var err error
			if info, err = json.Marshal(api.PageOf(l.asked.page, l.asked.perPage, len(l.kept))); err != nil {
				g.fail(w, v, brokenAnswer("%w", err))
				return
			}
		}
	}
	(&upstreamAnswer{status: l.status, data: l.shape.fill(items, info)}).write(w)
}
