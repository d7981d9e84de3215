package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
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
			out.Header = maps.Clone(r.Header)
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

	first   []byte            // the first page, for its shape
	total   int               // what the first page says
	count   int               // of all items, each page's without those of pages before
	status  int               // of the first page
	seen    map[string]bool   // the items of all pages so far, each as it stands
	kept    []json.RawMessage // the items that may be seen, byte for byte
	refusal *upstreamAnswer   // the upstream said no, and that is to be passed on
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
	l.seen = map[string]bool{}
	for page := 1; ; page++ {
		if page > l.pages {
			return tooLong("more than the allowed number of pages")
		}
		answer, f := l.fetch(ctx, page)
		if f != nil || l.refusal != nil {
			return f
		}
		if page == 1 {
			l.first, l.status = answer.data, answer.status
		}
		items, fresh, f := l.take(answer.data)
		if f != nil || paging == nil {
			return f
		}
		if items > 0 && fresh == 0 {
			return brokenAnswer("page %d of the list repeats what came before", page)
		}
		if items > 0 && paging.Info == nil {
			continue
		}
		if last, f := l.isLast(answer.data, page, items); f != nil || last {
			return f
		}
	}
}

// isLast looks at what the upstream says of its pages. An upstream that does not say is done
// with the first empty page.
func (l *listWalk) isLast(data []byte, page, items int) (bool, *failure) {
	info := l.op.Paging.Info
	if info == nil {
		return true, nil
	}
	said := map[string]int{}
	for _, name := range []string{"page", "total_pages", "total_count"} {
		n, err := countAt(data, append(slices.Clip(info), name))
		if err != nil {
			return false, brokenAnswer("%w", err)
		}
		said[name] = n
	}
	if page == 1 {
		l.total = said["total_count"]
	}
	switch {
	case said["page"] != page:
		return false, brokenAnswer("asked for page %d of the list, got page %d", page, said["page"])
	case said["total_count"] != l.total:
		return false, moved()
	case items > 0 && page < said["total_pages"]:
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
	if _, err := members(data); err != nil {
		return true
	}
	items, err := l.itemsOf(data)
	return !errors.Is(err, errAbsent) && (err != nil || len(items) > 0)
}

// itemsOf finds the items of a page. Some programs write an empty list as null.
func (l *listWalk) itemsOf(data []byte) ([]json.RawMessage, error) {
	array, err := valueAt(data, l.op.Items.At)
	if err != nil || string(array) == "null" {
		return nil, err
	}
	return elements(array)
}

// take keeps the items that may be seen, and says how many there were, and how many of them had
// not come with a page before: a list that grows while it is read shifts items to the next page.
// Items are told apart by all that they say: several may belong to one resource.
func (l *listWalk) take(data []byte) (count, fresh int, f *failure) {
	items, err := l.itemsOf(data)
	if err != nil {
		return 0, 0, brokenAnswer("items at %s: %w", l.op.Items.At, err)
	}
	here := map[string]bool{}
	for _, item := range items {
		id, err := textAt(item, l.op.Items.ID)
		if err != nil {
			return 0, 0, brokenAnswer("an item of the list has no id: %w", err)
		}
		if l.seen[string(item)] {
			continue
		}
		here[string(item)] = true
		fresh++
		if l.sees(leastkey.Resource{Type: l.op.Target.Type, ID: id}) {
			l.kept = append(l.kept, item)
		}
	}
	maps.Copy(l.seen, here)
	l.count += fresh
	return len(items), fresh, nil
}

// write answers with the page that was asked for, in the shape of the upstream's first.
func (l *listWalk) write(w http.ResponseWriter, g *Gateway, v guard.Verdict) {
	op := l.op
	items := l.kept
	parts := []part{{at: op.Items.At}}
	if op.Paging != nil {
		items = l.asked.cut(l.kept)
		if op.Paging.Info != nil {
			info, err := json.Marshal(api.PageOf(l.asked.page, l.asked.perPage, len(l.kept)))
			if err != nil {
				g.fail(w, v, brokenAnswer("%w", err))
				return
			}
			parts = append(parts, part{at: op.Paging.Info, value: info})
		}
	}
	parts[0].value = joinArray(items)
	data, err := rebuild(l.first, parts, true)
	if err != nil {
		g.fail(w, v, brokenAnswer("%w", err))
		return
	}
	(&upstreamAnswer{status: l.status, data: data}).write(w)
}
