package edgetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/vectors"
)

// Adapter is what stands in front of an API, for [RunVectors].
type Adapter struct {
	Can guard.Ability // as it tells the guard

	// Send sends one request through the adapter, as it would come from a client at r.Addr, and
	// says what became of it. An invalid Addr stands for a client whose address cannot be known.
	Send func(t *testing.T, r vectors.Sent) Answer
}

// Answer is what became of a request. [Refusal] makes one of an HTTP answer that refuses.
type Answer struct {
	Allowed   bool
	Status    int         // 200 when allowed
	Code      int         // of the first error
	Challenge string      // WWW-Authenticate
	Upstream  http.Header // of the request as the upstream sees it; nil when it is not the upstream that answers
	Shown     []string    // ids in an answer that is a list, from an adapter that cuts lists
}

// Refusal reads an HTTP answer that the adapter gives by itself.
func Refusal(t *testing.T, status int, header http.Header, body []byte) Answer {
	t.Helper()
	var envelope struct{ Errors []struct{ Code int } }
	if err := json.Unmarshal(body, &envelope); err != nil || len(envelope.Errors) == 0 {
		t.Fatalf("%d with %q, which is not the envelope of an error (%v)", status, body, err)
	}
	if n := len(header.Values("WWW-Authenticate")); n > 1 {
		t.Errorf("%d challenges", n)
	}
	return Answer{Status: status, Code: envelope.Errors[0].Code, Challenge: header.Get("WWW-Authenticate")}
}

// RunVectors sends every golden request through the adapter that start makes of the world's guard.
// It must decide as every other adapter does. What needs an ability that it lacks it must refuse,
// with 501.
func RunVectors(t *testing.T, start func(t *testing.T, w *vectors.World) Adapter) {
	vectors.Run(t, func(t *testing.T, w *vectors.World) func(*testing.T, vectors.Case) {
		adapter := start(t, w)
		return func(t *testing.T, c vectors.Case) {
			needs, err := vectors.Abilities(c.Want.Needs)
			if err != nil {
				t.Fatal(err)
			}
			sent := w.Sent(t, c)
			got, want := adapter.Send(t, sent), c.Want
			if needs&^adapter.Can != 0 {
				want = vectors.Want{Status: http.StatusNotImplemented, Code: api.CodeUnsupported, Challenge: "none"}
			}
			if got.Allowed != want.Allowed || got.Status != want.Status || got.Code != want.Code {
				t.Errorf("allowed %t, %d, %d; want %t, %d, %d", got.Allowed, got.Status, got.Code, want.Allowed, want.Status, want.Code)
			}
			if fault := w.Challenged(want, got.Challenge); fault != "" {
				t.Error(fault)
			}
			if !got.Allowed {
				return
			}
			control := slices.Contains(want.Needs, "control")
			if (got.Upstream == nil) != control {
				t.Fatalf("the upstream sees %v; want it to see the request: %t", got.Upstream, !control)
			}
			if !control {
				inspect(t, w, c, sent, got.Upstream)
				shown(t, w, c, got.Shown)
			}
		}
	})
}

// inspect looks at what the upstream sees: whose request it is, once, and nothing that the client
// says of that.
func inspect(t *testing.T, w *vectors.World, c vectors.Case, sent vectors.Sent, header http.Header) {
	t.Helper()
	id, owner, _ := w.Owner(c)
	for name, want := range map[string]string{guard.TokenIDHeader: id.String(), guard.PrincipalHeader: owner.String()} {
		if got := header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("the upstream sees %s %q; want %q", name, got, want)
		}
	}
	for name, values := range header {
		for _, value := range values {
			if strings.Contains(value, "forged") {
				t.Errorf("the upstream sees %s: %s", name, value)
			}
			for _, h := range sent.Header {
				if secret := strings.TrimSpace(strings.TrimPrefix(h[1], "Bearer ")); len(secret) > 30 && h[0] != "Content-Type" && strings.Contains(value, secret) {
					t.Errorf("the upstream sees the credential of the caller in %s", name)
				}
			}
		}
	}
}

// shown holds the ids in a list against those that are to be seen.
func shown(t *testing.T, w *vectors.World, c vectors.Case, ids []string) {
	t.Helper()
	if c.Want.Sees == nil {
		return
	}
	var want []string
	for _, name := range c.Want.Sees {
		r, _ := w.Rows.Named(name)
		want = append(want, r.ID)
	}
	slices.Sort(want)
	if slices.Sort(ids); !slices.Equal(ids, want) {
		t.Errorf("the list has %q; want %q", ids, want)
	}
}
