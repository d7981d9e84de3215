package leastkey

import "strings"

// Within reports whether a text has a secret of this installation in it, in any shape and at any
// place. A Global API Key counts where its digits are not part of a longer number.
func (b Brand) Within(text string) bool {
	for from := range len(text) {
		rest := text[from:]
		n := 0
		switch {
		case strings.HasPrefix(rest, b.prefix(UserTokenSecret)):
			n = len(b.prefix(UserTokenSecret)) + randomLength + sumLength
		case strings.HasPrefix(rest, b.prefix(AccountTokenSecret)):
			n = len(b.prefix(AccountTokenSecret)) + randomLength + sumLength
		case strings.HasPrefix(rest, servicePrefix):
			n = len(servicePrefix) + serviceID + 1 + serviceBody
		case from == 0 || !isLowerHex(text[from-1:from], 1):
			if n = globalLength; len(rest) > n && isLowerHex(rest[n:n+1], 1) {
				continue
			}
		}
		if n == 0 || n > len(rest) {
			continue
		}
		if _, _, err := b.Parse(rest[:n]); err == nil {
			return true
		}
	}
	return false
}
