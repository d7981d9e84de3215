package demo

import (
	"slices"
	"strings"
)

// parseZoneName returns the name of a zone in lower case and without its trailing dot.
func parseZoneName(s string) (string, error) {
	name := strings.TrimSuffix(lowerASCII(s), ".")
	if reason := badName(name, false); reason != "" {
		return "", fieldFault("/name", "%q is not a domain name: %s", s, reason)
	}
	if !strings.Contains(name, ".") {
		return "", fieldFault("/name", "%q is not a domain name: it needs at least two labels", s)
	}
	return name, nil
}

// recordName returns the full name of a record: lower case, inside the zone, without a trailing dot.
// "@" is the zone itself. A name with a trailing dot is absolute; one without that does not end
// in the zone's name is relative to it.
func recordName(zone, s string) (string, error) {
	name, absolute := strings.CutSuffix(lowerASCII(s), ".")
	switch {
	case s == "":
		return "", bad(9000, "DNS name is invalid: it is empty; use @ for the zone itself")
	case s == "@":
		name = zone
	case name == zone || strings.HasSuffix(name, "."+zone):
	case absolute:
		return "", bad(9000, "DNS name is invalid: %q is outside the zone %s", s, zone)
	default:
		name += "." + zone
	}
	if reason := badName(name, true); reason != "" {
		return "", bad(9000, "DNS name is invalid: %q: %s", s, reason)
	}
	return name, nil
}

// hostName checks the target of a record and strips its trailing dots. "@" is the zone itself and
// a lone "." the root, which says "none" where it is allowed. The caller's letters keep their case.
func hostName(zone, s string) (string, string) {
	switch {
	case s == "@":
		return zone, ""
	case s == ".":
		return s, ""
	}
	name := strings.TrimRight(s, ".")
	return name, badName(lowerASCII(name), false)
}

// badName says why a lower-case name is none, or nothing.
func badName(name string, wildcard bool) string {
	if len(name) > 253 {
		return "it is longer than 253 characters"
	}
	for i, label := range strings.Split(name, ".") {
		if label == "" {
			return "it has an empty label"
		}
		if len(label) > 63 {
			return "it has a label longer than 63 characters"
		}
		if label == "*" && i == 0 && wildcard {
			continue
		}
		for j := range len(label) {
			if c := label[j]; c != '-' && c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return "use letters, digits, hyphens and underscores, and punycode for anything else"
			}
		}
	}
	return ""
}

// lowerASCII lower-cases A to Z only: Unicode has other letters that would turn into these.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// node is the name as the database sorts it: labels reversed, each followed by a dot.
func node(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}
