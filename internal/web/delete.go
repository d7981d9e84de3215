package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) deleteRoutes() []route {
	return []route{
		{http.MethodGet, "{home}/api-tokens/{id}/delete", signedIn, s.askDelete},
		{http.MethodPost, "{home}/api-tokens/{id}/delete", signedIn, s.delete},
	}
}

// deletePage is the body of the page "delete".
type deletePage struct {
	Path, Name string // of the token
	May, Where string // in short
	Status     Badge
	LastUsed   Moment
	Address    string // of the last use; "" when it is not known
	Operation  string // of the last use; "" when it is not known
	Typed      bool   // the name must be typed
}

// inUse is how recently a token was used that is thought to be in use still.
const inUse = 24 * time.Hour

// tokenToDelete reads the token, and whether its name must be typed.
func (s *Site) tokenToDelete(ctx context.Context, v *visit) (token control.Credential, typed bool, err error) {
	id, err := v.id()
	if err != nil {
		return token, false, err
	}
	token, err = s.Control.Token(ctx, s.caller(v, "GET /tokens/{token_id}"), v.owner, id)
	used := token.LastUsedOn
	return token, !used.IsZero() && s.Now().Sub(used) < inUse, err
}

func (s *Site) askDelete(ctx context.Context, v *visit) (answer, error) {
	token, typed, err := s.tokenToDelete(ctx, v)
	if err != nil {
		return answer{}, err
	}
	return s.deleteForm(ctx, v, token, typed)
}

func (s *Site) deleteForm(ctx context.Context, v *visit, token control.Credential, typed bool, problems ...FieldError) (answer, error) {
	uses, err := s.Control.Uses(ctx, s.caller(v, "GET /tokens/{token_id}"), v.owner, token.ID)
	if err != nil {
		return answer{}, err
	}
	lines, err := s.tokenLines(ctx, v, []control.Credential{token})
	if err != nil {
		return answer{}, err
	}
	page := deletePage{
		Path: tokenPath(v, token.ID), Name: token.Name, May: lines[0].May, Where: lines[0].Where, Status: statusBadge(token, s.Now()),
		LastUsed: Moment{token.LastUsedOn, "Never"}, Typed: typed,
	}
	if len(uses) > 0 {
		page.Operation = uses[0].Operation
		if uses[0].Addr.IsValid() {
			page.Address = uses[0].Addr.String()
		}
	}
	view := View{
		Title: "Delete " + token.Name, Nav: v.nav(v.home + "/api-tokens"), Back: Link{"Back to the token", page.Path},
		Errors: problems, Body: page,
	}
	if len(problems) > 0 {
		return refused("delete", view), nil
	}
	return show("delete", view), nil
}

func (s *Site) delete(ctx context.Context, v *visit) (answer, error) {
	token, typed, err := s.tokenToDelete(ctx, v)
	if err != nil {
		return answer{}, err
	}
	if name := strings.TrimSpace(v.form.Get("name")); typed && name != token.Name {
		return s.deleteForm(ctx, v, token, typed, FieldError{"name", "This is not the name of the token. Type it as it stands above."})
	}
	if err := s.Control.DeleteToken(ctx, s.caller(v, "DELETE /tokens/{token_id}"), v.owner, token.ID); err != nil {
		return answer{}, err
	}
	return seeOther(v.home + "/api-tokens?done=deleted"), nil
}
