package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// What was taken for an id because nothing looks it up is said to be so when the server refuses it.
func TestRefusedIDsAreExplained(t *testing.T) {
	r := newResolver(nil, vocabulary{})
	id, _, err := r.find(t.Context(), place{kind: "notebook", name: "recipes"})
	if err != nil || id != "recipes" {
		t.Fatalf("%q, %v", id, err)
	}
	refused := &client.Error{Status: 400, Errors: []api.Error{api.CheckFailed("Notes Read")}}
	hint, ok := errors.AsType[*hinted](r.advise(refused))
	if !ok || !strings.Contains(hint.hint, "names are looked up for zones and accounts only") || !strings.Contains(hint.hint, "leastkey resource list --type notebook") {
		t.Errorf("%v", hint)
	}
	for _, other := range []error{errors.New("x"), &client.Error{Status: 403, Errors: []api.Error{api.CheckFailed("")}}} {
		if got := r.advise(other); got != other { //nolint:errorlint // the very same
			t.Errorf("%v became %v", other, got)
		}
	}
	if _, _, err := r.find(t.Context(), place{kind: "notebook", name: "my recipes"}); err == nil || !strings.Contains(err.Error(), "give the id of the notebook") {
		t.Errorf("a name with a space: %v", err)
	}
}
