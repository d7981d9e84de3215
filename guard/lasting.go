package guard

import "time"

// Changed is closed at the next change of what decisions rest on. Ask for it before you decide what
// you watch.
func (g *Guard) Changed() <-chan struct{} { return g.state.Changed() }

// Lasts says how long it is until an allowed verdict would be another for no reason but the time:
// its credential expires, or its secret was rolled and the overlap ends. False: time does not end it.
func (g *Guard) Lasts(v Verdict) (time.Duration, bool) {
	until := v.Credential.Validity.ExpiresOn
	if now := g.state.current.Load(); now != nil {
		secret, known := now.secrets.get(v.Secret.Lookup())
		if known && !secret.Until.IsZero() && (until.IsZero() || secret.Until.Before(until)) {
			until = secret.Until
		}
	}
	if until.IsZero() {
		return 0, false
	}
	return until.Sub(g.now()), true
}
