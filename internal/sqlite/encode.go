package sqlite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/leastkey/leastkey"
)

// encode gives v as JSON that decodes to v again. It refuses what would read back as something
// else, such as an id with bytes that are not UTF-8, or not at all, such as an effect that is
// neither allow nor deny: a policy must not change on its way through the store, and a row that
// cannot be read would stop every node that starts.
func encode[T any](v T) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("sqlite: %T: %w", v, err)
	}
	if !readsBack(v, text) {
		if err := readBack[T](text); err != nil {
			return "", fmt.Errorf("sqlite: %T would not read back: %w", v, err)
		}
	}
	return string(text), nil
}

// readBack fails unless a value is the same again when it was read from its text.
func readBack[T any](text []byte) error {
	var back T
	if err := json.Unmarshal(text, &back); err != nil {
		return err
	}
	again, err := json.Marshal(back)
	if err == nil && !bytes.Equal(text, again) {
		err = errors.New("a text in it is not UTF-8")
	}
	return err
}

func decode[T any](text string) (v T, err error) {
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}

// readsBack reports whether it is certain without trying that a value reads back. In its text nothing was
// put in the place of anything else, for that takes a backslash; and it has no word for what is none of
// the few values there are. All that is left are numbers, instants, ids and plain texts.
func readsBack(v any, text []byte) bool {
	if bytes.IndexByte(text, '\\') >= 0 {
		return false
	}
	switch v := v.(type) {
	case leastkey.Condition:
		return !slices.ContainsFunc(v.In, isNoRange) && !slices.ContainsFunc(v.NotIn, isNoRange)
	case []leastkey.Policy:
		return !slices.ContainsFunc(v, func(p leastkey.Policy) bool { return p.Effect != leastkey.Allow && p.Effect != leastkey.Deny })
	case []leastkey.Change:
		return !slices.ContainsFunc(v, func(change leastkey.Change) bool {
			r := change.Credential
			return r != nil && (r.Credential.Status != leastkey.Active && r.Credential.Status != leastkey.Disabled ||
				!readsBack(r.Credential.Condition, text) || !readsBack(r.Credential.Policies, text))
		})
	default:
		return false
	}
}

func isNoRange(r leastkey.AddressRange) bool { return r == leastkey.AddressRange{} }
