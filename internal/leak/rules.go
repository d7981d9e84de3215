package leak

import (
	"fmt"
	"strings"

	"github.com/leastkey/leastkey"
)

// Pattern is the regular expression of the tokens of a brand, for RE2 and PCRE alike.
func Pattern(b leastkey.Brand) string {
	return fmt.Sprintf(`\b(%s[ua]t_[0-9A-Za-z]{36}[0-9a-f]{8})\b`, b)
}

// keywords are in every token of a brand, so that scanners look closer only where one is.
func keywords(b leastkey.Brand) []string { return []string{string(b) + "ut_", string(b) + "at_"} }

// Gitleaks gives a configuration of gitleaks that adds a rule to its own.
func Gitleaks(b leastkey.Brand) string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Tokens of Leastkey with the brand %q: gitleaks dir --config THIS_FILE .\n", string(b))
	fmt.Fprintf(&s, "[extend]\nuseDefault = true\n\n[[rules]]\nid = \"leastkey-token\"\ndescription = \"API token of Leastkey\"\n")
	fmt.Fprintf(&s, "regex = '''%s'''\nsecretGroup = 1\nentropy = 3.0\nkeywords = [\"%s\"]\n", Pattern(b), strings.Join(keywords(b), `", "`))
	return s.String()
}

// Trufflehog gives a configuration of trufflehog with a detector.
func Trufflehog(b leastkey.Brand) string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Tokens of Leastkey with the brand %q: trufflehog filesystem --config THIS_FILE .\n", string(b))
	fmt.Fprintf(&s, "detectors:\n  - name: leastkey-token\n    keywords: [%s]\n    regex:\n      token: '%s'\n", strings.Join(keywords(b), ", "), Pattern(b))
	return s.String()
}
