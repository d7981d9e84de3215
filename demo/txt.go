package demo

import (
	"fmt"
	"strings"
)

const maxSegment = 255 // bytes of one string of a TXT record

// text reads a TXT record. The content stays as it was given, quoted or not; what is served is
// the strings it stands for: those in quotes, or the whole in pieces of 255 bytes.
func (d draft) text() (value, error) {
	if d.Content == "" {
		return value{}, fieldFault("/content", "a TXT record needs content")
	}
	segments := []string{d.Content}
	if strings.HasPrefix(d.Content, `"`) {
		var ok bool
		if segments, ok = quotedStrings(d.Content); !ok {
			return value{}, bad(9010, `Content for TXT record starts with a quote but is not a list of quoted strings ("one" "two"); quote all of it, or escape the quote.`)
		}
	}
	var wire []string
	for _, s := range segments {
		for len(s) > maxSegment {
			wire = append(wire, `"`+escapeText(s[:maxSegment])+`"`)
			s = s[maxSegment:]
		}
		wire = append(wire, `"`+escapeText(s)+`"`)
	}
	return value{content: d.Content, plain: strings.ToValidUTF8(strings.Join(segments, ""), "\uFFFD"), wire: strings.Join(wire, " ")}, nil
}

// quotedStrings splits `"a" "b"` into a and b. Within quotes a backslash escapes one character, or three digits
// say a byte.
func quotedStrings(s string) ([]string, bool) {
	var out []string
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		if s[0] != '"' {
			return nil, false
		}
		var b strings.Builder
		i := 1
		for ; i < len(s) && s[i] != '"'; i++ {
			if s[i] != '\\' {
				b.WriteByte(s[i])
				continue
			}
			i++
			if i == len(s) {
				return nil, false
			}
			if n, ok := threeDigits(s[i:]); ok {
				b.WriteByte(n)
				i += 2
				continue
			}
			b.WriteByte(s[i])
		}
		if i >= len(s) {
			return nil, false
		}
		out = append(out, b.String())
		s = s[i+1:]
	}
	return out, len(out) > 0
}

func threeDigits(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	n := 0
	for i := range 3 {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return byte(n), n < 256
}

// unquote reads one quoted string, and says whether it was one.
func unquote(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, false
	}
	list, ok := quotedStrings(s)
	return strings.Join(list, ""), ok
}

// escapeText writes bytes as they stand between the quotes of a zone file.
func escapeText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
