package guard

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// Feed tells other processes what a [State] knows, so that each decides from its own memory: see
// [Follower]. Serve it at [FeedPath], over TLS or on loopback: who can read the key can read the
// hashes of secrets, and who can stand in for the feed can make credentials. No secret is in it.
//
// The answer to a GET is JSON values, one on a line: everything, or the commits after the revision
// that the follower has. When there is nothing new it waits for that, as long as it is asked to.
type Feed struct {
	state *State
	key   [sha256.Size]byte
	epoch leastkey.ID
	log   *slog.Logger
}

// FeedConfig is what a Feed is made of. Every field is needed.
type FeedConfig struct {
	State  *State
	Key    string    // shared with the followers; at least 32 characters, such as openssl rand -hex 32 gives
	Random io.Reader // crypto/rand.Reader outside tests
	Log    *slog.Logger
}

// LeastFeedKey is the length of the shortest key, in characters.
const LeastFeedKey = 32

// CheckFeedKey says what is wrong with a key. The error does not repeat it.
func CheckFeedKey(key string) error {
	if len(key) < LeastFeedKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the key of the feed must have at least %d printable ASCII characters and no space; openssl rand -hex 32 makes one", LeastFeedKey)
	}
	return nil
}

// NewFeed has the state remember its commits from now on, for those who follow it.
func NewFeed(c FeedConfig) (*Feed, error) {
	switch {
	case c.State == nil || c.Random == nil || c.Log == nil:
		return nil, errors.New("guard: a feed needs a state, randomness and a log")
	case c.State.follows:
		return nil, errors.New("guard: a state that follows another cannot be followed: what is behind would be further behind than is promised")
	}
	if err := CheckFeedKey(c.Key); err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	// What a process counts is of its own history: what it acknowledged may be lost when its data is
	// put back to an earlier day.
	epoch, err := leastkey.NewID(c.Random)
	if err != nil {
		return nil, err
	}
	c.State.keepHistory()
	return &Feed{c.State, sha256.Sum256([]byte(c.Key)), epoch, c.Log}, nil
}

// longestWait bounds how long an answer may be waited for, whatever is asked.
const longestWait = 10 * time.Second

// ServeHTTP implements http.Handler.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case r.URL.Path != FeedPath:
		api.WriteErrors(w, http.StatusNotFound, api.Error{Code: api.CodeInvalidRequest, Message: "The feed is at " + FeedPath})
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		api.WriteErrors(w, http.StatusMethodNotAllowed, api.Error{Code: api.CodeInvalidRequest, Message: "The feed is asked for with GET"})
		return
	case !f.admits(r.Header):
		w.Header().Set("WWW-Authenticate", `Bearer realm="leastkey feed"`)
		api.WriteErrors(w, http.StatusUnauthorized, api.InvalidToken())
		return
	}
	asked, err := readAsked(r)
	if err != nil {
		api.WriteErrors(w, http.StatusBadRequest, api.Error{Code: api.CodeInvalidRequest, Message: err.Error()})
		return
	}
	told, sure := f.news(r.Context(), asked)
	if !sure {
		unsure().Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := told.write(w); err != nil {
		f.log.Warn("the feed broke off", "error", err)
		panic(http.ErrAbortHandler) // so that the follower sees that it has not come whole
	}
}

// admits compares in constant time, and tells nothing of the length.
func (f *Feed) admits(h http.Header) bool {
	values := h[authorizationField]
	if len(values) != 1 {
		return false
	}
	key, bearer := strings.CutPrefix(values[0], "Bearer ")
	sum := sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(sum[:], f.key[:]) == 1 && bearer
}

// asked is what a follower has.
type asked struct {
	ask            string
	after          leastkey.Revision
	epoch, catalog string
	wait           time.Duration
}

// longestAsk bounds what is repeated.
const longestAsk = 64

func readAsked(r *http.Request) (asked, error) {
	q := r.URL.Query()
	a := asked{ask: q.Get(paramAsk), epoch: q.Get(paramEpoch), catalog: q.Get(paramCatalog)}
	if a.ask == "" || len(a.ask) > longestAsk {
		return a, fmt.Errorf("%s must have something to repeat, of at most %d characters", paramAsk, longestAsk)
	}
	if a.epoch == "" {
		return a, nil // it has nothing, and waits for nothing
	}
	after, err := strconv.ParseUint(q.Get(paramAfter), 10, 64)
	if err != nil {
		return a, fmt.Errorf("%s must be a revision", paramAfter)
	}
	wait, err := strconv.ParseUint(q.Get(paramWait), 10, 31)
	if err != nil {
		return a, fmt.Errorf("%s must be a number of milliseconds", paramWait)
	}
	a.after, a.wait = leastkey.Revision(after), min(time.Duration(wait)*time.Millisecond, longestWait)
	return a, nil
}

// news is what the follower does not have, once there is some or it has waited for it. False when
// the state is unsure: then nobody is told anything, and followers run out of their leases.
func (f *Feed) news(ctx context.Context, a asked) (told, bool) {
	ctx, cancel := context.WithTimeout(ctx, a.wait)
	defer cancel()
	for {
		changed := f.state.Changed()
		now, generation, commits, continues := f.state.latest(a.after)
		if now == nil {
			return told{}, false
		}
		epoch := f.epoch.String() + "-" + strconv.Itoa(generation)
		c := now.rules.catalog
		t := told{feedHead{Feed: feedForm, Ask: a.ask, Epoch: epoch, Revision: now.revision, Catalog: c.Digest()}, now, commits}
		switch {
		case a.epoch != epoch || a.catalog != c.Digest() || !continues:
			t.Whole = true
			if a.catalog != c.Digest() {
				t.Text = c.Text()
			}
			return t, true
		case len(commits) > 0 || ctx.Err() != nil:
			return t, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// told is one answer.
type told struct {
	feedHead
	now     *snapshot
	commits []commit
}

func (t told) write(w io.Writer) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	to := json.NewEncoder(buffered)
	if err := to.Encode(t.feedHead); err != nil {
		return err
	}
	lines := 0
	for line := range t.lines() {
		for _, c := range line.Changes {
			if err := understood(c); err != nil {
				return err
			}
		}
		if err := to.Encode(line); err != nil {
			return err
		}
		lines++
	}
	if err := to.Encode(feedLine{End: &feedEnd{lines}}); err != nil {
		return err
	}
	return buffered.Flush()
}

func (t told) lines() iter.Seq[feedLine] {
	return func(yield func(feedLine) bool) {
		if t.Whole {
			for c := range t.now.all() {
				if !yield(feedLine{Changes: []leastkey.Change{c}}) {
					return
				}
			}
			return
		}
		for _, c := range t.commits {
			if !yield(feedLine{Revision: c.revision, Changes: c.changes}) {
				return
			}
		}
	}
}

// all are the changes that make the snapshot out of nothing.
func (n *snapshot) all() iter.Seq[leastkey.Change] {
	return func(yield func(leastkey.Change) bool) {
		for _, rec := range n.owners.All() {
			o := owner(rec)
			if o[0]&isTold != 0 && !yield(leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: o.principal(), Email: string(o.email()), Active: o.active()}}) {
				return
			}
		}
		for _, rec := range n.owners.All() {
			for _, m := range n.memberships(rec) {
				if !yield(leastkey.Change{Membership: &m}) {
					return
				}
			}
		}
		for key, rec := range n.secrets.All() {
			if rec[bearerFlags]&isAlias != 0 {
				continue
			}
			c := leastkey.CredentialRecord{Credential: n.credential(rec), Secrets: secretsOf(key, rec)}
			if !yield(leastkey.Change{Credential: &c}) {
				return
			}
		}
		for _, rec := range n.places.All() {
			p := place(rec)
			if !p.is(isRegistered) {
				continue
			}
			r := leastkey.Resource{Type: n.types[p.kind()], ID: string(p.id())}
			if !yield(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Parent: n.resource(p.parent()), Name: string(p.name())}}) {
				return
			}
		}
	}
}
