package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) rollRoutes() []route {
	return []route{
		{http.MethodGet, "{home}/api-tokens/{id}/roll", signedIn, s.askRoll},
		{http.MethodPost, "{home}/api-tokens/{id}/roll", signedIn, s.roll},
		{http.MethodPost, "{home}/api-tokens/{id}/end-overlap", signedIn, s.endOverlap},
	}
}

// rollPage is the body of the page "roll".
type rollPage struct {
	Path    string // of the token
	Secrets []knownSecret
	Notes   []string
	Overlap string // the value of one of Overlaps
	Hours   string // as typed
	Once    string
	Confirm proofAsked
}

// knownSecret is what is known of a secret.
type knownSecret struct {
	Tail           string
	Made, LastUsed Moment
	Until          Moment
}

// otherOverlap is the choice that goes with a number of hours.
const otherOverlap = "other"

// longestOverlap is in hours.
const longestOverlap = 7 * 24

// Overlaps are the choices.
func (rollPage) Overlaps() []Option {
	return []Option{
		{Value: "0", Label: "Not at all", Hint: "Whatever still sends the old secret is refused at once. Choose this when somebody may have seen it."},
		{Value: "1", Label: "1 hour"},
		{Value: "24", Label: "1 day"},
		{Value: "168", Label: "7 days"},
		{Value: otherOverlap, Label: "As many hours as typed below"},
	}
}

func (s *Site) askRoll(ctx context.Context, v *visit) (answer, error) {
	once, err := s.newOnce()
	if err != nil {
		return answer{}, err
	}
	return s.rollForm(ctx, v, rollPage{Overlap: "0", Once: once})
}

// rollForm shows the form with what was chosen so far, and what is wrong with it.
func (s *Site) rollForm(ctx context.Context, v *visit, page rollPage, problems ...FieldError) (answer, error) {
	id, err := v.id()
	if err != nil {
		return answer{}, err
	}
	token, err := s.Control.Token(ctx, s.caller(v, "GET /tokens/{token_id}"), v.owner, id)
	if err != nil {
		return answer{}, err
	}
	now := s.Now()
	page.Path, page.Secrets = tokenPath(v, id), knownSecrets(token, now)
	if page.Confirm, err = s.proofAsked(ctx, v); err != nil {
		return answer{}, err
	}
	switch badge := statusBadge(token, now); badge.Text {
	case "Active", "Not yet valid":
	default:
		page.Notes = append(page.Notes, "The token is "+strings.ToLower(badge.Text)+", and rolling does not change that: the new secret is refused as well.")
	}
	if len(page.Secrets) > 1 {
		page.Notes = append(page.Notes, "Two secrets work at this moment. The earlier one, which ends in "+page.Secrets[1].Tail+
			", stops at once when you roll again, whatever you choose here.")
	}
	view := View{
		Title: "Roll " + token.Name, Nav: v.nav(v.home + "/api-tokens"), Back: Link{"Back to the token", page.Path},
		Errors: problems, Body: page,
	}
	if len(problems) > 0 {
		return refused("roll", view), nil
	}
	return show("roll", view), nil
}

// knownSecrets are those that work, the newest first.
func knownSecrets(token control.Credential, now time.Time) []knownSecret {
	var known []knownSecret
	for _, secret := range token.Secrets {
		if secret.LiveAt(now) {
			known = append(known, knownSecret{
				Tail: secret.Tail, Made: Moment{Time: secret.CreatedOn}, LastUsed: Moment{secret.LastUsedOn, "Never"},
				Until: Moment{secret.Until, "Until it is rolled"},
			})
		}
	}
	return known
}

func (s *Site) roll(ctx context.Context, v *visit) (answer, error) {
	id, err := v.id()
	if err != nil {
		return answer{}, err
	}
	once, err := v.once()
	if err != nil {
		return answer{}, err
	}
	page := rollPage{Overlap: v.form.Get("overlap"), Hours: strings.TrimSpace(v.form.Get("hours")), Once: once.String()}
	overlap, problem := page.overlap()
	if problem.Message != "" {
		return s.rollForm(ctx, v, page, problem)
	}
	if wrong, err := s.prove(ctx, v); err != nil {
		return answer{}, err
	} else if wrong != "" {
		return s.rollForm(ctx, v, page, FieldError{"password", wrong})
	}
	caller := s.caller(v, "PUT /tokens/{token_id}/value")
	caller.Once = once
	token, secret, err := s.Control.RollToken(ctx, caller, v.owner, id, overlap)
	var refusal *control.Error
	switch {
	case err == nil:
	case isKind(err, control.Unconfirmed):
		v.session.ConfirmedOn = time.Time{}
		return s.rollForm(ctx, v, page, s.proofMissing(v))
	case isKind(err, control.Repeated):
		return doneAlready(v, "The token was rolled by this form, once. The new secret was shown then, and is not kept. If it was not copied, roll again.",
			Link{"Go to the token", tokenPath(v, id)}), nil
	case isKind(err, control.Invalid), isKind(err, control.CheckFailed):
		errors.As(err, &refusal)
		return s.rollForm(ctx, v, page, FieldError{"", sentence(refusal.Message)})
	default:
		return answer{}, err
	}
	body := s.newTokenSecret(v, token, secret)
	body.Notes = rollNotes(token)
	return show("secret", View{Title: "Rolled " + token.Name, Nav: v.nav(v.home + "/api-tokens"), Body: body}), nil
}

// rollNotes say what became of the old secret.
func rollNotes(token control.Credential) []string {
	if len(token.Secrets) > 1 {
		old := token.Secrets[1]
		return []string{fmt.Sprintf("The old secret, which ends in %s, works until %s. You can end it earlier on the page of the token.", old.Tail, Moment{Time: old.Until})}
	}
	return []string{"The old secret no longer works."}
}

// overlap reads how long the old secret shall live on.
func (p rollPage) overlap() (time.Duration, FieldError) {
	typed := p.Overlap
	switch typed {
	case otherOverlap:
		typed = p.Hours
	case "0", "1", "24", "168":
		if p.Hours != "" {
			return 0, FieldError{"hours", "Leave the hours empty, or choose “As many hours as typed below”."}
		}
	default:
		return 0, FieldError{"overlap", "Choose for how long the old secret works on."}
	}
	hours, err := strconv.ParseUint(typed, 10, 16)
	if err != nil || hours > longestOverlap {
		return 0, FieldError{"hours", fmt.Sprintf("Type a whole number of hours from 0 to %d.", longestOverlap)}
	}
	return time.Duration(hours) * time.Hour, FieldError{}
}

func (s *Site) endOverlap(ctx context.Context, v *visit) (answer, error) {
	id, err := v.id()
	if err != nil {
		return answer{}, err
	}
	_, err = s.Control.EndOverlap(ctx, s.caller(v, "PUT /tokens/{token_id}/value"), v.owner, id)
	done := "overlap-ended"
	if isKind(err, control.Invalid) { // it ended by itself, or by another click
		done, err = "one-secret", nil
	}
	if err != nil {
		return answer{}, err
	}
	return seeOther(tokenPath(v, id) + "?done=" + done), nil
}
