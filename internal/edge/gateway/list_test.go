package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"pgregory.net/rapid"
)

// zones is an upstream with a list of zones, in pages as the catalogue says.
type zones struct {
	mu      sync.Mutex
	ids     []string
	queries []string
	headers http.Header
	between func(page int) // called before each page
}

func (z *zones) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.queries, z.headers = append(z.queries, r.URL.RawQuery), r.Header
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	perPage, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	if z.between != nil {
		z.between(page)
	}
	from := min((page-1)*perPage, len(z.ids))
	to := min(from+perPage, len(z.ids))
	var items []string
	for _, id := range z.ids[from:to] {
		items = append(items, item(id))
	}
	fmt.Fprintf(w, `{"result" : [%s], "success": true, "errors": [], "messages": ["there are %d zones"],`+
		`"result_info": {"page":%d,"per_page":%d,"total_pages":%d,"count":%d,"total_count":%d}, "all": ["%s"]}`,
		strings.Join(items, " , "), len(z.ids), page, perPage, (len(z.ids)+perPage-1)/perPage, to-from, len(z.ids), strings.Join(z.ids, `","`))
}

// item is spelled so that any re-encoding shows.
func item(id string) string { return `{"id": "` + id + `",  "n":1.50, "name":"\u007a<>"}` }

// listing is a gateway in front of zones, with the world's two zones and more among them.
type listing struct {
	*edgetest.World
	upstream *zones
	addr     string
}

func newListing(t *testing.T, handler http.Handler, limits Limits) *listing {
	t.Helper()
	l := &listing{World: edgetest.NewWorld(t)}
	l.upstream, _ = handler.(*zones)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	l.addr = serve(t, newGateway(t, Config{Guard: l.Guard, Upstreams: to(at), Limits: limits}))
	return l
}

// register makes zones known under the world's account.
func (l *listing) register(t testing.TB, ids ...string) {
	t.Helper()
	revision, _ := l.State.Revision()
	var changes []leastkey.Change
	for _, id := range ids {
		changes = append(changes, leastkey.Change{Resource: &leastkey.ResourceRecord{
			Resource: leastkey.Resource{Type: "zone", ID: id}, Parent: leastkey.AccountOf(l.AccountID).Resource()}})
	}
	if err := l.State.Apply(revision+1, changes); err != nil {
		t.Fatal(err)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks with headers such as "Authorization: Bearer {token}".
func (l *listing) get(t failer, target string, headers ...string) answer {
	t.Helper()
	return l.send(t, http.MethodGet, target, "", headers...)
}

func (l *listing) send(t failer, method, target, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+l.addr+l.Fill(target), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(headers) == 0 {
		headers = []string{"Authorization: Bearer {token}"}
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(l.Fill(h), ": ")
		r.Header.Add(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	data, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{a.StatusCode, a.Header, string(data)}
}

// byKey is the world's user in person, who sees every zone that is registered.
var byKey = []string{"X-Auth-Key: {key}", "X-Auth-Email: {email}"}

func TestListIsCut(t *testing.T) {
	z := &zones{}
	l := newListing(t, z, Limits{})
	z.ids = []string{"unregistered", l.Other.ID, l.Zone.ID}
	for _, target := range []string{"/client/v4/zones", "/client/v4/zones/?page=1", "/client/v4/zones?per_page=5&page="} {
		perPage := 20
		if strings.Contains(target, "per_page=5") {
			perPage = 5
		}
		got := l.get(t, target)
		want := fmt.Sprintf(`{"result":[%s],"success":true,"errors":[],"messages":[],"result_info":{"page":1,"per_page":%d,"total_pages":1,"count":1,"total_count":1}}`,
			item(l.Zone.ID), perPage)
		if got.status != http.StatusOK || got.body != want {
			t.Errorf("%s: %d %s\nwant %s", target, got.status, got.body, want)
		}
	}
	if got := l.get(t, "/client/v4/zones?page=2"); got.status != http.StatusOK || !strings.Contains(got.body, `"result":[]`) {
		t.Errorf("beyond the end: %d %s; want 200 and []", got.status, got.body)
	}
	z.ids = []string{l.Other.ID}
	if got := l.get(t, "/client/v4/zones?name=production.example"); got.status != http.StatusOK ||
		got.body != `{"result":[],"success":true,"errors":[],"messages":[],"result_info":{"page":1,"per_page":20,"total_pages":0,"count":0,"total_count":0}}` {
		t.Errorf("of what may not be seen: %d %s; want 200 and []", got.status, got.body)
	}
}

// A search finds several things in one resource.
func TestListWithSeveralItemsOfOneResource(t *testing.T) {
	z := &zones{}
	l := newListing(t, z, Limits{})
	z.ids = []string{l.Zone.ID, l.Other.ID, l.Zone.ID}
	if got := l.get(t, "/client/v4/zones"); got.status != http.StatusOK || strings.Count(got.body, `"id": "`+l.Zone.ID) != 2 || !strings.Contains(got.body, `"total_count":2`) {
		t.Errorf("%d %s; want both items of the zone, and none of the other", got.status, got.body)
	}
}

func TestListAsksForTheLargestPagesAndPassesFilters(t *testing.T) {
	z := &zones{}
	l := newListing(t, z, Limits{})
	z.ids = []string{l.Zone.ID}
	l.get(t, "/client/v4/zones?name=a%2Eb&page=1&order=x&&per_page=10&p%61ge_x=1&status", "Authorization: Bearer {token}",
		"Accept-Encoding: gzip", "If-None-Match: x", "Range: bytes=0-1")
	if want := "name=a%2Eb&order=x&p%61ge_x=1&status&page=1&per_page=50"; !slices.Equal(z.queries, []string{want}) {
		t.Errorf("the upstream was asked %q; want %q", z.queries, want)
	}
	for _, name := range []string{"If-None-Match", "Range", "Authorization"} {
		if z.headers.Get(name) != "" {
			t.Errorf("the upstream got %s", name)
		}
	}
	if got := z.headers.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("the upstream got Accept-Encoding %q", got)
	}
}

func TestListRefusesPagingWithTwoReadings(t *testing.T) {
	l := newListing(t, &zones{}, Limits{})
	for _, query := range []string{"page=1&page=2", "page=1&p%61ge=2", "per_page=1&per_page=1", "Page=2", "PER_PAGE=1",
		"page=0", "page=-1", "page=x", "page=01", "page=%31", "page=1e3", "page=99999999999999999999", "per_page=0", "page=+1"} {
		if got := l.get(t, "/client/v4/zones?"+query); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s; want 400", query, got.status, got.body)
		}
	}
	if len(l.upstream.queries) > 0 {
		t.Errorf("the upstream was asked %q", l.upstream.queries)
	}
}

// A client that asks for the next page until one is empty gets exactly what may be seen, in the
// upstream's order, once.
func TestListPagesOfWhatMayBeSeen(t *testing.T) {
	z := &zones{}
	l := newListing(t, z, Limits{})
	var all, visible []string
	for n := range 230 {
		id := fmt.Sprintf("%032x", n)
		all = append(all, id)
		if n%3 == 1 || n > 180 {
			visible = append(visible, id)
		}
	}
	l.register(t, visible...)
	rapid.Check(t, func(t *rapid.T) {
		many := rapid.IntRange(0, len(all)).Draw(t, "zones")
		perPage := rapid.SampledFrom([]int{1, 5, 20, 49, 50, 1000}).Draw(t, "per page")
		z.mu.Lock()
		z.ids = all[:many]
		z.mu.Unlock()
		var want, got []string
		for _, id := range all[:many] {
			if slices.Contains(visible, id) {
				want = append(want, id)
			}
		}
		for page := 1; ; page++ {
			if page > 200 {
				t.Fatal("the list does not end")
			}
			var body struct {
				Result []struct{ ID string }
				Info   struct {
					Page, Count int
					PerPage     int `json:"per_page"`
					TotalPages  int `json:"total_pages"`
					TotalCount  int `json:"total_count"`
				} `json:"result_info"`
			}
			answer := l.get(t, fmt.Sprintf("/client/v4/zones?per_page=%d&page=%d", perPage, page), byKey...)
			if err := json.Unmarshal([]byte(answer.body), &body); err != nil || answer.status != http.StatusOK {
				t.Fatalf("%d %s", answer.status, answer.body)
			}
			per := min(perPage, 50)
			if i := body.Info; i.Page != page || i.PerPage != per || i.Count != len(body.Result) || i.TotalCount != len(want) || i.TotalPages != (len(want)+per-1)/per {
				t.Fatalf("page %d of %d: %+v", page, len(want), i)
			}
			if len(body.Result) == 0 {
				break
			}
			for _, zone := range body.Result {
				got = append(got, zone.ID)
			}
			if perPage == 1 && page == 5 { // enough of this
				want = want[:min(5, len(want))]
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %q\nwant %q", got, want)
		}
	})
}

// failer is a test, or one case of a property.
type failer interface {
	Helper()
	Fatal(...any)
}

func TestListThatChangesWhileItIsRead(t *testing.T) {
	z := &zones{}
	l := newListing(t, z, Limits{})
	for n := range 120 {
		z.ids = append(z.ids, fmt.Sprintf("%032x", n))
	}
	l.register(t, z.ids...)
	for name, change := range map[string]func(){
		"one fewer": func() { z.ids = slices.Delete(z.ids, 0, 1) }, // what was first on page 2 is now on page 1
		"one more":  func() { z.ids = slices.Insert(z.ids, 0, "00000000000000000000000000000fff") },
	} {
		changed := false
		z.between = func(page int) {
			if page == 2 && !changed {
				changed = true
				change()
			}
		}
		if got := l.get(t, "/client/v4/zones", byKey...); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s; want 503: an item may have been missed", name, got.status, got.body)
		}
		if got := l.get(t, "/client/v4/zones", byKey...); got.status != http.StatusOK {
			t.Errorf("after %s: %d %s; want 200", name, got.status, got.body)
		}
	}
}

func TestListAnswersThatAreNotPassedOn(t *testing.T) {
	const leak = "c0ffee00c0ffee00c0ffee00c0ffee00"
	const info = `"result_info":{"page":1,"per_page":50,"total_pages":1,"count":1,"total_count":1}`
	for name, c := range map[string]struct {
		status int
		header string
		body   string
		want   int
	}{
		"not JSON":                  {200, "", leak, 502},
		"nothing":                   {200, "", "", 502},
		"two values":                {200, "", `{"result":[],` + info + `}{"result":["` + leak + `"]}`, 502},
		"cut short":                 {200, "", `{"result":[{"id":"` + leak, 502},
		"no items":                  {200, "", `{"success":true,` + info + `}`, 502},
		"items are no array":        {200, "", `{"result":{"id":"` + leak + `"},` + info + `}`, 502},
		"items twice":               {200, "", `{"result":[],"result":[{"id":"` + leak + `"}],` + info + `}`, 502},
		"items twice, escaped":      {200, "", `{"result":[],"r\u0065sult":[{"id":"` + leak + `"}],` + info + `}`, 502},
		"items in another case":     {200, "", `{"result":[],"Result":[{"id":"` + leak + `"}],"result_info":{"page":1,"total_pages":0,"total_count":0}}`, 200},
		"an item without id":        {200, "", `{"result":[{"ID":"` + leak + `"}],` + info + `}`, 502},
		"an item with two ids":      {200, "", `{"result":[{"id":"{zone}","id":"` + leak + `"}],` + info + `}`, 502},
		"an item that is no object": {200, "", `{"result":["` + leak + `"],` + info + `}`, 502},
		"an id that is an object":   {200, "", `{"result":[{"id":{"id":"` + leak + `"}}],` + info + `}`, 502},
		"an id that is a number":    {200, "", `{"result":[{"id":42}],` + info + `}`, 200},
		"no paging":                 {200, "", `{"result":[{"id":"` + leak + `"}]}`, 502},
		"another page":              {200, "", `{"result":[{"id":"{zone}"}],"result_info":{"page":2,"total_pages":1,"total_count":1}}`, 502},
		"paging below zero":         {200, "", `{"result":[],"result_info":{"page":1,"total_pages":-1,"total_count":0}}`, 502},
		"the same page for ever":    {200, "", `{"result":[{"id":"{zone}"}],"result_info":{"page":{page},"total_pages":9,"total_count":9}}`, 502},
		"more than it says":         {200, "", `{"result":[{"id":"{zone}"}],"result_info":{"page":1,"total_pages":1,"total_count":9}}`, 503},
		"compressed":                {200, "Content-Encoding: gzip", `{"result":[{"id":"{zone}"}],` + info + `}`, 502},
		"null":                      {200, "", `{"result":null,"result_info":{"page":1,"total_pages":0,"total_count":0}}`, 200},
		"more beside the items":     {200, "", `{"result":[],"next":"` + leak + `","messages":["` + leak + `"],"errors":["` + leak + `"],"result_info":{"page":1,"total_pages":0,"total_count":0,"cursor":"` + leak + `"}}`, 200},
		"a failure":                 {400, "", `{"result":null,"success":false,"errors":[{"code":1,"message":"bad filter"}],"messages":[]}`, 400},
		"a failure with items":      {400, "", `{"result":[{"id":"` + leak + `"}],"success":false}`, 502},
		"a failure with an object":  {400, "", `{"result":{"id":"` + leak + `"},"success":false}`, 502},
		"a failure in words":        {500, "", leak, 502},
		"a redirect":                {302, "Location: /" + leak, `{"result":null}`, 502},
		"a refusal of us":           {401, "WWW-Authenticate: Basic realm=" + leak, `{"result":null}`, 502},
		"a 403":                     {403, "", `{"result":null,"success":false,"errors":[{"code":1,"message":"no"}]}`, 403},
	} {
		t.Run(name, func(t *testing.T) {
			var l *listing
			l = newListing(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if name, value, found := strings.Cut(c.header, ": "); found {
					w.Header().Set(name, value)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, strings.ReplaceAll(l.Fill(c.body), "{page}", r.URL.Query().Get("page")))
			}), Limits{})
			got := l.get(t, "/client/v4/zones")
			if got.status != c.want {
				t.Errorf("%d %s; want %d", got.status, got.body, c.want)
			}
			if strings.Contains(got.body, leak) || strings.Contains(fmt.Sprint(got.header), leak) {
				t.Errorf("passed on what may not be seen: %v %s", got.header, got.body)
			}
			if !json.Valid([]byte(got.body)) {
				t.Errorf("answered what is not JSON: %q", got.body)
			}
			if got.header.Get("WWW-Authenticate") != "" {
				t.Errorf("challenged for the upstream")
			}
		})
	}
}

func TestListBounds(t *testing.T) {
	z := &zones{}
	for n := range 300 {
		z.ids = append(z.ids, fmt.Sprintf("%032x", n))
	}
	for name, limits := range map[string]Limits{
		"pages": {ListPages: 5},
		"bytes": {Answer: 30 << 10},
	} {
		l := newListing(t, z, limits)
		if got := l.get(t, "/client/v4/zones"); got.status != http.StatusBadGateway || !strings.Contains(got.body, "too long") {
			t.Errorf("%s: %d %s; want 502", name, got.status, got.body)
		}
	}
	release := make(chan struct{})
	l := newListing(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}), Limits{Time: time.Millisecond})
	if got := l.get(t, "/client/v4/zones"); got.status != http.StatusGatewayTimeout {
		t.Errorf("time: %d %s; want 504", got.status, got.body)
	}
	close(release)
}
