package guard

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// FeedPath is where a node serves its [Feed].
const FeedPath = "/leastkey/v1/feed"

// feedForm is the form of what follows. It changes when something comes to mean something else;
// what is new and could be passed over is refused by those who do not know it in any case.
const feedForm = 1

// The parameters of a request for the feed: what is known already, and how long to wait for more.
const (
	paramAfter   = "after"
	paramEpoch   = "epoch"
	paramCatalog = "catalog"
	paramWait    = "wait" // milliseconds
	paramAsk     = "ask"  // what the answer has to repeat
)

// feedHead is the first of the JSON values that a feed answers with. feedLines follow it, then a
// feedEnd. What has no end has not come whole.
type feedHead struct {
	Feed     int               `json:"feed"`
	Ask      string            `json:"ask"`   // of the question, so that no older answer is taken for this one
	Epoch    string            `json:"epoch"` // of what history the revisions are
	Revision leastkey.Revision `json:"revision"`
	Whole    bool              `json:"whole"`          // the lines are all there is, not what came since
	Catalog  string            `json:"catalog"`        // its digest
	Text     string            `json:"text,omitempty"` // of the catalogue, when the digest is not the one that was known
}

// feedLine is one commit, or a part of all there is, and then without a revision.
type feedLine struct {
	Revision leastkey.Revision `json:"revision,omitempty"`
	Changes  []leastkey.Change `json:"changes,omitempty"`
	End      *feedEnd          `json:"end,omitempty"`
}

// feedEnd says how many lines there were.
type feedEnd struct {
	Lines int `json:"lines"`
}

// errNotUnderstood is for a change that might be a revocation in words of a newer version.
var errNotUnderstood = errors.New("a change that this version does not understand")

// understood refuses what would be something else on the other side, or is nothing that is known
// here. A word that is not known could be what takes a right away.
func understood(c leastkey.Change) error {
	known := 0
	if r := c.Credential; r != nil {
		known++
		if err := understoodCredential(r.Credential); err != nil {
			return err
		}
	}
	if r := c.Principal; r != nil {
		known++
		if !isPrincipal(r.Principal) || !utf8.ValidString(r.Email) {
			return fmt.Errorf("%w: a principal of an unknown kind", errNotUnderstood)
		}
	}
	if c.Membership != nil {
		known++
	}
	if r := c.Resource; r != nil {
		known++
		if !isResource(r.Resource) || r.Parent != (leastkey.Resource{}) && !isResource(r.Parent) {
			return fmt.Errorf("%w: a resource without a type or an id", errNotUnderstood)
		}
	}
	if known != 1 {
		return fmt.Errorf("%w: %d kinds of it", errNotUnderstood, known)
	}
	return nil
}

func understoodCredential(c leastkey.Credential) error {
	switch c.Kind {
	case leastkey.Token, leastkey.GlobalAPIKey, leastkey.Session, leastkey.ServiceKey:
	default:
		return fmt.Errorf("%w: a credential of an unknown kind", errNotUnderstood)
	}
	if !isPrincipal(c.Principal) || c.Status != leastkey.Active && c.Status != leastkey.Disabled {
		return fmt.Errorf("%w: a credential of an unknown kind of owner, or of unknown status", errNotUnderstood)
	}
	for _, policy := range c.Policies {
		if policy.Effect != leastkey.Allow && policy.Effect != leastkey.Deny {
			return fmt.Errorf("%w: a policy of an unknown effect", errNotUnderstood)
		}
		for _, pattern := range policy.Patterns {
			if !isPattern(pattern) {
				return fmt.Errorf("%w: a pattern of an unknown extent", errNotUnderstood)
			}
		}
	}
	return nil
}

func isPrincipal(p leastkey.Principal) bool {
	return p.Kind == leastkey.UserPrincipal || p.Kind == leastkey.AccountPrincipal
}

func isResource(r leastkey.Resource) bool {
	return r.Type != "" && r.ID != "" && utf8.ValidString(string(r.Type)) && utf8.ValidString(r.ID)
}

func isPattern(p leastkey.Pattern) bool {
	switch p.Extent {
	case leastkey.One:
		return isResource(leastkey.Resource{Type: p.Type, ID: p.ID}) && p.Parent.IsZero()
	case leastkey.Every:
		return p.Type != "" && utf8.ValidString(string(p.Type)) && p.ID == "" && p.Parent.IsZero()
	case leastkey.Under:
		return p.Type != "" && utf8.ValidString(string(p.Type)) && p.ID == "" && isResource(p.Parent)
	default:
		return false
	}
}
