package guard

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/leastkey/leastkey/catalog"
)

// FuzzStringAt: where the guard finds an id, two readers as different as can be find the same one:
// the one of Go, which takes names in any case and the last of two, and one that takes the first.
func FuzzStringAt(f *testing.F) {
	for _, seed := range []string{
		`{"account":{"id":"a"}}`, `{"account":{"id":"a","ID":"b"}}`, `{"account":{"id":"a"},"account":{"id":"b"}}`, `{"ACCOUNT":{"id":"b"},"account":{"id":"a"}}`,
		`{"account":{"id":"\u0061\ud800"}}`, `{"account":null,"account":{"id":"a"}}`, `[{"account":{"id":"a"}}]`, `{"a":{"account":{"id":"b"}},"account":{"id":"a"}}`,
		`{"account":{"id":"a"}}{}`, "{\"account\":{\"id\":\"\xff\"}}", `{"acco\u0075nt":{"i\u0064":"a"}}`,
	} {
		f.Add([]byte(seed))
	}
	pointer, err := catalog.ParsePointer("/account/id")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		id, found, err := stringAt(body, pointer)
		if err != nil || !found {
			return
		}
		var lax struct {
			Account struct {
				ID string `json:"id"`
			} `json:"account"`
		}
		if err := json.Unmarshal(body, &lax); err != nil || lax.Account.ID != id {
			t.Errorf("%q: the guard finds %q, Go %q (%v)", body, id, lax.Account.ID, err)
		}
		if got := firstMember(firstMember(body, "account"), "id"); got == nil || !sameText(got, id) {
			t.Errorf("%q: the guard finds %q, whoever takes the first %s", body, id, got)
		}
	})
}

// firstMember is the first member of that name.
func firstMember(object json.RawMessage, name string) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil
		}
		if key == name {
			return value
		}
	}
	return nil
}

func sameText(raw json.RawMessage, want string) bool {
	var got string
	return json.Unmarshal(raw, &got) == nil && got == want
}
