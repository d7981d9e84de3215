package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// answers is a node that gives prepared answers one by one, in a bubble.
type answers struct {
	left [][]byte
	cut  error // what ends the last
}

// RoundTrip implements http.RoundTripper. When there is nothing left it fails.
func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(a.left) == 0 {
		return nil, errors.New("the node is gone")
	}
	ask := r.URL.Query().Get("ask")
	body := io.Reader(bytes.NewReader(bytes.Replace(a.left[0], []byte(`"ask":"`+sameAsk), []byte(`"ask":"`+ask), 1)))
	if a.left = a.left[1:]; len(a.left) == 0 && a.cut != nil {
		body = io.MultiReader(body, broken{a.cut})
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-ndjson"}}, Body: io.NopCloser(body)}, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// hear is what a follower makes of these answers, the last of which may be cut.
func hear(t *testing.T, cut error, left ...[]byte) (state *guard.State, end func()) {
	t.Helper()
	a := &answers{left, cut}
	f, err := guard.NewFollower(guard.FollowConfig{URL: "http://localhost", Key: feedKey, Now: time.Now, Log: slog.New(slog.DiscardHandler), Bound: time.Hour, Client: &http.Client{Transport: a}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go f.Run(ctx)
	synctest.Wait()
	return f.State(), stop
}

// What does not come whole changes nothing, wherever it breaks off.
func TestHalfAFeedChangesNothing(t *testing.T) {
	w := newShop(t, "Shop Read")
	feed := newFeed(t, w.State)
	whole := askFeed(t, feed, "").Body.Bytes()
	var head struct{ Epoch, Catalog string }
	if err := json.Unmarshal(bytes.SplitN(whole, []byte("\n"), 2)[0], &head); err != nil {
		t.Fatal(err)
	}
	at, _ := w.State.Revision()
	w.token.Revoke()
	w.Account("acme")
	since := askFeed(t, feed, fmt.Sprintf("epoch=%s&catalog=%s&after=%d&wait=0", head.Epoch, head.Catalog, at)).Body.Bytes()
	again := askFeed(t, feed, "").Body.Bytes()
	check := func(name string, cut error, answer []byte, first [][]byte, want leastkey.Revision) {
		synctest.Test(t, func(t *testing.T) {
			state, end := hear(t, cut, append(first, answer)...)
			defer end()
			if got, sure := state.Revision(); got != want || sure != (want > 0) {
				t.Errorf("%s: revision %d, sure %t; want %d", name, got, sure, want)
			}
		})
	}
	for name, cut := range map[string]error{"ended": nil, "cut": io.ErrUnexpectedEOF, "reset": errors.New("reset")} {
		for n := range len(whole) - 1 { // the last byte is a line end, of which nothing depends
			if n%37 != 0 && (cut != nil || n < len(whole)-600) { // the catalogue, for the most part
				continue
			}
			check(fmt.Sprint("all, ", name, " at ", n), cut, whole[:n], nil, 0)
		}
		for n := range len(since) - 1 {
			if n%7 != 0 && cut != nil {
				continue
			}
			check(fmt.Sprint("what came since, ", name, " at ", n), cut, since[:n], [][]byte{whole}, at)
		}
		for n := range len(again) - 1 {
			if n%37 == 0 {
				check(fmt.Sprint("all again, ", name, " at ", n), cut, again[:n], [][]byte{whole}, at)
			}
		}
	}
	check("all", nil, whole, nil, at)
	check("all that then breaks", io.ErrUnexpectedEOF, whole, nil, 0)
	check("what came since", nil, since, [][]byte{whole}, at+2)
	check("more behind", nil, append(slices.Clone(since), "{}"...), [][]byte{whole}, at)
	check("what came since, of nothing", nil, since, nil, 0)
	check("what came since, twice", nil, since, [][]byte{whole, since}, at+2)
	check("a commit left out", nil, without(since, 1), [][]byte{whole}, at)
	check("the last commit left out", nil, without(since, 2), [][]byte{whole}, at)
	check("a thing left out", nil, without(again, 3), [][]byte{whole}, at)
	check("all, as it was before", nil, whole, [][]byte{whole, since}, at+2)
	check("an answer to another question", nil, bytes.Replace(since, []byte(sameAsk), []byte("1-1"), 1), [][]byte{whole}, at)
	check("another history", nil, bytes.ReplaceAll(since, []byte(head.Epoch), []byte("e")), [][]byte{whole}, at)
	check("another catalogue", nil, bytes.ReplaceAll(since, []byte(head.Catalog), []byte("c")), [][]byte{whole}, at)
	check("a catalogue that is not the one named", nil, bytes.ReplaceAll(whole, []byte(head.Catalog), []byte("c")), nil, 0)
}

// without leaves out a line.
func without(answer []byte, line int) []byte {
	lines := bytes.SplitAfter(answer, []byte("\n"))
	return bytes.Join(slices.Delete(lines, line, line+1), nil)
}

// Law 8: what a follower does not understand could be a revocation, so it decides nothing any more.
func TestLaw8FollowersRefuseWhatTheyDoNotUnderstand(t *testing.T) {
	w := newShop(t, "Shop Read")
	feed := newFeed(t, w.State)
	whole := askFeed(t, feed, "").Body.Bytes()
	var head struct{ Epoch, Catalog string }
	if err := json.Unmarshal(bytes.SplitN(whole, []byte("\n"), 2)[0], &head); err != nil {
		t.Fatal(err)
	}
	at, _ := w.State.Revision()
	commit := func(change string) []byte {
		return fmt.Appendf(nil, `{"feed":1,"ask":"0-0","epoch":%q,"revision":%d,"whole":false,"catalog":%q}
{"revision":%d,"changes":[%s]}
{"end":{"lines":1}}
`, head.Epoch, at+1, head.Catalog, at+1, change)
	}
	const id = `"00000000000000000000000000000001"`
	credential := func(fields string) string {
		return `{"credential":{"credential":{"id":` + id + `,` + fields + `},"secrets":[]}}`
	}
	policy := func(fields string) string {
		return credential(`"kind":1,"principal":{"kind":1,"id":` + id + `},"status":"active","policies":[{"id":` + id + `,"groups":[],` + fields + `}]`)
	}
	for name, c := range map[string]struct {
		change string
		sure   bool
	}{
		"a commit without changes":    {``, true},
		"a credential":                {credential(`"kind":1,"principal":{"kind":1,"id":` + id + `},"status":"active"`), true},
		"a resource":                  {`{"resource":{"resource":{"type":"shop","id":"1"},"gone":true}}`, true},
		"a policy":                    {policy(`"effect":"deny","patterns":[{"extent":2,"type":"shop"}]`), true},
		"no kind":                     {`{}`, false},
		"two kinds":                   {`{"resource":{"resource":{"type":"shop","id":"1"}},"membership":{"user":` + id + `,"account":` + id + `,"roles":[]}}`, false},
		"a new kind":                  {`{"freeze":{"account":` + id + `}}`, false},
		"a new field":                 {`{"resource":{"resource":{"type":"shop","id":"1"},"frozen":true}}`, false},
		"a new kind of credential":    {credential(`"kind":9,"principal":{"kind":1,"id":` + id + `},"status":"active"`), false},
		"a new kind of owner":         {credential(`"kind":1,"principal":{"kind":3,"id":` + id + `},"status":"active"`), false},
		"a new status":                {credential(`"kind":1,"principal":{"kind":1,"id":` + id + `},"status":"frozen"`), false},
		"no status":                   {credential(`"kind":1,"principal":{"kind":1,"id":` + id + `}`), false},
		"a new field of a credential": {credential(`"kind":1,"principal":{"kind":1,"id":` + id + `},"status":"active","quota":1`), false},
		"a new effect":                {policy(`"effect":"audit","patterns":[]`), false},
		"no effect":                   {policy(`"patterns":[]`), false},
		"a new extent":                {policy(`"effect":"deny","patterns":[{"extent":4,"type":"shop","id":"1"}]`), false},
		"an extent and more":          {policy(`"effect":"deny","patterns":[{"extent":2,"type":"shop","id":"1"}]`), false},
		"a pattern without a type":    {policy(`"effect":"deny","patterns":[{"extent":2}]`), false},
		"a user of a new kind":        {`{"principal":{"principal":{"kind":0,"id":` + id + `},"active":true}}`, false},
		"no JSON":                     {`}`, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			state, end := hear(t, nil, whole, commit(c.change))
			defer end()
			if got, sure := state.Revision(); sure != c.sure || sure && got != at+1 {
				t.Errorf("%s: revision %d, sure %t", name, got, sure)
			}
		})
	}
}
