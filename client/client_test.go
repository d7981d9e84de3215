package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

var (
	tokenID = leastkey.MustParseID("6f0d3a5ce21f4c5e9f1d8a7b3c2e1d0f")
	account = leastkey.MustParseID("01a7362d577a6c3019a474fd6f485823")
)

const secret = "lkut_000000000000000000000000000000000000deadbeef"

// against starts a server with one handler and a client of it that does not really wait.
func against(t *testing.T, c Credential, handler http.HandlerFunc) (*Client, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New(server.URL+"/client/v4/", c)
	if err != nil {
		t.Fatal(err)
	}
	waits := &[]time.Duration{}
	client.wait = func(_ context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return nil
	}
	return client, waits
}

func answer(t *testing.T, w http.ResponseWriter, status int, body any) {
	t.Helper()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		t.Error(err)
	}
}

// A code that is the same all the way down is said once.
func TestCodesAreSaidOnce(t *testing.T) {
	e := api.CheckFailed("")
	e.ErrorChain = []api.Error{{Code: e.Code, Message: "the end is later"}, {Code: 7, Message: "else"}}
	want := "Failed common permission check against resources. (code 1001): the end is later: else (code 7)"
	if got := (&Error{Errors: []api.Error{e}}).Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What goes over the wire for each method of the token routes.
func TestRequests(t *testing.T) {
	for _, test := range []struct {
		want   string
		result any
		call   func(context.Context, *Client) error
	}{
		{"POST /client/v4/user/tokens {\"name\":\"n\",\"policies\":[]}", api.Token{}, func(ctx context.Context, c *Client) error {
			_, err := c.UserTokens().Create(ctx, api.TokenRequest{Name: api.Some("n"), Policies: api.Some([]api.Policy{})})
			return err
		}},
		{"PUT /client/v4/user/tokens/" + tokenID.String() + " {\"expires_on\":null}", api.Token{}, func(ctx context.Context, c *Client) error {
			_, err := c.UserTokens().Update(ctx, tokenID, api.TokenRequest{ExpiresOn: api.Null[api.Time]()})
			return err
		}},
		{"PUT /client/v4/accounts/" + account.String() + "/tokens/" + tokenID.String() + "/value {\"overlap_seconds\":90}", "s", func(ctx context.Context, c *Client) error {
			_, err := c.AccountTokens(account).Roll(ctx, tokenID, 90*time.Second)
			return err
		}},
		{"PUT /client/v4/user/tokens/" + tokenID.String() + "/value {}", "s", func(ctx context.Context, c *Client) error {
			_, err := c.UserTokens().Roll(ctx, tokenID, 0)
			return err
		}},
		{"DELETE /client/v4/user/tokens/" + tokenID.String() + " ", api.Deleted{ID: tokenID.String()}, func(ctx context.Context, c *Client) error {
			return c.UserTokens().Delete(ctx, tokenID)
		}},
		{"GET /client/v4/accounts/" + account.String() + "/tokens/verify ", api.Verification{}, func(ctx context.Context, c *Client) error {
			_, err := c.AccountTokens(account).Verify(ctx)
			return err
		}},
		{"POST /client/v4/accounts/" + account.String() + "/members {\"email\":\"ada@example.com\",\"roles\":[\"Administrator\"]}", api.Member{}, func(ctx context.Context, c *Client) error {
			_, err := c.Members(account).Create(ctx, "ada@example.com", "Administrator")
			return err
		}},
	} {
		t.Run(strings.Fields(test.want)[0]+test.want[len(test.want)-10:], func(t *testing.T) {
			var got string
			c, _ := against(t, Bearer(secret), func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.URL.Path + " " + string(body)
				if r.Header.Get("Authorization") != "Bearer "+secret || r.Header.Get("X-Auth-Key") != "" {
					t.Error("wrong credential headers")
				}
				answer(t, w, 200, api.OK(test.result))
			})
			if err := test.call(t.Context(), c); err != nil {
				t.Error(err)
			}
			if got != test.want {
				t.Errorf("sent %s, want %s", got, test.want)
			}
		})
	}
}

func TestKeyHeaders(t *testing.T) {
	key := strings.Repeat("a", 37)
	c, _ := against(t, Key("ada@example.com", key), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Email") != "ada@example.com" || r.Header.Get("X-Auth-Key") != key || r.Header.Get("Authorization") != "" {
			t.Error("wrong credential headers")
		}
		answer(t, w, 200, api.OK(api.User{Email: "ada@example.com"}))
	})
	if user, err := c.User(t.Context()); err != nil || user.Email != "ada@example.com" {
		t.Errorf("got %v, %v", user, err)
	}
}

// A list is read until a page is empty, whatever the totals say.
func TestListReadsToTheEnd(t *testing.T) {
	pages := 0
	c, _ := against(t, Bearer(secret), func(w http.ResponseWriter, r *http.Request) {
		pages++
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		var items []api.Account
		if page <= 3 {
			items = []api.Account{{Name: fmt.Sprint("a", page)}, {Name: fmt.Sprint("b", page)}}
		}
		answer(t, w, 200, api.Page(items, api.ResultInfo{Page: page, TotalPages: 1}))
	})
	accounts, err := c.Accounts(t.Context())
	if err != nil || len(accounts) != 6 || accounts[5].Name != "b3" || pages != 4 {
		t.Errorf("got %v after %d pages, %v", accounts, pages, err)
	}
}

// A refusal comes with all that the server said, and its text keeps terminals safe.
func TestRefusal(t *testing.T) {
	c, waits := against(t, Bearer(secret), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "r1")
		answer(t, w, 403, api.Failed(api.AuthenticationError("needs DNS Write\x1b[2J"), api.MalformedBearer()))
	})
	_, err := c.UserTokens().Get(t.Context(), tokenID)
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != 403 || refused.RequestID != "r1" || !refused.Has(api.CodeAuthenticationError) || refused.Has(1) {
		t.Fatalf("got %#v", err)
	}
	want := "Authentication error: needs DNS Write [2J (code 10000); Invalid request headers (code 6003): Invalid format for Authorization header (code 6111)"
	if err.Error() != want || len(*waits) != 0 {
		t.Errorf("got %s\nwant %s (waits %v)", err, want, *waits)
	}
}

// Waits are bounded in number and length, and only what certainly was not done is done again.
func TestRetryAfter(t *testing.T) {
	create := func(ctx context.Context, c *Client) error {
		_, err := c.UserTokens().Create(ctx, api.TokenRequest{})
		return err
	}
	get := func(ctx context.Context, c *Client) error {
		_, err := c.UserTokens().Get(ctx, tokenID)
		return err
	}
	for _, test := range []struct {
		name   string
		call   func(context.Context, *Client) error
		status int
		after  string
		waits  int
	}{
		{"throttled create", create, 429, "7", 2},
		{"throttled without a wait", create, 429, "", 0},
		{"throttled for too long", get, 429, "31", 0},
		{"unsure read", get, 503, "0", 2},
		{"unsure write", create, 503, "1", 0},
		{"nonsense", get, 429, "-1", 0},
		{"refused", get, 403, "1", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			tries := 0
			c, waits := against(t, Bearer(secret), func(w http.ResponseWriter, r *http.Request) {
				tries++
				if test.after != "" {
					w.Header().Set("Retry-After", test.after)
				}
				answer(t, w, test.status, api.Failed(api.Throttled()))
			})
			if err := test.call(t.Context(), c); err == nil {
				t.Error("no error")
			}
			if len(*waits) != test.waits || tries != test.waits+1 {
				t.Errorf("%d tries, waited %v, want %d waits", tries, *waits, test.waits)
			}
		})
	}
}

// The second try sends the whole body again.
func TestRetrySendsTheBodyAgain(t *testing.T) {
	var bodies []string
	c, _ := against(t, Bearer(secret), func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bodies = append(bodies, string(body)); len(bodies) == 1 {
			w.Header().Set("Retry-After", "1")
			answer(t, w, 429, api.Failed(api.Throttled()))
			return
		}
		answer(t, w, 200, api.OK(api.Token{Value: api.ShowOnce(secret)}))
	})
	token, err := c.UserTokens().Create(t.Context(), api.TokenRequest{Name: api.Some("n")})
	if err != nil || token.Value.Reveal() != secret || len(bodies) != 2 || bodies[0] != bodies[1] {
		t.Errorf("got %v, %v, sent %q", token, err, bodies)
	}
}

// A credential does not follow a redirect to somewhere else.
func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed a redirect") }))
	defer elsewhere.Close()
	c, _ := against(t, Key("ada@example.com", "k"), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if _, err := c.User(t.Context()); err == nil || !strings.Contains(err.Error(), "redirects to") {
		t.Errorf("got %v", err)
	}
}

// Whatever else answers is an error, not a success with nothing in it.
func TestForeignAnswers(t *testing.T) {
	for status, body := range map[int]string{200: "<html>", 201: `{"id":"x"}`, 204: "", 502: "<html>", 202: `{"success":false,"errors":[]}`} {
		c, _ := against(t, Credential{}, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Error("sent a credential that was not given")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		_, err := c.User(t.Context())
		var refused *Error
		if !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("%d %s: got %v", status, body, err)
		}
	}
}

func TestNewChecksTheAddress(t *testing.T) {
	for _, base := range []string{"", "localhost:8080", "ftp://x/", "http:///client/v4", "http://u:p@x/", "http://x/?q", "http://x/#f", "http://[::1"} {
		if _, err := New(base, Credential{}); err == nil {
			t.Errorf("%q: no error", base)
		}
	}
}

// Law 6, shown once: a client in a log or an error does not show what it presents.
func TestCredentialDoesNotPrint(t *testing.T) {
	c, err := New("http://127.0.0.1:1/client/v4", Key("ada@example.com", secret))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.User(t.Context())
	out := fmt.Sprintf("%v %+v %#v %v %+v %v", *c, *c, *c, c.credential, c.UserTokens(), err)
	if strings.Contains(out, secret) {
		t.Error("a credential shows")
	}
}

// The wait that is really made ends with the time, and with the context.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := wait(t.Context(), 7*time.Second); err != nil || time.Since(begin) != 7*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := wait(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
