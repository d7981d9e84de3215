package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

// sameAsk stands for what the follower asks in the prepared answers of a test.
const sameAsk = "0-0"

// askFeed is the answer of a feed, read whole.
func askFeed(t testing.TB, h http.Handler, query string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", guard.FeedPath+"?ask="+sameAsk+"&"+query, nil)
	r.Header.Set("Authorization", "Bearer "+feedKey)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// TestFeedRefuses shows who is told nothing.
func TestFeedRefuses(t *testing.T) {
	w := newShop(t, "Shop Read")
	feed := newFeed(t, w.State)
	for name, c := range map[string]struct {
		method, path, key string
		want              int
	}{
		"the key":            {"GET", guard.FeedPath + "?ask=1", "Bearer " + feedKey, 200},
		"no key":             {"GET", guard.FeedPath + "?ask=1", "", 401},
		"the key alone":      {"GET", guard.FeedPath + "?ask=1", feedKey, 401},
		"another key":        {"GET", guard.FeedPath + "?ask=1", "Bearer " + feedKey[1:] + "0", 401},
		"a token":            {"GET", guard.FeedPath + "?ask=1", "Bearer " + w.token.Secret.Reveal(), 401},
		"another method":     {"POST", guard.FeedPath, "Bearer " + feedKey, 405},
		"another path":       {"GET", guard.FeedPath + "/", "Bearer " + feedKey, 404},
		"no revision":        {"GET", guard.FeedPath + "?ask=1&epoch=e", "Bearer " + feedKey, 400},
		"an odd revision":    {"GET", guard.FeedPath + "?ask=1&epoch=e&after=-1&wait=0", "Bearer " + feedKey, 400},
		"an odd time":        {"GET", guard.FeedPath + "?ask=1&epoch=e&after=1&wait=1s", "Bearer " + feedKey, 400},
		"nothing to repeat":  {"GET", guard.FeedPath, "Bearer " + feedKey, 400},
		"much to repeat":     {"GET", guard.FeedPath + "?ask=" + strings.Repeat("1", 65), "Bearer " + feedKey, 400},
		"an unknown history": {"GET", guard.FeedPath + "?ask=1&epoch=e&after=1&wait=1000000", "Bearer " + feedKey, 200},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
		r.Header["Authorization"] = []string{c.key}
		rec := httptest.NewRecorder()
		feed.ServeHTTP(rec, r)
		if rec.Code != c.want || c.want != 200 && strings.Contains(rec.Body.String(), "credential\"") || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}

// Law 6: no secret is in the feed.
func TestLaw6FeedHasHashesOnly(t *testing.T) {
	w := newShop(t, "Shop Read")
	key := w.Key(w.User("ada@example.com"))
	all := askFeed(t, newFeed(t, w.State), "").Body.String()
	for _, secret := range []string{w.token.Secret.Reveal(), key.Secret.Reveal()} {
		if strings.Contains(all, secret) {
			t.Error("a secret is in the feed")
		}
	}
	hash, err := w.token.Secret.Hash().MarshalText()
	if err != nil || !strings.Contains(all, string(hash)) {
		t.Errorf("its hash is not: %v", err)
	}
}

// TestFeedConfig shows what a feed and a follower are not made of.
func TestFeedConfig(t *testing.T) {
	w := newShop(t, "Shop Read")
	log := slog.New(slog.DiscardHandler)
	good := guard.FollowConfig{URL: "https://node.example:8793", Key: feedKey, Now: time.Now, Log: log}
	f, err := guard.NewFollower(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]guard.FeedConfig{
		"no state":          {Key: feedKey, Random: strings.NewReader(feedKey), Log: log},
		"short key":         {State: w.State, Key: feedKey[1:], Random: strings.NewReader(feedKey), Log: log},
		"key of two lines":  {State: w.State, Key: feedKey + "\n", Random: strings.NewReader(feedKey), Log: log},
		"no randomness":     {State: w.State, Key: feedKey, Random: strings.NewReader(""), Log: log},
		"one that follows":  {State: f.State(), Key: feedKey, Random: strings.NewReader(feedKey), Log: log},
		"nothing to log to": {State: w.State, Key: feedKey, Random: strings.NewReader(feedKey)},
	} {
		if _, err := guard.NewFeed(c); err == nil || strings.Contains(err.Error(), feedKey[1:]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, spoil := range map[string]func(*guard.FollowConfig){
		"plain HTTP beyond loopback": func(c *guard.FollowConfig) { c.URL = "http://node.example:8793" },
		"plain HTTP to an address":   func(c *guard.FollowConfig) { c.URL = "http://192.0.2.1:8793" },
		"a path":                     func(c *guard.FollowConfig) { c.URL = "https://node.example/feed" },
		"a user":                     func(c *guard.FollowConfig) { c.URL = "https://a:b@node.example" },
		"no URL":                     func(c *guard.FollowConfig) { c.URL = "" },
		"a short key":                func(c *guard.FollowConfig) { c.Key = "short" },
		"a short bound":              func(c *guard.FollowConfig) { c.Bound = time.Millisecond },
		"a bound before now":         func(c *guard.FollowConfig) { c.Bound = -time.Second },
		"no clock":                   func(c *guard.FollowConfig) { c.Now = nil },
		"no log":                     func(c *guard.FollowConfig) { c.Log = nil },
	} {
		c := good
		spoil(&c)
		if _, err := guard.NewFollower(c); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	for _, url := range []string{"http://127.0.0.1:8793", "http://localhost:8793/", "http://[::1]:8793"} {
		c := good
		c.URL = url
		if _, err := guard.NewFollower(c); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	nothing := func(func(leastkey.Change) error) error { return nil }
	if f.State().Load(1, nothing) == nil || f.State().Apply(1, nil) == nil || f.State().Catalog() != nil {
		t.Error("a state that follows is changed by another")
	}
}

// Who is far behind, or at another history, gets everything; who is near gets what came since.
func TestFeedGoesOnWhereItCan(t *testing.T) {
	w := newShop(t, "Shop Read")
	feed := newFeed(t, w.State)
	type head struct {
		Epoch, Catalog, Text string
		Revision             uint64
		Whole                bool
	}
	ask := func(after uint64, epoch, catalog string) (h head, lines int) {
		t.Helper()
		answer := askFeed(t, feed, fmt.Sprintf("epoch=%s&catalog=%s&after=%d&wait=0", epoch, catalog, after)).Body.Bytes()
		if err := json.Unmarshal(bytes.SplitN(answer, []byte("\n"), 2)[0], &h); err != nil {
			t.Fatal(err)
		}
		return h, bytes.Count(answer, []byte("\n")) - 2
	}
	first, _ := ask(0, "none", "")
	if !first.Whole || first.Text != w.State.Catalog().Text() {
		t.Errorf("at first %+v", first)
	}
	if h, _ := ask(first.Revision-1, first.Epoch, first.Catalog); !h.Whole || h.Text != "" {
		t.Errorf("from before the feed: %+v", h)
	}
	for range 1500 {
		w.Account("acme")
	}
	last := first.Revision + 1500
	for name, c := range map[string]struct {
		after          uint64
		epoch, catalog string
		whole, text    bool
		lines          int
	}{
		"at the head":       {last, first.Epoch, first.Catalog, false, false, 0},
		"three behind":      {last - 3, first.Epoch, first.Catalog, false, false, 3},
		"far behind":        {last - 1000, first.Epoch, first.Catalog, false, false, 1000},
		"too far behind":    {last - 1001, first.Epoch, first.Catalog, true, false, -1},
		"ahead":             {last + 1, first.Epoch, first.Catalog, true, false, -1},
		"very far ahead":    {1<<64 - 1, first.Epoch, first.Catalog, true, false, -1},
		"another history":   {last, first.Epoch + "0", first.Catalog, true, false, -1},
		"another catalogue": {last, first.Epoch, "another", true, true, -1},
	} {
		h, lines := ask(c.after, c.epoch, c.catalog)
		if h.Whole != c.whole || (h.Text != "") != c.text || h.Revision != last || c.lines >= 0 && lines != c.lines {
			t.Errorf("%s: %+v, %d lines", name, h, lines)
		}
	}
	if err := w.State.Load(leastkey.Revision(last), func(func(leastkey.Change) error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if h, _ := ask(last, first.Epoch, first.Catalog); !h.Whole || h.Epoch == first.Epoch {
		t.Errorf("after a load: %+v", h)
	}
}

// Whoever made a change may use its record again: the feed tells what was applied.
func TestFeedTellsWhatWasApplied(t *testing.T) {
	w := newShop(t, "Shop Read")
	feed := newFeed(t, w.State)
	at, _ := w.State.Revision()
	record := leastkey.ResourceRecord{Resource: leastkey.Resource{Type: "shop", ID: "applied"}}
	w.Apply(leastkey.Change{Resource: &record})
	record.Resource.ID = "later"
	var head struct{ Epoch, Catalog string }
	if err := json.NewDecoder(askFeed(t, feed, "").Body).Decode(&head); err != nil {
		t.Fatal(err)
	}
	since := askFeed(t, feed, fmt.Sprintf("epoch=%s&catalog=%s&after=%d&wait=0", head.Epoch, head.Catalog, at)).Body.String()
	if !strings.Contains(since, "applied") || strings.Contains(since, "later") {
		t.Error(since)
	}
}

// What could not be read as the same is not told at all.
func TestFeedTellsNothingThatWouldChange(t *testing.T) {
	for name, c := range map[string]leastkey.Change{
		"an id that is not UTF-8": {Resource: &leastkey.ResourceRecord{Resource: leastkey.Resource{Type: "shop", ID: "\xff"}}},
		"no effect": {Credential: &leastkey.CredentialRecord{
			Credential: leastkey.Credential{ID: leastkeytest.ID("t"), Kind: leastkey.Token, Principal: leastkey.UserOf(leastkeytest.ID("u")), Status: leastkey.Active, Policies: []leastkey.Policy{{}}},
			Secrets:    []leastkey.LiveSecret{{}},
		}},
	} {
		w := newShop(t, "Shop Read")
		feed := newFeed(t, w.State)
		w.Apply(c)
		func() {
			defer func() {
				if recover() != http.ErrAbortHandler { //nolint:errorlint // it is exactly this
					t.Errorf("%s: it is told", name)
				}
			}()
			askFeed(t, feed, "")
		}()
	}
}

// Law 5: while catalogues change at the origin, no request is decided by one with the rights of the
// other: each alone allows this one.
func TestLaw5FollowersNeverMixCatalogues(t *testing.T) {
	load := func(text string) *catalog.Catalog {
		c, err := catalog.Load("shops.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	roles := func(group string) string {
		return "roles:\n  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c09, name: Keeper, permissions: [" + group + "]}\n"
	}
	one := load(shopsYAML + roles("Shop Read"))
	two := load(strings.ReplaceAll(shopsYAML, `"GET /shops/{shop}", any_of: [Shop Read]`, `"GET /shops/{shop}", any_of: [Shop Write]`) + roles("Shop Write"))
	w := leastkeytest.New(t, one)
	acme, ada := w.Account("acme"), w.User("ada@example.com")
	w.Join(ada, acme, "Keeper")
	w.Resource("shop", "7", acme.Resource())
	token := w.Token(ada, leastkeytest.Allow("Shop Read", "Shop Write").On(leastkey.PatternEvery("shop")))
	state := follow(t, guard.FollowConfig{URL: node(t, newFeed(t, w.State)), Bound: time.Minute})
	reaches(t, state, w.State)
	there := guardOf(t, state, w.Now)
	asked := asks(token, "GET", "/shops/7")

	ended := make(chan struct{})
	seen := map[string]int{}
	go func() {
		defer close(ended)
		for range 60 {
			for _, c := range []*catalog.Catalog{two, one} {
				w.State.UseCatalog(c)
				reaches(t, state, w.State)
			}
		}
	}()
	for open := true; open; {
		select {
		case <-ended:
			open = false
		default:
		}
		v := there.Check(context.Background(), asked)
		if !v.Allowed() {
			t.Fatalf("%+v %+v", v.Decision, v.Denial())
		}
		seen[v.Catalog().Digest()]++
	}
	if len(seen) != 2 {
		t.Errorf("decided by %v", slices.Collect(maps.Keys(seen)))
	}
}
