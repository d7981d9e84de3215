package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Text is a value as JSON that people read and copy: indented, members in the order of the
// contract, <, > and & as they are. What does not show, or turns the direction of the text around
// it, is written as an escape.
func Text(v any) (string, error) {
	plain, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "", fmt.Errorf("wire: %w", err)
	}
	// json.Marshal makes more escapes for HTML than it can be told not to. The first pair steps over
	// an escaped backslash, after which "u003c" is just letters.
	readable := strings.NewReplacer(`\\`, `\\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
	var text strings.Builder
	for _, r := range readable.Replace(string(plain)) {
		switch { // outside ASCII there are only texts
		case r == '\n' || unicode.IsPrint(r):
			text.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&text, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&text, `\u%04x`, r)
		}
	}
	return text.String(), nil
}
