package oidc

import (
	"container/list"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// AskedLife is how long somebody has to sign in at the provider.
const AskedLife = 10 * time.Minute

// mostPending are at the provider at once: the oldest goes when there would be more.
const mostPending = 10_000

// Asked is what somebody was sent to the provider for.
type Asked struct {
	Next  string // where to go on afterwards
	Again string // of a person who is to prove once more who they are: the session; otherwise empty
}

// question is one person at the provider. What their browser and the provider bring back is compared
// with it; of both only the hash is kept.
type question struct {
	Asked
	state   [sha256.Size]byte
	browser [sha256.Size]byte
	nonce   string
	proof   string // the verifier of PKCE
	since   time.Time
}

// pending are the people who are at the provider. A restart forgets them, and they begin anew.
type pending struct {
	now func() time.Time

	mu      sync.Mutex
	byState map[[sha256.Size]byte]*list.Element
	byAge   *list.List // of question, oldest first
}

func newPending(now func() time.Time) *pending {
	return &pending{now: now, byState: map[[sha256.Size]byte]*list.Element{}, byAge: list.New()}
}

func (p *pending) put(q question) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for oldest := p.byAge.Front(); oldest != nil; oldest = p.byAge.Front() {
		if p.byAge.Len() < mostPending && p.liveAt(oldest.Value.(question)) {
			break
		}
		p.drop(oldest)
	}
	p.byState[q.state] = p.byAge.PushBack(q)
}

// take gives a question once, to the browser that asked it. Whoever else knows its state ends it.
func (p *pending) take(state, browser string) (question, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, known := p.byState[sha256.Sum256([]byte(state))]
	if !known {
		return question{}, false
	}
	p.drop(at)
	q, sum := at.Value.(question), sha256.Sum256([]byte(browser))
	return q, p.liveAt(q) && subtle.ConstantTimeCompare(q.browser[:], sum[:]) == 1
}

func (p *pending) drop(at *list.Element) {
	delete(p.byState, at.Value.(question).state)
	p.byAge.Remove(at)
}

func (p *pending) liveAt(q question) bool {
	age := p.now().Sub(q.since)
	return age >= 0 && age < AskedLife
}
