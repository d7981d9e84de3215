package openapi

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// oneLine makes text of the document fit for a comment or a name: printable, single spaces.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)), " ")
}

// shorten is oneLine within the width of a comment.
func shorten(s string) string {
	const most = 90
	runes := []rune(oneLine(s))
	if len(runes) > most {
		return strings.TrimSpace(string(runes[:most])) + "..."
	}
	return string(runes)
}

// snake gives "zoneId", "zone-id" and "Zone ID" as zone_id.
func snake(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 'A' && r <= 'Z':
			before := i > 0 && (runes[i-1] >= 'a' && runes[i-1] <= 'z' || runes[i-1] >= '0' && runes[i-1] <= '9')
			after := i > 0 && runes[i-1] >= 'A' && runes[i-1] <= 'Z' && i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z'
			if before || after {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte('_')
		}
	}
	parts := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
	return strings.Join(parts, "_")
}

// singular makes "policies" policy, as far as the end of a word tells.
func singular(s string) string {
	switch {
	case strings.HasSuffix(s, "ies") && len(s) > 4:
		return s[:len(s)-3] + "y"
	case strings.HasSuffix(s, "sses"), strings.HasSuffix(s, "xes"), strings.HasSuffix(s, "ches"), strings.HasSuffix(s, "shes"), strings.HasSuffix(s, "uses"):
		return s[:len(s)-2]
	case strings.HasSuffix(s, "ss"), strings.HasSuffix(s, "us"), strings.HasSuffix(s, "is"), len(s) < 3:
		return s
	default:
		return strings.TrimSuffix(s, "s")
	}
}

// title makes a name of a tag that is written as a word for programs: "dns-records" is Dns Records.
func title(s string) string {
	if strings.ContainsAny(s, " ABCDEFGHIJKLMNOPQRSTUVWXYZ") && strings.ToUpper(s[:1]) == s[:1] {
		return s
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
	for i, w := range words {
		runes := []rune(w)
		runes[0] = unicode.ToUpper(runes[0])
		words[i] = string(runes)
	}
	return strings.Join(words, " ")
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_/.-]*( [A-Za-z0-9_/.-]+)*$`)
	wordName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// quote writes a text as YAML reads it back.
func quote(s string) string {
	if plainText.MatchString(s) && !slices.Contains([]string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) {
		return s
	}
	text, _ := json.Marshal(s) // a string never fails
	return string(text)
}
