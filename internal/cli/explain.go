package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/leastkey/leastkey/api"
)

// whoamiCommand tells a credential what it is.
type whoamiCommand struct{}

// Run implements the command.
func (whoamiCommand) Run(ctx context.Context, a *app) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	self, err := c.Whoami(ctx)
	if err != nil {
		return err
	}
	return a.show(self, func(w io.Writer) error {
		owner := string(self.Owner.Type) + " " + self.Owner.ID.String()
		if self.Owner.Email != "" {
			owner = self.Owner.Email
		}
		s := summary{title: fmt.Sprintf("%s %q (%s) of %s, %s", self.Kind, self.Name, self.ID, owner, self.Status)}
		for _, text := range self.May {
			label, rest, found := strings.Cut(text, ": ")
			if !found || label != "May" && label != "May not" {
				label, rest = "", text
			}
			s.row(strings.ToLower(label), rest)
		}
		s.row("where", self.Where)
		s.row("when", self.When)
		if !self.SecretEndsOn.IsZero() {
			s.row("secret", "rolled: it works until "+instant(self.SecretEndsOn))
		}
		s.row("asks from", self.Address)
		return s.write(w)
	})
}

// explainCommand says why a request would be allowed or refused.
type explainCommand struct {
	TokenID string   `name:"token-id" placeholder:"ID" help:"The token that would make the request, which your credential may read. Default: your own credential."`
	Header  []string `sep:"none" placeholder:"\"NAME: VALUE\"" help:"A header field of the request. May be given several times."`
	Body    string   `placeholder:"JSON" help:"The body of the request, where it says what it acts on."`
	IP      string   `name:"ip" placeholder:"ADDRESS" help:"The client's address. Default: yours."`
	Method  string   `arg:"" help:"Such as PATCH."`
	Path    string   `arg:"" help:"Path, such as /client/v4/zones, or the whole address."`
}

// errRefused is the answer no, which was told.
var errRefused = errors.New("the request would be refused")

// Run implements the command.
func (cmd *explainCommand) Run(ctx context.Context, a *app) error {
	request := api.ExplainRequest{Method: strings.ToUpper(cmd.Method), Path: cmd.Path, IP: cmd.IP, TokenID: cmd.TokenID}
	if cmd.TokenID != "" && !isID(cmd.TokenID) {
		return errors.New("--token-id: want the id of a token, 32 lower-case hex digits, and never the token itself")
	}
	for _, field := range cmd.Header {
		name, value, ok := strings.Cut(field, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return errors.New(`--header: want "NAME: VALUE"`) // not repeated: it may hold a secret
		}
		if request.Header == nil {
			request.Header = map[string]string{}
		}
		request.Header[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if cmd.Body != "" {
		if !json.Valid([]byte(cmd.Body)) {
			return errors.New("--body is not JSON")
		}
		request.Body = json.RawMessage(cmd.Body)
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	e, err := c.Explain(ctx, request)
	if err != nil {
		return err
	}
	err = a.show(e, func(w io.Writer) error {
		if err := explained(e).write(w); err != nil {
			return err
		}
		for _, part := range []error{
			showAddition(w, "Add this policy", e.Addition),
			showAddition(w, "A token with this policy could do it", e.Enough),
		} {
			if part != nil {
				return part
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !e.Allowed {
		return errRefused
	}
	return nil
}

// explained is an explanation for people.
func explained(e api.Explanation) summary {
	s := summary{title: fmt.Sprintf("Allowed: %s %s", e.Request.Method, e.Request.Path)}
	if !e.Allowed {
		s.title = fmt.Sprintf("Refused (%d): %s %s", e.Status, e.Request.Method, e.Request.Path)
		s.row("because", e.Reason)
	}
	if op := e.Operation; op != nil {
		s.row("operation", op.Route)
		var groups []string
		for _, g := range op.AnyOf {
			groups = append(groups, g.Name)
		}
		if len(groups) > 0 {
			s.row("needs", strings.Join(groups, " or ")+" on "+e.Target)
		}
	}
	if e.Policy != nil {
		s.row("policy", fmt.Sprintf("number %d (%s), which says %s", e.Policy.Index+1, e.Policy.ID, e.Policy.Effect))
	}
	if e.Instead != "" {
		s.row("instead", e.Instead)
	}
	return s
}

// showAddition prints policies to be copied, and the link that proposes them.
func showAddition(w io.Writer, lead string, addition *api.ExplainAddition) error {
	if addition == nil {
		return nil
	}
	if !addition.Certain {
		lead += ", which allows it if the owner of the token may do it and it exists (a token is not told more)"
	}
	text, err := json.MarshalIndent(addition.Policies, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%s:\n%s\n", lead, printable(string(text)))
	if err == nil && addition.DashboardURL != "" {
		_, err = fmt.Fprintf(w, "\nProposed in the dashboard:\n%s\n", oneLine(addition.DashboardURL))
	}
	return err
}
