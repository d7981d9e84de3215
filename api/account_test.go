package api_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey/api"
)

func TestDecodeMemberRequest(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       api.MemberRequest
	}{
		{"create", `{"email":"ada@example.com","roles":["r1"],"status":"pending"}`, api.MemberRequest{Email: api.Some("ada@example.com"), Roles: api.Some([]string{"r1"})}},
		{"update with what was read", `{"id":"m","code":"","status":"accepted","user":{"id":"u"},"roles":[{"id":"r1","name":"Administrator","permissions":{}}],"policies":[]}`,
			api.MemberRequest{Roles: api.Some([]string{"r1"})}},
		{"absent is not empty", `{"roles":[]}`, api.MemberRequest{Roles: api.Some([]string{})}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := api.DecodeMemberRequest([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for body, pointer := range map[string]string{
		`{"roles":[1]}`:                                "/roles/0",
		`{"roles":[{"name":"Administrator"}]}`:         "/roles/0",
		`{"roles":"r1"}`:                               "/roles",
		`{"roles":["r1"],"policies":[{"access":"x"}]}`: "/policies",
		`{"email":"a","email":"b"}`:                    "/email",
	} {
		_, err := api.DecodeMemberRequest([]byte(body))
		var field *api.FieldError
		if !errors.As(err, &field) || field.Pointer != pointer {
			t.Errorf("%s: got %v, want an error at %s", body, err, pointer)
		}
	}
}

// Older clients read "edit", newer ones "write".
func TestAccessHasBothNames(t *testing.T) {
	if got, want := plain(t, api.Access{Read: true, Write: true}), `{"read":true,"edit":true,"write":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
