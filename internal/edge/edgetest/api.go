package edgetest

import (
	"crypto/sha1" //nolint:gosec // RFC 6455 has it so
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/vectors"
)

// API is an upstream that answers every operation of a world's catalogue as the catalogue says
// that it does, and remembers the header of the last request. A list has all that the world has.
type API struct {
	world *vectors.World

	mu   sync.Mutex
	last http.Header
}

// NewAPI makes the API of a world.
func NewAPI(w *vectors.World) *API { return &API{world: w} }

// Take gives the header of the request that came last, and forgets it; nil when there was none.
func (a *API) Take() http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := a.last
	a.last = nil
	return last
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.last = r.Header.Clone()
	a.mu.Unlock()
	if r.Header.Get("Upgrade") != "" {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
		w.Header().Set("Sec-WebSocket-Accept", Accept(r.Header.Get("Sec-WebSocket-Key")))
		w.WriteHeader(http.StatusSwitchingProtocols)
		return
	}
	host, path := r.Host, strings.TrimSuffix(r.URL.EscapedPath(), "/")
	if forwarded := r.Header.Get("X-Forwarded-Host"); forwarded != "" {
		host = forwarded
	}
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	op, _, ok := a.world.Catalog.Match(r.Method, strings.TrimSuffix(host, "."), path)
	if !ok {
		http.Error(w, "the upstream has no such route", http.StatusNotFound)
		return
	}
	page := ""
	if op.Paging != nil {
		page = r.URL.Query().Get(op.Paging.Page)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a.document(op, page == "" || page == "1"))
}

// Accept is what a WebSocket server answers to a client's key (RFC 6455, section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as the RFC has it
	return base64.StdEncoding.EncodeToString(sum[:])
}

// document is an answer to the operation.
func (a *API) document(op *catalog.Operation, firstPage bool) any {
	var d any = map[string]any{}
	switch {
	case op.Items != nil:
		items := []any{}
		for _, r := range a.all(op.Target.Type) {
			if firstPage {
				items = append(items, place(map[string]any{}, op.Items.ID, r.ID))
			}
		}
		d = place(d, op.Items.At, items)
		if op.Paging != nil && op.Paging.Info != nil {
			d = place(d, op.Paging.Info, map[string]any{"page": 1, "per_page": op.Paging.Most, "total_pages": 1, "count": len(items), "total_count": len(items)})
		}
	case op.Creates != nil:
		d = place(d, op.Creates.ID, "00000000000000000000000000000e0e")
		if op.Creates.Name != nil {
			d = place(d, op.Creates.Name, "new")
		}
	case op.Renames != nil:
		d = place(d, op.Renames, "another name")
	}
	return d
}

// all are the resources of a type that the world has, or had.
func (a *API) all(kind leastkey.ResourceType) []leastkey.Resource {
	var all []leastkey.Resource
	for name := range a.world.Rows.Resources {
		if r, _ := a.world.Rows.Named(name); r.Type == kind {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(x, y leastkey.Resource) int { return strings.Compare(x.ID, y.ID) })
	return all
}

// Shown reads the ids out of an answer to a list; nil when the operation is none.
func (a *API) Shown(op *catalog.Operation, body []byte) []string {
	var d any
	if op == nil || op.Items == nil || json.Unmarshal(body, &d) != nil {
		return nil
	}
	ids := []string{}
	items, _ := at(d, op.Items.At).([]any)
	for _, item := range items {
		id, _ := at(item, op.Items.ID).(string)
		ids = append(ids, id)
	}
	return ids
}

// place puts a value where the pointer leads, in objects that are made on the way.
func place(d any, p catalog.Pointer, value any) any {
	if len(p) == 0 {
		return value
	}
	object, ok := d.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	object[p[0]] = place(object[p[0]], p[1:], value)
	return object
}

func at(d any, p catalog.Pointer) any {
	for _, name := range p {
		object, _ := d.(map[string]any)
		d = object[name]
	}
	return d
}
