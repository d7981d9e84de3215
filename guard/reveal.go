package guard

import (
	"encoding/base64"
	"strings"
)

// Reveals reports whether a text has a secret of this installation in it, as it is or in one of the
// parts between dots, in base64: clients that can set no other field put credentials there. It is
// for what goes to the API as the client wrote it.
func (g *Guard) Reveals(text string) bool {
	if g.brand.Within(text) {
		return true
	}
	for part := range strings.SplitSeq(text, ".") {
		part = strings.TrimRight(part, "=")
		for _, encoding := range []*base64.Encoding{base64.RawURLEncoding, base64.RawStdEncoding} {
			if plain, err := encoding.DecodeString(part); err == nil && g.brand.Within(string(plain)) {
				return true
			}
		}
	}
	return false
}
