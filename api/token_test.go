package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

var noon = api.At(time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC))

const sampleSecret = "lkut_000000000000000000000000000000000000deadbeef"

func sampleToken() api.Token {
	in, _ := leastkey.ParseAddressRange("192.0.2.0/24")
	return api.Token{
		ID: leastkey.MustParseID("6f0d3a5ce21f4c5e9f1d8a7b3c2e1d0f"), Name: "edit <staging> & more", Status: api.StatusActive,
		IssuedOn: noon, ModifiedOn: noon, LastUsedOn: noon, NotBefore: noon,
		ExpiresOn: api.At(noon.In(time.FixedZone("", 3600))),
		Policies: []api.Policy{{
			ID: leastkey.MustParseID("00000000000000000000000000000001"), Effect: leastkey.Deny,
			Groups:    []api.PermissionGroupRef{{ID: leastkey.MustParseID("4755a26eedb94da69e1066d98aa820be"), Name: "DNS Write"}},
			Resources: json.RawMessage(`{"com.cloudflare.api.account.zone.*":"*"}`),
		}},
		Condition: api.Condition{In: []leastkey.AddressRange{in}},
		Value:     api.ShowOnce(sampleSecret),
	}
}

// The very bytes: order of members, absent where unset, both spellings of the condition.
func TestTokenGolden(t *testing.T) {
	const limit = `{"in":["192.0.2.0/24"]}`
	want := `{"result":{"id":"6f0d3a5ce21f4c5e9f1d8a7b3c2e1d0f","name":"edit <staging> & more","status":"active",` +
		`"issued_on":"2030-01-31T12:00:00Z","modified_on":"2030-01-31T12:00:00Z","last_used_on":"2030-01-31T12:00:00Z",` +
		`"not_before":"2030-01-31T12:00:00Z","expires_on":"2030-01-31T12:00:00Z",` +
		`"policies":[{"id":"00000000000000000000000000000001","effect":"deny",` +
		`"permission_groups":[{"id":"4755a26eedb94da69e1066d98aa820be","name":"DNS Write"}],` +
		`"resources":{"com.cloudflare.api.account.zone.*":"*"}}],` +
		`"condition":{"request.ip":` + limit + `,"request_ip":` + limit + `},"value":"` + sampleSecret + `"},` +
		`"success":true,"errors":[],"messages":[]}`
	if got := plain(t, api.OK(sampleToken())); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func plain(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// Law 6, shown once: only the body of an answer shows the secret; nothing printed or logged does.
func TestSecretShowsOnlyOnTheWire(t *testing.T) {
	token := sampleToken()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("made", "token", token, "value", token.Value)
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "token", token, "value", token.Value)
	hidden := struct{ value api.Secret }{token.Value}
	printed := fmt.Sprintf("%v %+v %#v %v", hidden, hidden, hidden, &hidden) + fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token.Value, token.Value, token.Value, token.Value) + log.String()
	if strings.Contains(printed, sampleSecret) || strings.Contains(printed, "deadbeef") {
		t.Errorf("a secret shows in %s", printed)
	}
	if !strings.Contains(plain(t, token), sampleSecret) {
		t.Error("the secret does not reach the caller")
	}
	var back api.Token
	if err := json.Unmarshal([]byte(plain(t, token)), &back); err != nil || back.Value.Reveal() != sampleSecret {
		t.Errorf("the secret does not come back: %v", err)
	}
}

// Bodies as real clients send them.
func TestDecodeTokenRequest(t *testing.T) {
	const group, zone = `4755a26eedb94da69e1066d98aa820be`, `com.cloudflare.api.account.zone.11111111111111111111111111111111`
	policies := []api.Policy{{Effect: leastkey.Allow,
		Groups:    []api.PermissionGroupRef{{ID: leastkey.MustParseID(group)}},
		Resources: json.RawMessage(`{"` + zone + `":"*"}`)}}
	in, _ := leastkey.ParseAddressRange("198.51.100.7/24")
	limited := api.Condition{In: []leastkey.AddressRange{in}}
	named := []api.Policy{policies[0]}
	named[0].ID = leastkey.MustParseID("00000000000000000000000000000001")
	named[0].Groups = []api.PermissionGroupRef{{ID: leastkey.MustParseID(group), Name: "DNS Write"}}

	for _, test := range []struct {
		name, body string
		want       api.TokenRequest
	}{
		{"cloudflare-go v0 create", `{"name":"n","policies":[{"effect":"allow","resources":{"` + zone + `":"*"},"permission_groups":[{"id":"` + group + `"}]}],"condition":{"request.ip":{"in":["198.51.100.7/24"]}}}`,
			api.TokenRequest{Name: api.Some("n"), Policies: api.Some(policies), Condition: api.Some(limited)}},
		{"cloudflare-go v0 sends back what it read", `{"id":"6f0d3a5ce21f4c5e9f1d8a7b3c2e1d0f","name":"n","status":"expired","issued_on":"2029-01-01T00:00:00Z","modified_on":"0001-01-01T00:00:00Z","expires_on":"2030-01-31T13:00:00+01:00","policies":[{"id":"00000000000000000000000000000001","effect":"allow","resources":{"` + zone + `":"*"},"permission_groups":[{"id":"` + group + `","name":"DNS Write","scopes":["com.cloudflare.api.account.zone"]}]}]}`,
			api.TokenRequest{Name: api.Some("n"), Status: api.Some(api.StatusExpired), ExpiresOn: api.Some(noon), Policies: api.Some(named)}},
		{"cloudflare-go v0 with a name alone", `{"name":"n"}`, api.TokenRequest{Name: api.Some("n")}},
		{"cloudflare-go v7 replace", `{"name":"n","policies":[{"effect":"allow","permission_groups":[{"id":"` + group + `","meta":null}],"resources":{"` + zone + `":"*"}}],"condition":{"request_ip":{"in":["198.51.100.0/24"]}},"status":"disabled"}`,
			api.TokenRequest{Name: api.Some("n"), Status: api.Some(api.StatusDisabled), Policies: api.Some(policies), Condition: api.Some(limited)}},
		{"terraform with nulls", `{"condition":null,"expires_on":null,"not_before":null,"status":null,"name":"n","policies":[]}`,
			api.TokenRequest{Name: api.Some("n"), Status: api.Null[api.TokenStatus](), NotBefore: api.Null[api.Time](), ExpiresOn: api.Null[api.Time](),
				Policies: api.Some([]api.Policy{}), Condition: api.Null[api.Condition]()}},
		{"an empty name is not an absent one", `{"name":""}`, api.TokenRequest{Name: api.Some("")}},
		{"junk", `{"name":"n","priority":0,"tags":null,"data":null,"settings":{},"created_on":"","value":7}`, api.TokenRequest{Name: api.Some("n")}},
		{"names are exact", `{"Name":"n","POLICIES":[{}]}`, api.TokenRequest{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := api.DecodeTokenRequest([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(leastkey.AddressRange{}), cmp.Comparer(sameRange)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func sameRange(a, b leastkey.AddressRange) bool { return a == b }

// What is refused, and where the refusal points.
func TestDecodeTokenRequestRefuses(t *testing.T) {
	policy := func(s string) string { return `{"policies":[` + s + `]}` }
	const groups = `"permission_groups":[{"id":"4755a26eedb94da69e1066d98aa820be"}]`
	for _, test := range []struct{ name, body, pointer string }{
		{"array", `[]`, ""},
		{"null", `null`, ""},
		{"not UTF-8", "{\"name\":\"\xff\"}", ""},
		{"twice", `{"name":"a","name":"b"}`, "/name"},
		{"twice, spelled otherwise", `{"name":"a","n\u0061me":"b"}`, "/name"},
		{"name is a number", `{"name":1}`, "/name"},
		{"status", `{"status":"on"}`, "/status"},
		{"empty status", `{"status":""}`, "/status"},
		{"empty end", `{"expires_on":""}`, "/expires_on"},
		{"end in the year 1 would be no end", `{"expires_on":"0001-01-01T00:00:00Z"}`, "/expires_on"},
		{"end beyond the calendar", `{"expires_on":"9999-12-31T23:59:59-12:00"}`, "/expires_on"},
		{"end as a date", `{"expires_on":"2030-01-31"}`, "/expires_on"},
		{"end as a number", `{"expires_on":1900000000}`, "/expires_on"},
		{"lax hour", `{"not_before":"2030-01-31T1:00:00Z"}`, "/not_before"},
		{"policies is an object", `{"policies":{}}`, "/policies"},
		{"policy is null", policy(`null`), "/policies/0"},
		{"no effect", policy(`{` + groups + `,"resources":{}}`), "/policies/0/effect"},
		{"effect in capitals", policy(`{"effect":"Allow",` + groups + `,"resources":{}}`), "/policies/0/effect"},
		{"no groups", policy(`{"effect":"allow","resources":{}}`), "/policies/0/permission_groups"},
		{"group without id", policy(`{"effect":"allow","permission_groups":[{"name":"DNS Write"}],"resources":{}}`), "/policies/0/permission_groups/0/id"},
		{"group id in capitals", policy(`{"effect":"allow","permission_groups":[{"id":"4755A26EEDB94DA69E1066D98AA820BE"}],"resources":{}}`), "/policies/0/permission_groups/0/id"},
		{"no resources", policy(`{"effect":"allow",` + groups + `}`), "/policies/0/resources"},
		{"resources as text", policy(`{"effect":"allow",` + groups + `,"resources":"*"}`), "/policies/0/resources"},
		{"resource twice", policy(`{"effect":"allow",` + groups + `,"resources":{"a":"*","a":{}}}`), "/policies/0/resources/a"},
		{"resource twice, within", policy(`{"effect":"allow",` + groups + `,"resources":{"a/b":{"c":"*","c":"*"}}}`), "/policies/0/resources/a~1b/c"},
		{"unknown condition", `{"condition":{"request.country":{"in":["NL"]}}}`, "/condition/request.country"},
		{"unknown limit", `{"condition":{"request.ip":{"only":["192.0.2.1"]}}}`, "/condition/request.ip/only"},
		{"condition is a list", `{"condition":[]}`, "/condition"},
		{"condition spellings differ", `{"condition":{"request.ip":{"in":["192.0.2.1"]},"request_ip":{}}}`, "/condition/request_ip"},
		{"null address", `{"condition":{"request_ip":{"not_in":[null]}}}`, "/condition/request_ip/not_in/0"},
		{"bad address", `{"condition":{"request_ip":{"in":["192.0.2.1","192.0.2.0/33"]}}}`, "/condition/request_ip/in/1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := api.DecodeTokenRequest([]byte(test.body))
			var field *api.FieldError
			if !errors.As(err, &field) {
				t.Fatalf("got %v", err)
			}
			if field.Pointer != test.pointer {
				t.Errorf("points to %q, want %q: %v", field.Pointer, test.pointer, err)
			}
		})
	}
	for _, body := range []string{"", "{", `{"name":"a"} {}`, `{"name":"a",}`} {
		var syntax *api.SyntaxError
		if _, err := api.DecodeTokenRequest([]byte(body)); !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a syntax error", body, err)
		}
	}
}

// Whatever decodes encodes to something that decodes to the same.
func FuzzTokenRequest(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := api.DecodeTokenRequest(body)
		if err != nil {
			return
		}
		again, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("decoded, does not encode: %v", err)
		}
		second, err := api.DecodeTokenRequest(again)
		if err != nil {
			t.Fatalf("%s does not decode: %v", again, err)
		}
		third, err := json.Marshal(second)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%s\nbecame %s (%v)", again, third, err)
		}
		if v, ok := first.ExpiresOn.Get(); ok && v.IsZero() {
			t.Fatal("an end that was given reads as no end")
		}
	})
}

func TestDecodeRollRequest(t *testing.T) {
	for body, want := range map[string]int64{"": 0, "null": 0, " {} ": 0, `{"overlap_seconds":null}`: 0,
		`{"overlap_seconds":3600}`: 3600, `{"Overlap_Seconds":1,"x":[]}`: 0} {
		got, err := api.DecodeRollRequest([]byte(body))
		if err != nil || got.OverlapSeconds != want {
			t.Errorf("%q: got %v, %v", body, got, err)
		}
	}
	for _, body := range []string{"[]", `"x"`, "{", `{"overlap_seconds":-1}`, `{"overlap_seconds":1.5}`, `{"overlap_seconds":"1h"}`,
		`{"overlap_seconds":99999999999999999999}`, `{"overlap_seconds":0,"overlap_seconds":9}`} {
		if got, err := api.DecodeRollRequest([]byte(body)); err == nil {
			t.Errorf("%q: got %v, want an error", body, got)
		}
	}
}
