package httpapi_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// spec is the document that clients are generated from.
type spec struct {
	*openapi3.T
	seen map[string][]int // statuses that were held against it, by operation
}

func document(t *testing.T) *spec {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return &spec{doc, map[string][]int{}}
}

// The document, the catalogue and what is served have the same operations. That every operation
// of the catalogue has a handler and every handler an operation, New itself refuses to do without.
func TestDocumentHasTheRoutesOfTheCatalogue(t *testing.T) {
	promised, granted := map[string]bool{}, map[string]bool{}
	for path, item := range document(t).Paths.Map() {
		for method := range item.Operations() {
			promised[method+" "+baseOf(item)+path] = true
		}
	}
	for _, op := range TheCatalog().Operations() {
		if op.Control {
			granted[op.String()] = true
		}
	}
	if !maps.Equal(promised, granted) {
		t.Errorf("document %v\ncatalogue %v", slices.Sorted(maps.Keys(promised)), slices.Sorted(maps.Keys(granted)))
	}
}

// baseOf is what the paths of the document are below.
func baseOf(item *openapi3.PathItem) string {
	if len(item.Servers) > 0 {
		return item.Servers[0].URL
	}
	return Base
}

// check holds one answer to the document: its status, content type, header fields and body.
func (s *spec) check(t *testing.T, operation string, r *http.Request, a Answer) {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	item := s.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		t.Fatalf("the document has no %s", operation)
	}
	route := &routers.Route{Spec: s.T, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}
	if route.Operation.Responses.Value(strconv.Itoa(a.Status)) == nil && a.Status < 500 && a.Status != 413 {
		t.Errorf("%s: status %d is not in the document", operation, a.Status)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route},
		Status:                 a.Status, Header: a.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	in.SetBodyBytes(a.Body)
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s: %d %s\n%v", operation, a.Status, a.Body, err)
	}
	s.seen[operation] = append(s.seen[operation], a.Status)
}

// checkRequest holds a request body that the server takes to the document.
func (s *spec) checkRequest(t *testing.T, operation string, body any) {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	described := s.Paths.Value(path).GetOperation(method).RequestBody
	if body == nil && described == nil {
		return
	}
	if described == nil {
		t.Errorf("%s takes a body, and the document has none", operation)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	if body == nil && !described.Value.Required {
		return
	}
	schema := described.Value.Content["application/json"].Schema.Value
	if err := schema.VisitJSON(decoded, openapi3.EnableJSONSchema2020(), openapi3.VisitAsRequest()); err != nil {
		t.Errorf("%s: body %s\n%v", operation, text, err)
	}
}

// step is one request of a story. Names in braces stand for ids that earlier steps made.
type step struct {
	operation string
	body      any
	keep      string // the name under which to keep the id of the result
	by        Credential
}

// story uses every operation once at least, with success.
func story(t *testing.T, n *Node, guest Person) []step {
	policies := []Policy{
		n.Allow(t, On(ZoneKey(n.Ada.Zones[0]), ZoneKey(n.Ada.Zones[1])), "DNS Write", "Zone Read"),
		n.Deny(t, ZonesOf(n.Ada.Account), "DNS Read"),
	}
	full := Object{"name": "full", "policies": policies, "not_before": Epoch, "expires_on": Epoch.AddDate(1, 0, 0), "status": "active",
		"condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/24", "2001:db8::/32"}, "not_in": []string{"192.0.2.7"}}}}
	bare := Object{"name": "bare", "policies": []Policy{}}
	role := n.Role(t, "Administrator Read Only").String()
	invite := step{operation: "POST /accounts/{account_id}/members", body: Object{"email": guest.Email, "roles": []string{role}}, keep: "member_id"}
	steps := []step{
		{operation: "GET /whoami"},
		{operation: "POST /explain", body: Object{"method": "GET", "path": "/client/v4/zones"}},
		{operation: "POST /explain", body: Object{"method": "POST", "path": "https://api.example/client/v4/zones", "ip": "192.0.2.9",
			"header": Object{"Content-Type": "application/json"}, "body": Object{"account": Object{"id": "x"}}}},
		{operation: "GET /user"},
		{operation: "PATCH /user", body: Object{"first_name": "Ada", "last_name": nil}},
		{operation: "GET /user"},
		{operation: "GET /accounts"},
		{operation: "GET /accounts/{account_id}"},
		{operation: "PUT /accounts/{account_id}", body: Object{"name": "Ada & Co"}},
		{operation: "GET /accounts/{account_id}/roles"},
		{operation: "GET /accounts/{account_id}/roles/{role_id}"},
		invite,
		{operation: "GET /accounts/{account_id}/members"},
		{operation: "GET /accounts/{account_id}/members/{member_id}"},
		{operation: "PUT /accounts/{account_id}/members/{member_id}", body: Object{"roles": []Object{{"id": role}}}},
		{operation: "DELETE /accounts/{account_id}/members/{member_id}"},
		invite,
		{operation: "GET /memberships", by: guest.ByKey()},
		{operation: "GET /memberships/{member_id}", by: guest.ByKey()},
		{operation: "PUT /memberships/{member_id}", body: Object{"status": "accepted"}, by: guest.ByKey()},
		{operation: "PUT /memberships/{member_id}", body: Object{"status": "rejected"}, by: guest.ByKey()},
		invite,
		{operation: "DELETE /memberships/{member_id}", by: guest.ByKey()},
	}
	for _, owner := range []string{"/user", "/accounts/{account_id}"} {
		for _, s := range []step{
			{operation: "GET /permission_groups"},
			{operation: "POST ", body: full, keep: "token_id"},
			{operation: "GET "},
			{operation: "GET /verify"},
			{operation: "GET /{token_id}"},
			{operation: "PUT /{token_id}", body: bare},
			{operation: "GET /{token_id}"},
			{operation: "PUT /{token_id}/value", body: Object{"overlap_seconds": 60}},
			{operation: "PUT /{token_id}/value"},
			{operation: "DELETE /{token_id}"},
		} {
			s.operation = strings.Replace(s.operation, " ", " "+owner+"/tokens", 1)
			steps = append(steps, s)
		}
	}
	return steps
}

// Every operation answers as the document says, when it succeeds and when it fails, and takes
// what the document says that it takes.
func TestAnswersMatchDocument(t *testing.T) {
	n, s := Start(t, Config{}), document(t)
	ada, guest := n.Ada.ByKey(), n.User(t, "guest@example.com")
	ids := map[string]string{"account_id": n.Ada.Account.String(), "role_id": n.Role(t, "Administrator").String()}
	bodies := map[string]any{}
	var token Credential
	for _, step := range story(t, n, guest) {
		by := step.by
		switch {
		case strings.HasSuffix(step.operation, "/verify"):
			by = token
		case by == nil:
			by = ada
		}
		operation := strings.Replace(step.operation, "memberships/{member_id}", "memberships/{membership_id}", 1)
		s.checkRequest(t, operation, step.body)
		bodies[operation] = step.body
		method, path := fillPath(step.operation, ids)
		r := Request(t, by, method, path, step.body)
		a := n.Send(r)
		if a.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", operation, a.Status, a.Body)
		}
		s.check(t, operation, r, a)
		if step.keep != "" {
			var made struct{ ID, Value string }
			a.Result(t, &made)
			ids[step.keep], token = made.ID, Bearer(made.Value)
		}
	}

	// What was made is gone by now, and what the guest's membership was.
	ids["membership_id"], ids["role_id"] = ids["member_id"], strings.Repeat("0", 32)
	weak := n.Mint(t, ada, "weak", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write")).Bearer()
	elsewhere := n.Mint(t, ada, "elsewhere")
	n.Must(t, ada, "PUT", "/user/tokens/"+elsewhere.ID, Object{"name": "elsewhere", "policies": []Policy{},
		"condition": Object{"request.ip": Object{"in": []string{"198.51.100.1"}}}}, nil)
	try := func(by Credential, body func(operation string) any) {
		for path, item := range s.Paths.Map() {
			for method := range item.Operations() {
				operation := method + " " + path
				_, at := fillPath(operation, ids)
				r := Request(t, by, method, at, body(operation))
				s.check(t, operation, r, n.Send(r))
			}
		}
	}
	none := func(string) any { return nil }
	for _, by := range []Credential{Nobody, Bearer("?"), Bearer(mint(t, leastkey.UserTokenSecret)), weak, elsewhere.Bearer()} {
		try(by, none)
	}
	try(ada, func(string) any { return "{" })
	try(ada, func(operation string) any { return bodies[operation] })
	try(ada, func(string) any { return strings.Repeat(" ", 1<<20+1) })
	n.State.Doubt()
	try(ada, none)

	for path, item := range s.Paths.Map() {
		for method := range item.Operations() {
			want := []int{200, 400, 401, 403, 503}
			if !strings.HasSuffix(path, "/verify") { // which no key may ask, and a token has asked above
				want = append(want, 413)
			}
			if strings.Contains(path, "{token_id}") || strings.Contains(path, "{member") || strings.Contains(path, "{role_id}") {
				want = append(want, 404)
			}
			operation := method + " " + path
			for _, status := range want {
				if !slices.Contains(s.seen[operation], status) {
					t.Errorf("%s was never brought to answer %d", operation, status)
				}
			}
		}
	}
}

func fillPath(operation string, ids map[string]string) (method, path string) {
	method, path, _ = strings.Cut(operation, " ")
	if path == "/whoami" || path == "/explain" {
		path = "/leastkey/v1" + path
	}
	for name, value := range ids {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return method, path
}

// Examples in the document are of the shape that they are an example of.
func TestDocumentExamples(t *testing.T) {
	tried := 0
	s := document(t)
	for _, item := range s.Paths.Map() {
		for _, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				for _, media := range response.Value.Content {
					if media.Example == nil {
						continue
					}
					tried++
					if err := media.Schema.Value.VisitJSON(media.Example, openapi3.EnableJSONSchema2020()); err != nil {
						t.Errorf("%s %s: %v", op.OperationID, status, err)
					}
				}
			}
		}
	}
	if tried == 0 {
		t.Error("no example was found")
	}
}
