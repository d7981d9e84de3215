package framing

import (
	"bytes"
	"strings"
)

// isPlainNumber wants digits only, without zeros in front: no sign, list, space or octal.
func isPlainNumber(s []byte) bool {
	return len(s) == 1 && s[0] == '0' || len(s) > 0 && s[0] != '0' && consists(s, isDigit)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// consists reports whether all of s is of one kind.
func consists(s []byte, of func(byte) bool) bool {
	for _, c := range s {
		if !of(c) {
			return false
		}
	}
	return true
}

// isToken tells a token of RFC 9110, section 5.6.2.
func isToken(s []byte) bool {
	return len(s) > 0 && consists(s, func(c byte) bool {
		if isLetter(c) || isDigit(c) || c == '-' {
			return true
		}
		return c > ' ' && c < 0x7f && strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) < 0
	})
}

// isHost tells a name or address with an optional port. The underscore is for names of
// containers.
func isHost(s []byte) bool {
	if len(s) > 0 && s[0] == '[' {
		end := bytes.IndexByte(s, ']')
		return end > 1 && consists(s[1:end], func(c byte) bool { return isHex(c) || c == ':' || c == '.' }) &&
			(end == len(s)-1 || isPort(s[end+1:]))
	}
	name := s
	if colon := bytes.IndexByte(s, ':'); colon >= 0 {
		if name = s[:colon]; !isPort(s[colon:]) {
			return false
		}
	}
	return len(name) > 0 && consists(name, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' || c == '.' || c == '_' })
}

// isPort tells a colon with the number of a port.
func isPort(s []byte) bool {
	return len(s) >= 2 && len(s) <= 6 && s[0] == ':' && consists(s[1:], isDigit)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
