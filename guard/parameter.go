package guard

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// readings are the names that programs are known to make of the name of a parameter: they end it at a
// bracket or take brackets off, pass over space around it, fold case, and take marks for one another.
func readings(name string) []string {
	const around = "[] "
	base, _, _ := strings.Cut(strings.TrimLeft(name, around), "[")
	return []string{plainName(folded(strings.TrimSpace(name))), plainName(folded(strings.TrimRight(base, around)))}
}

// sameParameter reports whether some program could take one name for the other.
func sameParameter(a, b string) bool {
	return slices.ContainsFunc(readings(a), func(r string) bool { return slices.Contains(readings(b), r) })
}

// parameter is one of a query.
type parameter struct{ name, value string }

// parameters reads a query as programs do that split it at semicolons too.
func parameters(query string) ([]parameter, error) {
	var all []parameter
	for _, part := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return nil, errors.New("a query parameter's name cannot be decoded")
		}
		if strings.ContainsFunc(name, unicode.IsControl) {
			return nil, errors.New("a query parameter's name has a control character, at which some programs end it")
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			value = rawValue // whoever needs it says so
		}
		all = append(all, parameter{name, value})
	}
	return all, nil
}

// onlyParameter gives the value of the one parameter with the name. Another that some program could
// take for it makes the request unclear.
func onlyParameter(query, name string) (string, error) {
	if _, err := url.ParseQuery(query); err != nil {
		return "", errors.New("the query, in which " + name + " must be, cannot be read: " + err.Error())
	}
	all, err := parameters(query)
	if err != nil {
		return "", err
	}
	var found []string
	for _, p := range all {
		switch {
		case p.name == name:
			found = append(found, p.value)
		case sameParameter(p.name, name):
			return "", errors.New("the query has a parameter that some programs take for " + name)
		}
	}
	if len(found) != 1 || found[0] == "" {
		return "", errors.New("the query must have " + name + " exactly once")
	}
	return found[0], nil
}

// asksMethod reports whether a parameter of the query is one by which frameworks let clients ask for
// another method.
func asksMethod(name string) bool {
	return slices.ContainsFunc([]string{"_method", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"},
		func(known string) bool { return sameParameter(name, known) })
}
