package guard

import "time"

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
	if secret, known := now.secrets.get(v.Secret.Lookup()); known && !secret.Until.IsZero() {
		sooner(secret.Until.Sub(at))
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
