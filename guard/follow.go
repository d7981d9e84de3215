package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
)

// Follower keeps a [State] as that of another process is, by its [Feed]:
//
//	f, err := guard.NewFollower(guard.FollowConfig{URL: "https://leastkey.internal:8793", Key: key, Now: time.Now, Log: log})
//	go f.Run(ctx)
//	g, err := guard.New(guard.Config{State: f.State(), Brand: leastkey.DefaultBrand, Now: time.Now})
//
// Whatever was known there when an answer was made is known here for Bound from when it was asked
// for. Without a newer answer by then, every decision is refused with 503: what was revoked there is
// refused here Bound later at the latest, and usually at once.
type Follower struct {
	state  *State
	url    url.URL
	key    string
	bound  time.Duration
	client *http.Client
	now    func() time.Time
	log    *slog.Logger

	asks     int               // how often it has asked
	epoch    string            // of what the state has; "" for nothing
	revision leastkey.Revision // the last in that epoch, also of a state that is unsure by now
}

// FollowConfig is what a Follower is made of.
type FollowConfig struct {
	URL    string           // of the node that serves the feed: "https://leastkey.internal:8793", or http on loopback
	Key    string           // of the feed
	Bound  time.Duration    // zero means [DefaultBound]; at least 100 ms
	Client *http.Client     // nil for one that trusts what the system trusts; redirects are never followed
	Now    func() time.Time // time.Now outside tests, with its monotonic clock
	Log    *slog.Logger
}

// DefaultBound is how long something that was revoked may still be accepted by a follower that
// cannot hear of it.
const DefaultBound = 5 * time.Second

const leastBound = 100 * time.Millisecond

// NewFollower checks the configuration. Until [Follower.Run] has heard from the feed the state is
// unsure.
func NewFollower(c FollowConfig) (*Follower, error) {
	if c.Now == nil || c.Log == nil {
		return nil, errors.New("guard: a follower needs a clock and a log")
	}
	if c.Bound == 0 {
		c.Bound = DefaultBound
	}
	if c.Bound < leastBound {
		return nil, fmt.Errorf("guard: a bound of %s is too short to ask in; want at least %s", c.Bound, leastBound)
	}
	if err := CheckFeedKey(c.Key); err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	at, err := feedURL(c.URL)
	if err != nil {
		return nil, err
	}
	f := &Follower{state: newState(&rules{words: newWords()}), url: at, key: c.Key, bound: c.Bound, client: followClient(c), now: c.Now, log: c.Log}
	f.state.follows = true
	return f, nil
}

func feedURL(text string) (url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return url.URL{}, errors.New("guard: the URL of a feed is that of a node, such as https://leastkey.internal:8793")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return url.URL{}, errors.New("guard: a feed over plain HTTP is for loopback only: whoever is on the way could make credentials; use https")
	}
	u.Path = FeedPath
	return *u, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func followClient(c FollowConfig) *http.Client {
	client := &http.Client{}
	if c.Client != nil {
		*client = *c.Client
	}
	if client.Transport == nil {
		if transport, ok := http.DefaultTransport.(*http.Transport); ok {
			transport = transport.Clone()
			transport.Proxy = nil // the key is for the node alone
			transport.ResponseHeaderTimeout = c.Bound
			client.Transport = transport
		}
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// State is what is known. Nobody but the follower changes it.
func (f *Follower) State() *State { return f.state }

// The time between two tries when the feed cannot be read.
const (
	firstPause = 50 * time.Millisecond
	mostPause  = time.Second
)

// Run follows until the context ends; the state is unsure from then on. Run it once.
func (f *Follower) Run(ctx context.Context) {
	defer f.state.Doubt()
	pause, told := firstPause, ""
	for ctx.Err() == nil {
		err := f.ask(ctx)
		if err == nil {
			if told != "" {
				f.log.Info("the feed can be read again", "node", f.url.Host)
			}
			pause, told = firstPause, ""
			continue
		}
		if ctx.Err() != nil {
			break
		}
		if err.Error() != told { // what goes on is said once
			told = err.Error()
			f.log.Error("the feed cannot be read; when that lasts, every request is refused", "node", f.url.Host, "within", f.bound, "error", err)
		}
		wait, end := context.WithTimeout(ctx, pause)
		<-wait.Done()
		end()
		pause = min(2*pause, mostPause)
	}
}

// wait is how long an answer without news may take: a fraction of the bound, so that the lease is
// renewed several times before it ends.
func (f *Follower) wait() time.Duration { return min(f.bound/5, time.Second) }

// longestAnswer bounds one answer, all there is included.
const longestAnswer = 2 * time.Minute

// ask asks once, and makes what it hears known.
func (f *Follower) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	known := f.state.current.Load()
	f.asks++
	asked := f.now() // what holds in the answer holds now, or was made since
	ask := fmt.Sprintf("%d-%d", asked.UnixNano(), f.asks)
	q := url.Values{paramAsk: {ask}}
	if known != nil && f.epoch != "" {
		q.Set(paramEpoch, f.epoch)
		q.Set(paramAfter, strconv.FormatUint(uint64(known.revision), 10))
		q.Set(paramWait, strconv.FormatInt(f.wait().Milliseconds(), 10))
	}
	if known != nil {
		q.Set(paramCatalog, known.rules.catalog.Digest())
	}
	at := f.url
	at.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set(authorizationField, "Bearer "+f.key)
	answer, err := f.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusUnauthorized:
		return errors.New("the node refuses the key of the feed (401): give both the same")
	case answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/x-ndjson":
		return fmt.Errorf("the answer is no feed: status %d, %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	err = f.take(answer.Body, ask, known, lease{asked, f.bound, f.now})
	if errors.Is(err, errNotUnderstood) {
		f.state.Doubt()
	}
	return err
}

// take makes known what an answer says, all of it or nothing.
func (f *Follower) take(from io.Reader, ask string, known *snapshot, until lease) error {
	read := newFeedReader(from)
	head, err := read.head()
	if err != nil {
		return err
	}
	if head.Ask != ask || head.Epoch == f.epoch && head.Revision < f.revision {
		return errors.New("the feed answers another question, or an older one: is there a cache on the way?")
	}
	edit, now, err := f.edit(head, known)
	if err != nil {
		return err
	}
	lines := 0
	for {
		line, err := read.line()
		if err != nil {
			return err
		}
		if line.End != nil {
			if line.End.Lines != lines {
				return fmt.Errorf("the feed has %d lines and says %d", lines, line.End.Lines)
			}
			break
		}
		lines++
		if head.Whole != (line.Revision == 0) || !head.Whole && line.Revision != now+1 {
			return fmt.Errorf("the feed has revision %d where %d is due", line.Revision, now+1)
		}
		now = max(now, line.Revision)
		for _, c := range line.Changes {
			if err := edit.apply(c); err != nil {
				return err
			}
		}
	}
	if !head.Whole && now != head.Revision {
		return fmt.Errorf("the feed ends at revision %d and says %d", now, head.Revision)
	}
	if err := read.ended(); err != nil {
		return err
	}
	edit.lease = until
	next, err := edit.finish(head.Revision)
	if err != nil {
		return err
	}
	f.publish(next, head, known)
	return nil
}

// edit starts what an answer is to make of what is known, and says at which revision.
func (f *Follower) edit(head feedHead, known *snapshot) (*change, leastkey.Revision, error) {
	switch {
	case !head.Whole && (known == nil || head.Epoch != f.epoch || head.Catalog != known.rules.catalog.Digest()):
		return nil, 0, errors.New("the feed goes on where nothing is known of")
	case !head.Whole:
		return begin(known.rules, known), known.revision, nil
	case known != nil && head.Catalog == known.rules.catalog.Digest():
		return beginLoad(known.rules), 0, nil
	default:
		r, err := head.rules()
		if err != nil {
			return nil, 0, err
		}
		return beginLoad(r), 0, nil
	}
}

// publish puts the new snapshot and its catalogue into force as one. When it differs in nothing but
// its lease, nobody is woken up.
func (f *Follower) publish(n *snapshot, head feedHead, known *snapshot) {
	f.state.mu.Lock()
	defer f.state.mu.Unlock()
	f.epoch, f.revision, f.state.rules = head.Epoch, head.Revision, n.rules
	if !head.Whole && n.revision == known.revision {
		f.state.current.Store(n)
		return
	}
	f.state.publish(n)
}
