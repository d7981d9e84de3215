package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) statusRoutes() []route {
	return []route{{http.MethodPost, "{home}/api-tokens/{id}/status", signedIn, s.setStatus}}
}

// setStatus disables or enables a token, and leaves all else as it is.
func (s *Site) setStatus(ctx context.Context, v *visit) (answer, error) {
	id, err := v.id()
	if err != nil {
		return answer{}, err
	}
	var status leastkey.Status
	if status.UnmarshalText([]byte(v.form.Get("status"))) != nil {
		return answer{}, errNotAForm
	}
	if _, err := s.Control.SetTokenStatus(ctx, s.caller(v, "PUT /tokens/{token_id}"), v.owner, id, status); err != nil {
		return answer{}, err
	}
	done := "enabled"
	if status == leastkey.Disabled {
		done = "disabled"
	}
	if !v.form.Has("list") {
		return seeOther(tokenPath(v, id) + "?done=" + done), nil
	}
	shown, err := url.ParseQuery(v.form.Get("list"))
	if err != nil {
		return answer{}, errNotAForm
	}
	list := listQueryOf(shown).values()
	list.Set("done", done)
	list.Set("token", id.String())
	return seeOther(v.home + "/api-tokens?" + list.Encode()), nil
}

// tokenPath is the page of a token.
func tokenPath(v *visit, id leastkey.ID) string { return v.home + "/api-tokens/" + id.String() }

// doneNotice says on the next page what was just done. The address chooses among words, and never
// holds any. The name is that of the token; "" where it is not known.
func doneNotice(v *visit, name string) Notice {
	words := map[string]string{
		"created":       "{} was created.",
		"saved":         "The changes to {} were saved.",
		"disabled":      "{} is disabled: it is refused until it is enabled again.",
		"enabled":       "{} is enabled.",
		"rolled":        "{} has a new secret.",
		"overlap-ended": "The earlier secret of {} no longer works.",
		"one-secret":    "{} has one secret alone; no other works.",
		"deleted":       "The token was deleted. None of its secrets works any more.",
	}[v.URL.Query().Get("done")]
	if name == "" {
		name = "The token"
	}
	return Notice{Text: strings.ReplaceAll(words, "{}", name)}
}

// statusBadge says whether a token works at this moment, but for address and permission.
func statusBadge(token control.Credential, now time.Time) Badge {
	switch token.Usable(now) {
	case leastkey.Granted:
		return Badge{Good, "Active"}
	case leastkey.CredentialDisabled:
		return Badge{Quiet, "Disabled"}
	case leastkey.CredentialExpired:
		return Badge{Bad, "Expired"}
	case leastkey.CredentialNotYetValid:
		return Badge{Accent, "Not yet valid"}
	default:
		return Badge{Bad, "Not usable"}
	}
}
