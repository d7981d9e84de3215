package guard

import (
	"strings"

	"github.com/leastkey/leastkey"
)

// present finds whose secret the header carries.
func (g *Guard) present(l *look) {
	v, h := &l.v, &l.head
	var shown presented
	denial := shown.read(h, g.brand)
	switch {
	case denial == nil && l.identify(&shown):
	case denial == nil && forToken(v.Operation) && shown.sent != leastkey.Token:
		v.refuse(notAToken())
	case denial == nil:
		v.unknown = shown.sent
		v.refuse(nil)
	case forToken(v.Operation) && first(h.authorization) == "" && len(h.key)+len(h.email) > 0:
		v.refuse(notAToken())
	default:
		v.refuse(denial)
	}
}

// identify finds whose secret was presented. A key must come with the e-mail address of its own user,
// a token without.
func (l *look) identify(p *presented) bool {
	if p.text == "" {
		return false
	}
	hash := p.hash
	b, until := bearerWith(&l.now.secrets, &hash)
	if b == nil {
		hash = leastkey.ImportedHashOf(p.text)
		b, until = bearerWith(&l.now.secrets, &hash)
	}
	if b == nil || until != nil && !before(l.time, until) || b.kind() != p.sent {
		return false
	}
	o := l.now.ownerAt(b.owner())
	if o == nil || p.sent == leastkey.GlobalAPIKey && string(o.email()) != p.email {
		return false
	}
	l.hold(b, o)
	l.v.Secret = hash
	return true
}

// hold goes on with the credential of an owner.
func (l *look) hold(b bearer, o owner) {
	l.by, l.at, l.owner = b, b.owner(), o
	b.parts(&l.parts)
}

// holding goes on with a credential by its id, as though one of its secrets had been presented as it must
// be. What no request could present is not found.
func (l *look) holding(id leastkey.ID) bool {
	key, b := l.now.bearerOf(id)
	if b == nil {
		return false
	}
	live := false
	for _, s := range secretsOf(key, b) {
		live = live || s.LiveAt(l.time)
	}
	o := l.now.ownerAt(b.owner())
	if !live || o == nil {
		return false
	}
	switch email := string(o.email()); b.kind() {
	case leastkey.Token, leastkey.ServiceKey:
	case leastkey.GlobalAPIKey:
		if !isEmail(email) || email != strings.ToLower(email) { // as it is when it comes with a key
			return false
		}
	default:
		return false
	}
	l.hold(b, o)
	return true
}
