package httpapi_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/edge/throttle"
	"github.com/leastkey/leastkey/internal/httpapi"
	"github.com/leastkey/leastkey/internal/leak"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// handIn serves what takes leaked secrets, with a key of its own.
type handIn struct {
	handler http.Handler
	key     *ecdsa.PrivateKey
}

func takes(t *testing.T, n *Node, warnOnly bool) handIn {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(map[string]any{"public_keys": []any{map[string]any{"key_identifier": "k", "key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := leak.ParseKeys(public)
	if err != nil {
		t.Fatal(err)
	}
	return handIn{n.API.LeakHandler(httpapi.Leaks{Brand: leastkey.DefaultBrand, Keys: keys, WarnOnly: warnOnly,
		Addr:     func(*http.Request) netip.Addr { return netip.MustParseAddr("198.51.100.9") },
		Throttle: throttle.New(throttle.Quota{Requests: 20, Per: time.Minute}, n.Clock.Now)}), key}
}

func (h handIn) send(method, path, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h handIn) revoke(form url.Values) *httptest.ResponseRecorder {
	return h.send("POST", api.RevokePath, form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

func (h handIn) report(t *testing.T, body string) *httptest.ResponseRecorder {
	t.Helper()
	hash := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, h.key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	return h.send("POST", api.SecretScanningPath, body, http.Header{leak.KeyField: {"k"}, leak.SignatureField: {base64.StdEncoding.EncodeToString(signature)}})
}

func works(t *testing.T, n *Node, value string) bool {
	t.Helper()
	return n.Do(t, Bearer(value), "GET", "/user/tokens/verify", nil).Status == http.StatusOK
}

// Whoever holds a secret may end it: it is refused in the next request, and nothing else is.
func TestWhoHoldsASecretMayEndIt(t *testing.T) {
	n := Start(t, Config{})
	h := takes(t, n, false)
	leaked, other := n.Mint(t, n.Ada.ByKey(), "leaked"), n.Mint(t, n.Ada.ByKey(), "other")
	if w := h.revoke(url.Values{"token": {leaked.Value}, "token_type_hint": {"access_token"}}); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if works(t, n, leaked.Value) || !works(t, n, other.Value) {
		t.Error("the leaked token works, or the other does not")
	}
	done, _ := n.Acts(t)
	row := done[len(done)-1]
	if row.Action != "leak.revoke" || row.Subject != "token "+leaked.ID || row.Agent != "secret holder" || row.Actor != leastkey.UserOf(n.Ada.ID) || row.Addr.String() != "198.51.100.9" || row.After != nil {
		t.Errorf("%+v", row)
	}
	if line, err := row.Leaf(); err != nil || strings.Contains(string(line), leaked.Value) {
		t.Errorf("%s, %v", line, err)
	}
	// Again, and of what never was: the same answer, and nothing is written.
	for _, token := range []string{leaked.Value, "nothing", "lkut_" + strings.Repeat("x", 44)} {
		if w := h.revoke(url.Values{"token": {token}}); w.Code != http.StatusOK || w.Body.Len() > 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if now, refused := n.Acts(t); len(now) != len(done) || len(refused) > 0 {
		t.Errorf("%d rows more", len(now)-len(done))
	}

	// Of a token that was rolled, the secret ends that leaked, and the other goes on.
	var rolled struct{ Value string }
	n.Must(t, n.Ada.ByKey(), "PUT", "/user/tokens/"+other.ID+"/value", Object{"overlap_seconds": 3600}, nil).Result(t, &rolled.Value)
	h.revoke(url.Values{"token": {other.Value}})
	if works(t, n, other.Value) || !works(t, n, rolled.Value) {
		t.Error("the leaked secret works, or the new one does not")
	}

	// A key ends too; its user may make another.
	h.revoke(url.Values{"token": {n.Ada.Key}})
	if a := n.Do(t, n.Ada.ByKey(), "GET", "/user", nil); a.Status == http.StatusOK {
		t.Error("the leaked key works")
	}
	n.Restart(t)
	if works(t, n, leaked.Value) || works(t, n, other.Value) || !works(t, n, rolled.Value) {
		t.Error("after a restart it is otherwise")
	}
}

func TestRevokeRefusesWhatIsUnclear(t *testing.T) {
	n := Start(t, Config{})
	h := takes(t, n, false)
	token := n.Mint(t, n.Ada.ByKey(), "t")
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a GET":     h.send("GET", api.RevokePath, "", form),
		"JSON":      h.send("POST", api.RevokePath, `{"token":"`+token.Value+`"}`, http.Header{"Content-Type": {"application/json"}}),
		"no type":   h.send("POST", api.RevokePath, "token="+token.Value, http.Header{}),
		"no token":  h.send("POST", api.RevokePath, "tokens="+token.Value, form),
		"two":       h.send("POST", api.RevokePath, "token=x&token="+token.Value, form),
		"too large": h.send("POST", api.RevokePath, "token="+token.Value+"&x="+strings.Repeat("x", 20_000), form),
	} {
		if w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), `"error":"invalid_request"`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if !works(t, n, token.Value) {
		t.Error("the token was ended")
	}
	for range 20 {
		h.revoke(url.Values{"token": {"x"}})
	}
	if w := h.revoke(url.Values{"token": {token.Value}}); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !works(t, n, token.Value) {
		t.Errorf("beyond the limit: %d %s", w.Code, w.Body)
	}
}

// A report ends what it names, whatever else it names; unsigned it does nothing.
func TestSecretScanning(t *testing.T) {
	n := Start(t, Config{})
	h := takes(t, n, false)
	leaked := n.Mint(t, n.Ada.ByKey(), "leaked")
	const many = 10_000
	matches := make([]leak.Match, 0, many)
	for i := range many - 1 {
		secret, err := leastkey.DefaultBrand.Mint(leastkey.UserTokenSecret, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		matches = append(matches, leak.Match{Token: secret.Reveal(), Type: "leastkey_token", URL: fmt.Sprint("https://example.com/", i)})
	}
	matches = append(matches, leak.Match{Token: leaked.Value, Type: "leastkey_token", URL: "https://example.com/" + strings.Repeat("x", 10_000), Source: "commit"})
	body, err := json.Marshal(matches)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := n.Acts(t)
	for name, header := range map[string]http.Header{
		"unsigned":    {},
		"another key": {leak.KeyField: {"x"}, leak.SignatureField: {"MEUC"}},
		"no base64":   {leak.KeyField: {"k"}, leak.SignatureField: {"!"}},
		"twice":       {leak.KeyField: {"k", "k"}, leak.SignatureField: {"MEUC"}},
	} {
		if w := h.send("POST", api.SecretScanningPath, string(body), header); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if !works(t, n, leaked.Value) {
		t.Fatal("an unsigned report ended the token")
	}
	w := h.report(t, string(body))
	var labels []leak.Label
	if err := json.Unmarshal(w.Body.Bytes(), &labels); err != nil || w.Code != http.StatusOK || len(labels) != many {
		t.Fatalf("%d, %d labels, %v", w.Code, len(labels), err)
	}
	if labels[0].Label != "false_positive" || labels[many-1].Label != "true_positive" {
		t.Errorf("%+v, %+v", labels[0], labels[many-1])
	}
	if works(t, n, leaked.Value) {
		t.Error("the reported token works")
	}
	done, refused := n.Acts(t)
	if len(done) != len(before)+1 || len(refused) > 0 || done[len(done)-1].Agent != "secret scanning" || len(done[len(done)-1].Before) > 1000 {
		t.Errorf("%d rows more: %+v", len(done)-len(before), done[len(done)-1])
	}
	if w := h.report(t, `{"token":1}`); w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	nobody := n.API.LeakHandler(httpapi.Leaks{Brand: leastkey.DefaultBrand, Addr: func(*http.Request) netip.Addr { return netip.Addr{} }, Throttle: throttle.New(throttle.Quota{}, n.Clock.Now)})
	if w := (handIn{nobody, h.key}).report(t, "[]"); w.Code != http.StatusNotFound {
		t.Errorf("without keys: %d", w.Code)
	}
}

func TestSecretScanningMayOnlyWarn(t *testing.T) {
	n := Start(t, Config{})
	h := takes(t, n, true)
	leaked := n.Mint(t, n.Ada.ByKey(), "leaked")
	body := `[{"token":"` + leaked.Value + `","type":"t","url":"https://example.com/a","source":"commit"}]`
	if w := h.report(t, body); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "true_positive") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	done, _ := n.Acts(t)
	row := done[len(done)-1]
	if !works(t, n, leaked.Value) || row.Action != "leak.report" || !strings.Contains(string(row.After), "https://example.com/a") {
		t.Errorf("%+v", row)
	}
	h.revoke(url.Values{"token": {leaked.Value}}) // who holds it still may
	if works(t, n, leaked.Value) {
		t.Error("the token works")
	}
}
