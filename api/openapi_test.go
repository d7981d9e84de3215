package api_test

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	if err := document(t).Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Fatal(err)
	}
}

// A client generator needs a name for every operation, and every operation can fail for want of
// a credential.
func TestOperationsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" || seen[op.OperationID] {
				t.Errorf("%s %s: operationId %q is empty or taken", method, path, op.OperationID)
			}
			seen[op.OperationID] = true
			for _, status := range []string{"200", "400", "401", "403", "429", "503", "default"} {
				if op.Responses.Value(status) == nil {
					t.Errorf("%s %s: no response %s", method, path, status)
				}
			}
			if op.Responses.Value("409") != nil {
				t.Errorf("%s %s: promises a 409, which clients would retry", method, path)
			}
		}
	}
}

// What Go writes is what the document promises, with everything set and with as little as can be.
func TestTypesMatchDocument(t *testing.T) {
	doc := document(t)
	check := func(schema string, v any) {
		t.Run(schema, func(t *testing.T) {
			body, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			ref := doc.Components.Schemas[schema]
			if ref == nil {
				t.Fatalf("no schema %s", schema)
			}
			var decoded any
			if err := json.Unmarshal(body, &decoded); err != nil {
				t.Fatal(err)
			}
			if err := ref.Value.VisitJSON(decoded, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("%s\n%v", body, err)
			}
		})
	}
	full, bare := sampleToken(), api.Token{ID: tokenID, Name: "n", Status: api.StatusDisabled,
		IssuedOn: noon, ModifiedOn: noon, Policies: []api.Policy{}}
	check("TokenWithValue", full)
	full.Value = api.Secret{}
	check("Token", full)
	check("Token", bare)
	check("Verification", api.Verification{ID: tokenID, Status: api.StatusActive})
	check("PermissionGroup", api.PermissionGroup{ID: groupID, Name: "DNS Write", Scopes: []string{"com.cloudflare.api.account.zone"}, Category: "dns_and_zones"})
	check("User", api.User{ID: tokenID, Email: "ada@example.com", CreatedOn: noon, ModifiedOn: noon,
		Organizations: []api.Organization{{ID: tokenID, Name: "Example", Status: api.MemberAccepted}}})
	account := api.Account{ID: tokenID, Name: "Example", Type: "standard", CreatedOn: noon}
	role := api.Role{ID: groupID, Name: "Administrator", Permissions: map[string]api.Access{"dns_records": {Read: true, Write: true}}}
	check("Account", account)
	check("Role", role)
	check("Role", api.Role{ID: groupID, Name: "Nothing"})
	check("Member", api.Member{ID: tokenID, Email: "ada@example.com", Status: api.MemberAccepted, User: api.MemberUser{ID: tokenID, Email: "ada@example.com"}, Roles: []api.Role{role}})
	check("Membership", api.Membership{ID: tokenID, Status: api.MemberAccepted, Account: account})
	check("Success", api.OK(full, api.TokenValid()))
	check("List", api.Page([]api.Token{full}, api.PageOf(1, 20, 1)))
	check("Failure", api.Failed(api.MalformedKey(true, true)))
	check("Failure", api.Failed((&api.FieldError{Pointer: "/name", Message: "missing"}).Wire()))
	check("TokenRequest", api.TokenRequest{Name: api.Some("n"), Policies: api.Some(full.Policies),
		Condition: api.Some(full.Condition), ExpiresOn: api.Some(noon), NotBefore: api.Null[api.Time]()})
	check("Deleted", api.Deleted{ID: tokenID.String()})
	check("RollRequest", api.RollRequest{OverlapSeconds: 60})
	check("MemberCreate", api.MemberRequest{Email: api.Some("ada@example.com"), Roles: api.Some([]string{groupID.String()})})
}

var (
	tokenID = leastkey.MustParseID("6f0d3a5ce21f4c5e9f1d8a7b3c2e1d0f")
	groupID = leastkey.MustParseID("4755a26eedb94da69e1066d98aa820be")
)
