package api_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey/api"
)

// The very bytes that clients and scanners look for.
func TestEnvelopeGolden(t *testing.T) {
	for _, test := range []struct {
		name string
		body any
		want string
	}{
		{"verify", api.OK(api.Verification{ID: sampleToken().ID, Status: api.StatusActive}, api.TokenValid()),
			`{"result":{"id":"6f0d3a5ce21f4c5e9f1d8a7b3c2e1d0f","status":"active"},"success":true,"errors":[],"messages":[{"code":10000,"message":"This API Token is valid and active","type":null}]}`},
		{"roll", api.OK(api.ShowOnce("lkut_new")), `{"result":"lkut_new","success":true,"errors":[],"messages":[]}`},
		{"past the end", api.Page[api.Token](nil, api.PageOf(3, 20, 40)),
			`{"result":[],"success":true,"errors":[],"messages":[],"result_info":{"page":3,"per_page":20,"total_pages":2,"count":0,"total_count":40}}`},
		{"malformed bearer", api.Failed(api.MalformedBearer()),
			`{"result":null,"success":false,"errors":[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}],"messages":[]}`},
		{"no route", api.Failed(api.NoRoute("/client/v4/nope")[0], api.NoRoute("/client/v4/nope")[1:]...),
			`{"result":null,"success":false,"errors":[{"code":7003,"message":"Could not route to /client/v4/nope, perhaps your object identifier is invalid?"},{"code":7000,"message":"No route for that URI"}],"messages":[]}`},
		{"field", api.Failed((&api.FieldError{Pointer: "/policies/0/effect", Message: "want allow or deny"}).Wire()),
			`{"result":null,"success":false,"errors":[{"code":1001,"message":"policies.0.effect: want allow or deny","source":{"pointer":"/policies/0/effect"}}],"messages":[]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := plain(t, test.body); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// No answer is neither one nor the other.
func TestEnvelopeIsDecided(t *testing.T) {
	for name, e := range map[string]any{
		"zero":                  api.Envelope[string]{},
		"success with an error": api.Envelope[string]{Success: true, Errors: []api.Error{api.Throttled()}},
	} {
		if body, err := json.Marshal(e); err == nil {
			t.Errorf("%s: marshals as %s", name, body)
		}
	}
}

// Codes and texts are what existing clients match on.
func TestErrorTable(t *testing.T) {
	type row struct {
		Code    int
		Message string
	}
	var got []row
	for _, e := range []api.Error{
		api.InvalidToken(), api.MissingAuthorization(), api.MissingCredential(), api.UnknownKey(), api.InvalidAccessToken(),
		api.LocationRefused(netip.MustParseAddr("2001:db8::1")), api.LocationRefused(netip.Addr{}), api.ResourceUnauthorized(), api.AuthenticationError(""),
		api.AuthenticationError("needs DNS Write on zone 1"), api.CheckFailed("DNS Write"), api.Throttled(),
	} {
		got = append(got, row{e.Code, e.Message})
	}
	want := []row{
		{1000, "Invalid API Token"},
		{1001, `Missing "Authorization" header`},
		{9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"},
		{9103, "Unknown X-Auth-Key or X-Auth-Email"},
		{9109, "Invalid access token"},
		{9109, "Cannot use the access token from location: 2001:db8::1"},
		{9109, "Cannot use the access token from location: unknown"},
		{9109, "Unauthorized to access requested resource"},
		{10000, "Authentication error"},
		{10000, "Authentication error: needs DNS Write on zone 1"},
		{1001, "Failed common permission check against resources. (Permission group: DNS Write)"},
		{971, "Please wait and consider throttling your request speed"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMalformedKeyNamesTheHeader(t *testing.T) {
	for _, test := range []struct {
		email, key bool
		want       []int
	}{{true, false, []int{6102}}, {false, true, []int{6103}}, {true, true, []int{6102, 6103}}} {
		var got []int
		for _, e := range api.MalformedKey(test.email, test.key).ErrorChain {
			got = append(got, e.Code)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A client that pages by totals and one that pages until [] see every item once.
func TestPageOf(t *testing.T) {
	for total := range 30 {
		for perPage := 1; perPage <= 12; perPage++ {
			seen, page := 0, 1
			for {
				info := api.PageOf(page, perPage, total)
				if info.Count == 0 {
					break
				}
				seen += info.Count
				page++
			}
			if pages := api.PageOf(1, perPage, total).TotalPages; seen != total || pages != page-1 {
				t.Fatalf("total %d by %d: saw %d in %d pages, promised %d pages", total, perPage, seen, page-1, pages)
			}
		}
	}
}
