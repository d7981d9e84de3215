package draft

import (
	"strings"
	"unicode"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Noun is a type of resource in a sentence: "zone", "R2 bucket".
func Noun(t leastkey.ResourceType) string {
	words := strings.Split(string(t), "_")
	for i, w := range words {
		if strings.ContainsAny(w, "0123456789") { // an abbreviation, such as r2
			words[i] = strings.ToUpper(w)
		}
	}
	return strings.Join(words, " ")
}

// Nouns are several of them: "zones".
func Nouns(t leastkey.ResourceType) string {
	noun := Noun(t)
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(stem, "a") && !strings.HasSuffix(stem, "e") {
		return stem + "ies"
	}
	return noun + "s"
}

// Title is a type of resource where it stands alone: "Zone".
func Title(t leastkey.ResourceType) string { return capital(Noun(t)) }

func capital(s string) string {
	for i, r := range s {
		if i == 0 {
			return string(unicode.ToUpper(r)) + s[len(string(r)):]
		}
	}
	return s
}

// article is the noun with "a" or "an".
func article(t leastkey.ResourceType) string {
	noun := Noun(t)
	if strings.ContainsAny(noun[:min(1, len(noun))], "aeio") {
		return "an " + noun
	}
	return "a " + noun
}

// list joins words as people do: "A, B or C".
func list(words []string, last string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
}

// quoted is what somebody typed, in a message.
func quoted(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return "“" + s + "”"
}

// AccessOf is what a group of the catalogue lets one do.
func AccessOf(g catalog.Group) Access { return Access(g.Access.String()) }

// Label is how the choice is called.
func (a Access) Label() string {
	switch a {
	case Read:
		return "Read"
	case Write:
		return "Write"
	case Other:
		return "As named"
	default:
		return "Choose"
	}
}
