package guard

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
)

// identity is who makes a request: a credential, its owner, and which of its secrets was shown.
type identity struct {
	credential *leastkey.CredentialRecord
	owner      *holder
	secret     leastkey.SecretHash // zero when none had to be shown
}

// presenter finds whose secret the header carries.
func (g *Guard) presenter(h http.Header, l look) (identity, *Denial) {
	op := l.v.Operation
	shown, denial := carried(h, g.brand, l.now.rules.tokenHeaders)
	if denial != nil {
		if forToken(op) && h.Get(authorizationField) == "" && len(h[keyField])+len(h[emailField]) > 0 {
			denial = notAToken()
		}
		return identity{}, denial
	}
	found, ok := l.now.identify(shown, l.at)
	if !ok {
		denial = unknown(shown, op)
		if forToken(op) && shown.sent != leastkey.Token {
			denial = notAToken()
		}
		return identity{}, denial
	}
	return found, nil
}

// identify finds whose secret was presented, as of the instant at. A key must come with the
// e-mail address of its own user, a token without.
func (n *snapshot) identify(p presented, at time.Time) (identity, bool) {
	if p.secret.IsZero() {
		return identity{}, false
	}
	hash := p.secret.Hash()
	entry, ok := n.secrets.get(hash.Lookup())
	if !ok {
		hash = p.secret.ImportedHash()
		entry, ok = n.secrets.get(hash.Lookup())
	}
	if !ok || !entry.Hash.Equal(hash) || !entry.LiveAt(at) {
		return identity{}, false
	}
	credential, ok := n.credentials.get(entry.credential)
	if !ok || credential.Credential.Kind != p.sent {
		return identity{}, false
	}
	owner, ok := n.principals.get(credential.Credential.Principal)
	if !ok || p.sent == leastkey.GlobalAPIKey && owner.record.Email != p.email {
		return identity{}, false
	}
	return identity{credential, owner, hash}, true
}

// holding finds a credential by its id, as though one of its secrets had been presented as it must
// be at the instant at. What no request could present is not found.
func (n *snapshot) holding(id leastkey.ID, at time.Time) (identity, bool) {
	credential, ok := n.credentials.get(id)
	if !ok || !slices.ContainsFunc(credential.Secrets, func(s leastkey.LiveSecret) bool { return s.LiveAt(at) }) {
		return identity{}, false
	}
	owner, ok := n.principals.get(credential.Credential.Principal)
	if !ok {
		return identity{}, false
	}
	switch email := owner.record.Email; credential.Credential.Kind {
	case leastkey.Token, leastkey.ServiceKey:
		ok = true
	case leastkey.GlobalAPIKey:
		ok = isEmail(email) && email == strings.ToLower(email) // as it is when it comes with a key
	default:
		ok = false
	}
	return identity{credential: credential, owner: owner}, ok
}
