package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/wire"
)

// operatorImportCredentials reads each line by itself, so that each that is wrong is named.
func (a *API) operatorImportCredentials(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	var lines api.CredentialLines
	if err := decode(body, &lines); err != nil {
		return answer{}, err
	}
	owners, err := a.owners(ctx)
	if err != nil {
		return answer{}, err
	}
	specs := make([]control.CredentialSpec, len(lines))
	for i, line := range lines {
		var err error
		if specs[i], err = a.importSpec(line, owners); err != nil {
			specs[i] = control.CredentialSpec{Wrong: err.Error()}
		}
	}
	got, err := a.control.ImportCredentials(ctx, control.Operator(), specs, r.URL.Query().Get("dry_run") == "true")
	if err != nil {
		return answer{}, err
	}
	shown := api.ImportedCredentials{Done: got.Done, Imported: got.Imported, Unchanged: got.Unchanged}
	for _, refused := range got.Refused {
		shown.Refused = append(shown.Refused, api.ResourceRefusal{Index: refused.Index, Message: refused.Message})
	}
	return ok(shown)
}

// owners are those that lines can name, in each way.
func (a *API) owners(ctx context.Context) (map[string]leastkey.Principal, error) {
	users, err := a.control.Users(ctx, control.Operator())
	if err != nil {
		return nil, err
	}
	accounts, err := a.control.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return nil, err
	}
	named := map[string]leastkey.Principal{}
	for _, u := range users {
		named["user:"+u.ID.String()], named["user:"+u.Email] = leastkey.UserOf(u.ID), leastkey.UserOf(u.ID)
	}
	called := map[string]int{}
	for _, account := range accounts {
		name := "account:" + strings.ToLower(account.Name)
		called[name]++
		named[name] = leastkey.AccountOf(account.ID)
	}
	for name, count := range called {
		if count > 1 {
			delete(named, name) // which of them is not said
		}
	}
	for _, account := range accounts { // last, so that nobody is named by an id that is another's
		named["account:"+account.ID.String()] = leastkey.AccountOf(account.ID)
	}
	return named, nil
}

// importSpec reads one line. The error never repeats a secret.
func (a *API) importSpec(line []byte, owners map[string]leastkey.Principal) (control.CredentialSpec, error) {
	var row api.CredentialImport
	if err := row.UnmarshalJSON(line); err != nil {
		return control.CredentialSpec{}, err
	}
	spec := control.CredentialSpec{}
	if !row.IssuedOn.IsZero() {
		spec.IssuedOn = row.IssuedOn.UTC().Truncate(time.Microsecond) // as the store keeps it
	}
	var known bool
	if spec.Owner, known = owners[strings.ToLower(row.Owner)]; !known {
		return spec, &api.FieldError{Pointer: "/owner", Message: "no such owner, or several: write user:EMAIL or account:NAME, or either with an id"}
	}
	shape := leastkey.ForeignTokenSecret
	switch row.Kind {
	case "", api.ImportToken:
		spec.Kind = leastkey.Token
	case api.ImportGlobalKey:
		spec.Kind, shape = leastkey.GlobalAPIKey, leastkey.GlobalKeySecret
	case api.ImportOriginCAKey:
		spec.Kind, shape = leastkey.ServiceKey, leastkey.ServiceKeySecret
	default:
		return spec, &api.FieldError{Pointer: "/kind", Message: "want token, global_api_key or origin_ca_key"}
	}
	var err error
	if spec.Hash, spec.Tail, err = importedSecret(row, a.control.Brand(), shape); err != nil {
		return spec, err
	}
	if spec.Kind != leastkey.Token {
		if row.Token.Policies.Present || row.Token.Name.Present {
			return spec, &api.FieldError{Pointer: "/kind", Message: "a key has neither name nor policies: it may do what its user may"}
		}
		return spec, nil
	}
	spec.Token, err = wire.SpecOf(a.control.Catalog(), row.Token)
	return spec, err
}

// importedSecret is what is kept of the secret of a line.
func importedSecret(row api.CredentialImport, brand leastkey.Brand, shape leastkey.SecretKind) (leastkey.SecretHash, string, error) {
	wrong := func(pointer, why string) (leastkey.SecretHash, string, error) {
		return leastkey.SecretHash{}, "", &api.FieldError{Pointer: pointer, Message: why}
	}
	switch {
	case (row.Secret == "") == (row.SHA256 == ""):
		return wrong("/secret", "give one of secret and sha256")
	case row.SHA256 != "":
		sum, err := hex.DecodeString(row.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return wrong("/sha256", "want SHA-256 of the secret in 64 hex digits")
		}
		return leastkey.ImportedHash([sha256.Size]byte(sum)), "", nil
	}
	secret, kind, err := brand.ParseAny(row.Secret)
	switch {
	case err != nil:
		return wrong("/secret", err.Error())
	case kind == leastkey.UserTokenSecret || kind == leastkey.AccountTokenSecret:
		kind = leastkey.ForeignTokenSecret // of another installation
	}
	if kind != shape {
		return wrong("/secret", "it has not the shape of the kind: clients tell a Global API Key by 37 lower-case hex digits, and an Origin CA Key by v1.0- in front")
	}
	return secret.ImportedHash(), secret.Tail(), nil
}
