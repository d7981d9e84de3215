package guard

import (
	"net/http"
	"time"
)

// Changed is closed at the next change of what decisions rest on. Ask for it before you decide what
// you watch.
func (g *Guard) Changed() <-chan struct{} { return g.state.Changed() }

// Lasts says how long it is until an allowed verdict would be another for no reason but the time:
// its credential expires, its secret was rolled and the overlap ends, or the state was not renewed
// and is not sure any more. False: time does not end it.
func (g *Guard) Lasts(v Verdict) (time.Duration, bool) {
	var least time.Duration
	ends := false
	sooner := func(left time.Duration) {
		if !ends || left < least {
			least, ends = left, true
		}
	}
	at := g.now()
	if until := v.Credential.Validity.ExpiresOn; !until.IsZero() {
		sooner(until.Sub(at))
	}
	now := g.state.current.Load()
	if now == nil {
		return 0, true
	}
	if _, until := bearerWith(&now.secrets, &v.Secret); until != nil {
		sooner(readStamp(until).Sub(at))
	}
	if left, leased := now.lease.left(); leased {
		sooner(left)
	}
	return least, ends
}

// left is how long the lease holds; false for ever.
func (l lease) left() (time.Duration, bool) {
	if l.now == nil {
		return 0, false
	}
	now := l.now()
	return l.bound - max(now.Sub(l.from), now.Round(0).Sub(l.from.Round(0))), true
}

// ExpiresHeader is the field of an answer that says when what made the request ends, from [Soon] before
// that on: a time by RFC 3339. Whoever runs a client can look for it.
const ExpiresHeader = "Leastkey-Token-Expires"

// Soon is how long before its end a credential is said to end.
const Soon = 14 * 24 * time.Hour

// Warn puts the field into the header of an answer to the request, when it is time. It says something
// only to who showed the secret.
func (g *Guard) Warn(answer http.Header, v Verdict) {
	if end, ends := g.endOf(v); ends && end.Sub(g.now()) <= Soon {
		answer.Set(ExpiresHeader, end.UTC().Format(time.RFC3339))
	}
}

// endOf is when the secret of a request ends, though nobody ends it.
func (g *Guard) endOf(v Verdict) (time.Time, bool) {
	end := v.Credential.Validity.ExpiresOn
	now := g.state.current.Load()
	if now == nil || v.Credential.ID.IsZero() {
		return time.Time{}, false
	}
	if _, until := bearerWith(&now.secrets, &v.Secret); until != nil && (end.IsZero() || !before(end, until)) {
		end = readStamp(until)
	}
	return end, !end.IsZero()
}
