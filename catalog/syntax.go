package catalog

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	yamlLine = regexp.MustCompile(`^line (\d+): `)
	// yamlParser matches what the parser says, which counts lines from 0, as opposed to the scanner.
	yamlParser    = regexp.MustCompile(`^did not find expected (<|node content|'-' indicator|key$|',' or )`)
	yamlAnchor    = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	tabIndent     = regexp.MustCompile(`^ *\t`)
	unquotedRoute = regexp.MustCompile(`(?:^|[{,])\s*route:\s*([A-Z]+ /[^\s"',{}]*\{[^\s"',{}]*\}(?:/[^\s"',{}]*(?:\{[^\s"',{}]*\})?)*)`)
)

// Syntax explains why a text is not YAML, from the error of the parser: on the line that is meant,
// and with what to do about the mistakes that are made most.
func Syntax(file string, text []byte, err error) Problem {
	said := strings.TrimPrefix(err.Error(), "yaml: ")
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	line := 1
	if m := yamlLine.FindStringSubmatch(said); m != nil {
		line, _ = strconv.Atoi(m[1])
		said = said[len(m[0]):]
	} else if at := unnumbered(said, lines); at > 0 {
		line = at
	}
	parser := yamlParser.MatchString(said)
	if parser && err.Error() != "yaml: "+said {
		line++
	}
	line = max(1, min(line, len(lines)))
	p := Problem{File: file, Line: line, What: "not YAML: " + said, Fix: "correct the syntax"}
	switch here := lines[line-1]; {
	case strings.Contains(said, "tab character") || tabIndent.MatchString(here) && strings.HasPrefix(said, "found character"):
		p.What, p.Fix = "not YAML: a tab in the indentation", "indent with spaces"
	case strings.HasPrefix(said, "found character that cannot start"):
		p.Fix = "quote the text that begins with @, ` or %"
	case parser:
		last := line // on which the mapping begins, and maybe ends
		if strings.Count(here, "{") > strings.Count(here, "}") {
			last = min(line+3, len(lines))
		}
		for i := line; i <= last; i++ {
			if m := unquotedRoute.FindStringSubmatch(lines[i-1]); m != nil {
				p.Line, p.What = i, "not YAML: the { of a parameter begins another mapping"
				p.Fix = `quote the route: {route: "` + m[1] + `", ...}`
				break
			}
		}
	}
	return p
}

// unnumbered finds the line of what the parser says without one; 0 when it cannot be found.
func unnumbered(said string, lines []string) int {
	wrong := func(string) bool { return false }
	if m := yamlAnchor.FindStringSubmatch(said); m != nil {
		wrong = func(s string) bool { return strings.Contains(s, "*"+m[1]) }
	} else if strings.Contains(said, "control characters") || strings.Contains(said, "UTF-8") {
		wrong = func(s string) bool {
			return !utf8.ValidString(s) || strings.ContainsFunc(strings.Trim(s, "\r"), func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
		}
	}
	for i, s := range lines {
		if wrong(s) {
			return i + 1
		}
	}
	return 0
}
