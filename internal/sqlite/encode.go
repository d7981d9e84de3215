package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	var back T
	if err := json.Unmarshal(text, &back); err != nil {
		return "", fmt.Errorf("sqlite: %T would not read back: %w", v, err)
	}
	again, err := json.Marshal(back)
	if err != nil {
		return "", fmt.Errorf("sqlite: %T would not read back: %w", v, err)
	}
	if !bytes.Equal(text, again) {
		return "", fmt.Errorf("sqlite: %T would read back as something else: a text in it is not UTF-8", v)
	}
	return string(text), nil
}

func decode[T any](text string) (v T, err error) {
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}
