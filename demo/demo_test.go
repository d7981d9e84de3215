package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/leastkey/leastkey/demo"
)

const (
	key      = "upstream-key-of-the-tests"
	account  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	account2 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	absent   = "00000000000000000000000000000000"
)

// world is a running product with one zone, its API and its DNS.
type world struct {
	testing.TB
	p    *demo.Product
	url  string
	dns  string
	zone demo.Zone
}

func open(t testing.TB, dir string) *demo.Product {
	t.Helper()
	p, err := demo.Open(t.Context(), demo.Config{Dir: dir, UpstreamKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func start(t testing.TB) *world {
	t.Helper()
	p := open(t, t.TempDir())
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	ctx := context.Background()
	if err := p.PutAccount(ctx, account, "Acme"); err != nil {
		t.Fatal(err)
	}
	zone, err := p.SeedZone(ctx, account, "staging.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := p.ServeDNS(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &world{TB: t, p: p, url: server.URL + "/client/v4", dns: addr.String(), zone: zone}
}

// reply is an envelope as a client sees it.
type reply struct {
	status  int
	raw     string
	header  http.Header
	Result  json.RawMessage
	Success *bool
	Errors  []struct {
		Code    int
		Message string
		Source  struct{ Pointer string }
	}
	Messages []any
	Info     struct {
		Page, Count int
		PerPage     int `json:"per_page"`
		TotalPages  int `json:"total_pages"`
		TotalCount  int `json:"total_count"`
	} `json:"result_info"`
}

// do sends a request; {z} in the path is the zone.
func (w *world) do(method, path, body string) reply {
	w.Helper()
	return w.send(method, path, "application/json", strings.NewReader(body))
}

func (w *world) send(method, path, contentType string, body io.Reader) reply {
	w.Helper()
	path = strings.ReplaceAll(path, "{z}", "/zones/"+w.zone.ID)
	req, err := http.NewRequestWithContext(w.Context(), method, w.url+path, body)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Upstream-Key", key)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	out := reply{status: resp.StatusCode, raw: string(raw), header: resp.Header}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && method != "HEAD" {
		if err := json.Unmarshal(raw, &out); err != nil {
			w.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
		w.checkEnvelope(out)
	}
	return out
}

// checkEnvelope holds every answer of every test against the contract.
func (w *world) checkEnvelope(r reply) {
	w.Helper()
	last := -1
	for _, name := range []string{`"result":`, `"success":`, `"errors":`, `"messages":`} {
		var at int
		if name == `"result":` {
			at = strings.Index(r.raw, name)
		} else {
			at = strings.LastIndex(r.raw, name)
		}
		if at <= last {
			w.Errorf("%s is missing or out of order: %s", name, r.raw)
		}
		last = at
	}
	if r.Success == nil || *r.Success != (r.status == 200) || *r.Success != (len(r.Errors) == 0) || r.Messages == nil {
		w.Errorf("status %d with %s", r.status, r.raw)
	}
	for _, e := range r.Errors {
		if e.Code == 0 || e.Message == "" {
			w.Errorf("an error without code or message: %s", r.raw)
		}
	}
	if r.status == http.StatusConflict {
		w.Errorf("409 is never answered: %s", r.raw)
	}
}

// ok is do, for what has to work; the result is decoded into into unless that is nil.
func (w *world) ok(method, path, body string, into any) reply {
	w.Helper()
	r := w.do(method, path, body)
	if r.status != 200 {
		w.Fatalf("%s %s %s: %d %s", method, path, body, r.status, r.raw)
	}
	if into != nil {
		reflect.ValueOf(into).Elem().SetZero() // nothing of an earlier answer may stay
		if err := json.Unmarshal(r.Result, into); err != nil {
			w.Fatalf("%s %s: %v in %s", method, path, err, r.raw)
		}
	}
	return r
}

// fails is do, for what has to be refused with this status and code.
func (w *world) fails(method, path, body string, status, code int) reply {
	w.Helper()
	r := w.do(method, path, body)
	if r.status != status || len(r.Errors) == 0 || r.Errors[0].Code != code {
		w.Fatalf("%s %s %s: want %d with code %d, got %d %s", method, path, body, status, code, r.status, r.raw)
	}
	return r
}

// post makes a record.
func (w *world) post(body string) demo.Record {
	w.Helper()
	var r demo.Record
	w.ok("POST", "{z}/dns_records", body, &r)
	return r
}

// query asks the DNS server over UDP.
func (w *world) query(name, kind string) *dns.Msg {
	w.Helper()
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.StringToType[kind])
	return w.exchange("udp", m)
}

func (w *world) exchange(network string, m *dns.Msg) *dns.Msg {
	w.Helper()
	in, _, err := (&dns.Client{Net: network, UDPSize: 4096}).ExchangeContext(w.Context(), m, w.dns)
	if err != nil {
		w.Fatalf("%s: %v", m.Question[0].Name, err)
	}
	return in
}

// answers is the data of the records of that type in the answer to a query.
func (w *world) answers(name, kind string) []string {
	w.Helper()
	var out []string
	for _, rr := range w.query(name, kind).Answer {
		if rr.Header().Rrtype == dns.StringToType[kind] {
			out = append(out, strings.TrimPrefix(rr.String(), rr.Header().String()))
		}
	}
	return out
}

func compact(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
