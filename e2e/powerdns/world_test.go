// Package powerdns puts Leastkey in front of Debian's PowerDNS, with the files of examples/powerdns.
package powerdns

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// godKey is the one key of PowerDNS.
const godKey = "the-one-key-of-powerdns-0123456789abcdef"

// world is PowerDNS behind Leastkey, with two zones.
type world struct {
	*harness.Server
	pdns  harness.PowerDNS
	hop   *hop
	owner harness.User
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{pdns: harness.StartPowerDNS(t, godKey)}
	w.hop = newHop(t, w.pdns.API)
	for _, zone := range []string{"example.org.", "example.net."} {
		w.direct(t, http.MethodPost, "/zones", fmt.Sprintf(`{"name": %q, "kind": "Native", "nameservers": ["ns.%s"]}`, zone, zone))
	}
	files := harness.Files{"catalog.yaml": example(t, "catalog.yaml"), "leastkey.yaml": replaced(t, example(t, "leastkey.yaml"),
		"listen: 127.0.0.1:8787", "listen: 127.0.0.1:0", "url: http://127.0.0.1:8081", "url: "+w.hop.URL, "every: 10s", "every: 1s")}
	w.Server = harness.Serve(t, files, "PDNS_API_KEY="+godKey)
	w.owner = w.Member(t, "ada@example.com", "DNS")
	w.known(t, "example.org.", true)
	return w
}

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "powerdns", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replaced replaces pairs, each of which must be there.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for pair := range slices.Chunk(pairs, 2) {
		if strings.Count(text, pair[0]) != 1 {
			t.Fatalf("%q is not there once", pair[0])
		}
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	return text
}

// known waits until discovery has found that a zone is there, or is not.
func (w *world) known(t *testing.T, zone string, want bool) {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	limit := time.After(30 * time.Second)
	for {
		if list := w.Operator(t, "resource", "list", "--type", "zone"); strings.Contains(list, zone) == want {
			return
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("discovery did not come to it: %s\n%s", zone, w.Log())
		}
	}
}

// direct asks PowerDNS itself, with its key, as whoever made zones before there was Leastkey.
func (w *world) direct(t *testing.T, method, path, body string) {
	t.Helper()
	status, answer := send(t, method, "http://"+w.pdns.API+"/api/v1/servers/localhost"+path, body, "X-API-Key", godKey)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

// ask sends a request through Leastkey with a token where clients of PowerDNS send their key.
func (w *world) ask(t *testing.T, token, method, path, body string) (int, string) {
	t.Helper()
	status, answer := send(t, method, w.URL+path, body, "X-API-Key", token)
	if strings.Contains(answer, godKey) {
		t.Errorf("%s %s shows the key of PowerDNS", method, path)
	}
	return status, answer
}

func send(t *testing.T, method, url, body, header, value string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(header, value)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range answer.Header {
		if strings.Contains(strings.Join(values, ""), godKey) {
			t.Errorf("%s %s shows the key of PowerDNS in %s", method, url, name)
		}
	}
	return answer.StatusCode, string(data)
}

// dig asks PowerDNS in DNS.
func (w *world) dig(t *testing.T, name, kind string) string {
	t.Helper()
	host, port, _ := strings.Cut(w.pdns.DNS, ":")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "dig", "@"+host, "-p", port, "+short", "+norecurse", name, kind).Output()
	if err != nil {
		t.Fatalf("dig: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// rrset is the body that replaces or deletes the addresses of a name.
func rrset(change, name string, contents ...string) string {
	type record struct {
		Content  string `json:"content"`
		Disabled bool   `json:"disabled"`
	}
	records := []record{}
	for _, c := range contents {
		records = append(records, record{Content: c})
	}
	set := map[string]any{"name": name, "type": "A", "ttl": 60, "changetype": change, "records": records}
	text, err := json.Marshal(map[string]any{"rrsets": []any{set}})
	if err != nil {
		panic(err) // what is made above is JSON
	}
	return string(text)
}

// hop stands between Leastkey and PowerDNS and writes down what goes by.
type hop struct {
	*httptest.Server

	mu   sync.Mutex
	seen []passed
}

type passed struct {
	line string // "GET /api/v1/servers"
	head string // with the body
	keys []string
}

func newHop(t *testing.T, to string) *hop {
	t.Helper()
	h := &hop{}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		var head bytes.Buffer
		_ = r.Header.Write(&head) // to memory
		h.mu.Lock()
		h.seen = append(h.seen, passed{r.Method + " " + r.RequestURI, head.String() + string(body), r.Header["X-Api-Key"]})
		h.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

// take gives what callers had PowerDNS do since the last time: not what discovery asks.
func (h *hop) take(t *testing.T, secrets ...string) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for _, p := range h.seen {
		if len(p.keys) != 1 || p.keys[0] != godKey {
			t.Errorf("%s came with the keys %q", p.line, p.keys)
		}
		for _, secret := range secrets {
			if strings.Contains(p.line+p.head, secret) {
				t.Errorf("%s brought a token to PowerDNS", p.line)
			}
		}
		if strings.Contains(p.head, "Leastkey-Token-Id") {
			lines = append(lines, p.line)
		}
	}
	h.seen = nil
	return lines
}
