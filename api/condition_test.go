package api_test

import (
	"encoding/json"
	"testing"

	"github.com/leastkey/leastkey/api"
)

func TestCondition(t *testing.T) {
	both := func(limit string) string { return `{"request.ip":` + limit + `,"request_ip":` + limit + `}` }
	for _, test := range []struct{ name, in, want string }{
		{"dotted", `{"request.ip":{"in":["192.0.2.1"]}}`, both(`{"in":["192.0.2.1"]}`)},
		{"snake", `{"request_ip":{"not_in":["192.0.2.9/24"]}}`, both(`{"not_in":["192.0.2.0/24"]}`)},
		{"both, in another order", `{"request.ip":{"in":["192.0.2.1","::1"]},"request_ip":{"in":["::1","192.0.2.1"],"not_in":[]}}`, both(`{"in":["192.0.2.1","::1"]}`)},
		{"the other is null", `{"request.ip":null,"request_ip":{"in":["::1"]}}`, both(`{"in":["::1"]}`)},
		{"duplicate", `{"request_ip":{"in":["192.0.2.0/24","192.0.2.7/24"]}}`, both(`{"in":["192.0.2.0/24"]}`)},
		{"IPv4 in IPv6", `{"request_ip":{"in":["::ffff:192.0.2.1"]}}`, both(`{"in":["192.0.2.1"]}`)},
		{"no limit", `{"request_ip":{"in":[]},"request.ip":{}}`, `{}`},
		{"null", `null`, `{}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c api.Condition
			if err := json.Unmarshal([]byte(test.in), &c); err != nil {
				t.Fatal(err)
			}
			if got := plain(t, c); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// What is read is written so that it reads the same, and a limit that was given is never lost.
func FuzzCondition(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		var first, second api.Condition
		if json.Unmarshal(body, &first) != nil {
			return
		}
		again, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &second); err != nil {
			t.Fatalf("%s does not decode: %v", again, err)
		}
		if third, err := json.Marshal(second); err != nil || string(again) != string(third) {
			t.Fatalf("%s\nbecame %s (%v)", again, third, err)
		}
		var shape map[string]map[string][]string
		if json.Unmarshal(body, &shape) == nil && first.IsZero() {
			for _, limit := range shape {
				for _, entries := range limit {
					if len(entries) > 0 {
						t.Fatalf("%s reads as no limit", body)
					}
				}
			}
		}
	})
}
