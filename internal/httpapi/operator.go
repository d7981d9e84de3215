package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// Operator serves the operator's routes. Whoever can reach it is the operator, so it belongs on a
// socket that only the operator can open, and nowhere else. dashboard is where people find that,
// such as "https://tokens.example.com"; signer signs checkpoints of the audit log.
func (a *API) Operator(dashboard string, signer *audit.Signer) http.Handler {
	mux := http.NewServeMux()
	for _, route := range a.operatorTable(dashboard, signer) {
		mux.HandleFunc(withBase(route.pattern), func(w http.ResponseWriter, r *http.Request) {
			got, err := route.answer(w, r)
			if err != nil {
				a.fail(w, r, a.recordOperatorFailure(r.Context(), route.act, err))
				return
			}
			api.Write(w, http.StatusOK, got)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, errNoRoute) })
	return mux
}

// operatorRoute is one of the operator's routes.
type operatorRoute struct {
	pattern string
	handle  func(context.Context, *http.Request, []byte) (answer, error)
	act     string // as audit rows have it; empty for a route that changes nothing
}

func (a *API) operatorTable(dashboard string, signer *audit.Signer) []operatorRoute {
	return []operatorRoute{
		{"GET /users", a.operatorUsers, ""},
		{"POST /users", a.operatorCreateUser, "user.create"},
		{"PATCH /users/{id}", a.operatorUpdateUser, "user.update"},
		{"POST /users/{id}/global_api_key", a.operatorRollGlobalKey, "user.key"},
		{"DELETE /users/{id}/global_api_key", a.operatorDisableGlobalKey, "user.key_disable"},
		{"DELETE /users/{id}/identities", a.operatorUnlink, "user.unlink"},
		{"GET /users/{id}/tokens", a.operatorForeseeUser, ""},
		{"POST /users/{id}/sign_in_link", a.operatorSignInLink(dashboard), "user.sign_in_link"},
		{"GET /accounts", a.operatorAccounts, ""},
		{"POST /accounts", a.operatorCreateAccount, "account.create"},
		{"GET /accounts/{id}/members", a.operatorMembers, ""},
		{"POST /accounts/{id}/members", a.operatorAddMember, "member.add"},
		{"GET /accounts/{id}/members/{mid}/tokens", a.operatorForeseeMember, ""},
		{"POST /accounts/{id}/invitations", a.operatorInvite(dashboard), "member.invite"},
		{"PUT /accounts/{id}/members/{mid}", a.operatorUpdateMember, "member.update"},
		{"DELETE /accounts/{id}/members/{mid}", a.operatorRemoveMember, "member.remove"},
		{"GET /accounts/{id}/roles", a.operatorRoles, ""},
		{"POST /accounts/{id}/roles", a.operatorCreateRole, "role.create"},
		{"PUT /accounts/{id}/roles/{rid}", a.operatorReplaceRole, "role.update"},
		{"DELETE /accounts/{id}/roles/{rid}", a.operatorDeleteRole, "role.delete"},
		{"POST /accounts/{id}/roles/{rid}/tokens", a.operatorForeseeRole, ""},
		{"GET /resources", a.operatorResources, ""},
		{"POST /resources", a.operatorRegister, "resource.register"},
		{"POST /resources/import", a.operatorImport, "resource.import"},
		{"POST /credentials/import", a.operatorImportCredentials, "credential.import"},
		{"PATCH /resources/{type}/{id}", a.operatorChangeResource, "resource.rename"},
		{"GET /resources/{type}/{id}/tokens", a.operatorConsequences, ""},
		{"DELETE /resources/{type}/{id}", a.operatorUnregister, "resource.remove"},
		{"POST /catalog/diff", a.operatorCatalogDiff, ""},
		{"GET /doctor", a.operatorDoctor, ""},
		{"GET /audit", a.operatorAudit, ""},
		{"GET /audit/entries", a.operatorAuditEntries, ""},
		{"GET /audit/checkpoint", a.operatorAuditCheckpoint(signer), ""},
	}
}

func (o operatorRoute) answer(w http.ResponseWriter, r *http.Request) (answer, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestOf(o.pattern)))
	if err != nil {
		return answer{}, unreadable(err)
	}
	return o.handle(r.Context(), r, body)
}

// recordOperatorFailure is recordFailure for the operator.
func (a *API) recordOperatorFailure(ctx context.Context, act string, err error) error {
	why, refused := wordsOf(err)
	if act == "" || !refused || control.Recorded(err) {
		return err
	}
	return cmp.Or(a.control.Refuse(ctx, control.Operator(), control.Refusal{Action: act, Why: why}), err)
}

// withBase puts the operator's base path into a pattern "METHOD /path".
func withBase(pattern string) string {
	for i := range pattern {
		if pattern[i] == ' ' {
			return pattern[:i+1] + api.OperatorPath + pattern[i+1:]
		}
	}
	return pattern
}

func (a *API) operatorUsers(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
	users, err := a.control.Users(ctx, control.Operator())
	if err != nil {
		return answer{}, err
	}
	shown := make([]api.OperatorUser, len(users))
	for i, u := range users {
		shown[i] = operatorUser(u)
	}
	return all(shown)
}

func (a *API) operatorCreateUser(ctx context.Context, _ *http.Request, body []byte) (answer, error) {
	var request api.OperatorUserCreate
	if err := decode(body, &request); err != nil {
		return answer{}, err
	}
	made, err := a.control.CreateUser(ctx, control.Operator(), control.UserSpec{
		Email: request.Email, FirstName: request.FirstName, LastName: request.LastName, Password: request.Password.Reveal(),
	})
	if err != nil {
		return answer{}, err
	}
	shown := operatorUser(made.User)
	shown.Password, shown.GlobalAPIKey = api.ShowOnce(made.Password), api.ShowOnce(made.GlobalKey.Reveal())
	return ok(shown)
}

func (a *API) operatorUpdateUser(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	id, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	var request api.OperatorUserUpdate
	if err := decode(body, &request); err != nil {
		return answer{}, err
	}
	if request.Disabled == nil {
		return answer{}, &api.FieldError{Pointer: "/disabled", Message: "want true or false"}
	}
	user, err := a.control.SetUserDisabled(ctx, control.Operator(), id, *request.Disabled)
	if err != nil {
		return answer{}, err
	}
	return ok(operatorUser(user))
}

func (a *API) operatorRollGlobalKey(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	id, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	rolled, err := a.control.RollGlobalKey(ctx, control.Operator(), id)
	if err != nil {
		return answer{}, err
	}
	shown := operatorUser(rolled.User)
	shown.GlobalAPIKey = api.ShowOnce(rolled.GlobalKey.Reveal())
	return ok(shown)
}

func (a *API) operatorDisableGlobalKey(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	id, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	user, err := a.control.DisableGlobalKey(ctx, control.Operator(), id)
	if err != nil {
		return answer{}, err
	}
	return ok(operatorUser(user))
}

func (a *API) operatorUnlink(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	id, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	user, err := a.control.Unlink(ctx, control.Operator(), id)
	if err != nil {
		return answer{}, err
	}
	return ok(operatorUser(user))
}

// signInLinkLife is how long a link waits to be used.
const signInLinkLife = time.Hour

func (a *API) operatorSignInLink(dashboard string) func(context.Context, *http.Request, []byte) (answer, error) {
	return func(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
		id, err := pathID(r, "id")
		if err != nil {
			return answer{}, err
		}
		code, ends, err := a.control.MakeSignInLink(ctx, control.Operator(), id, signInLinkLife)
		if err != nil {
			return answer{}, err
		}
		return ok(api.OperatorSignInLink{URL: api.ShowOnce(dashboard + "/sign-in/link?code=" + code), ExpiresOn: api.At(ends)})
	}
}

func (a *API) operatorAccounts(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
	rows, err := a.control.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return answer{}, err
	}
	shown := make([]api.Account, len(rows))
	for i, row := range rows {
		shown[i] = shownAccount(row)
	}
	return all(shown)
}

func (a *API) operatorCreateAccount(ctx context.Context, _ *http.Request, body []byte) (answer, error) {
	var request api.OperatorAccount
	if err := decode(body, &request); err != nil {
		return answer{}, err
	}
	row, err := a.control.CreateAccount(ctx, control.Operator(), request.Name)
	if err != nil {
		return answer{}, err
	}
	return ok(shownAccount(row))
}

func (a *API) operatorMembers(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	account, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	rows, err := a.control.Members(ctx, control.Operator(), account)
	if err != nil {
		return answer{}, err
	}
	return all(a.shownMembers(rows))
}

func (a *API) operatorAddMember(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	account, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	row, err := a.addMemberTo(ctx, control.Operator(), account, body)
	return a.memberAnswer(row, err)
}

func (a *API) operatorUpdateMember(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	account, id, err := pathMember(r)
	if err != nil {
		return answer{}, err
	}
	row, err := a.setRolesOf(ctx, control.Operator(), account, id, body)
	return a.memberAnswer(row, err)
}

func (a *API) operatorRemoveMember(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	account, id, err := pathMember(r)
	if err != nil {
		return answer{}, err
	}
	if err := a.control.RemoveMember(ctx, control.Operator(), account, id); err != nil {
		return answer{}, err
	}
	return ok(api.Deleted{ID: id.String()})
}

func operatorUser(u control.User) api.OperatorUser {
	return api.OperatorUser{ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName,
		Disabled: u.Disabled, CreatedOn: api.At(u.CreatedOn)}
}

// all is a list that comes whole.
func all[T any](items []T) (answer, error) {
	return erased(api.Page(items, api.PageOf(1, max(1, len(items)), len(items)))), nil
}

func pathID(r *http.Request, name string) (leastkey.ID, error) {
	id, err := leastkey.ParseID(r.PathValue(name))
	if err != nil {
		return leastkey.ID{}, &control.Error{Kind: control.NoSuch, Message: err.Error()}
	}
	return id, nil
}

func pathMember(r *http.Request) (account, id leastkey.ID, err error) {
	if account, err = pathID(r, "id"); err != nil {
		return account, id, err
	}
	id, err = pathID(r, "mid")
	return account, id, err
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return &api.FieldError{Message: "the body is not what this route takes: " + err.Error()}
	}
	return nil
}
