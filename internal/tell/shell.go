package tell

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/wire"
)

// Recipes make the same token again for an owner. Text that people chose is inert in them.
type Recipes struct {
	Catalog *catalog.Catalog
	Owner   leastkey.Principal
	Spec    control.TokenSpec
}

// CommandLine is the command of a POSIX shell that makes a token with the same rights. The error
// says, for whoever reads the page, why there is none.
func (r Recipes) CommandLine() (string, error) {
	if r.Spec.Status == leastkey.Disabled {
		return "", errors.New("the command line makes tokens that are active; disable it afterwards")
	}
	rights, err := r.flags()
	if err != nil {
		return "", err
	}
	words := []string{"leastkey token create"}
	if r.Owner.Kind == leastkey.AccountPrincipal {
		words = append(words, "--account="+r.Owner.ID.String())
	}
	words = append(words, "--name="+quoted(r.Spec.Name))
	words = append(words, rights...)
	for _, in := range r.Spec.Condition.In {
		words = append(words, "--ip="+quoted(in.String()))
	}
	for _, not := range r.Spec.Condition.NotIn {
		words = append(words, "--not-ip="+quoted(not.String()))
	}
	if at := r.Spec.Validity.NotBefore; !at.IsZero() {
		words = append(words, "--not-before="+at.UTC().Format(time.RFC3339Nano))
	}
	if at := r.Spec.Validity.ExpiresOn; !at.IsZero() {
		words = append(words, "--expires="+at.UTC().Format(time.RFC3339Nano))
	}
	return strings.Join(words, " \\\n  "), nil
}

// flags are --allow and --deny for each permission group on each resource. The command makes a
// policy of those that share effect and resource.
func (r Recipes) flags() ([]string, error) {
	const mostPolicies = 100 // of a token
	var flags []string
	places := map[string]bool{}
	allows := false
	for _, right := range (Teller{Catalog: r.Catalog}).rights(r.Spec.Policies) {
		place, err := r.place(right.pattern)
		if err != nil {
			return nil, err
		}
		allows = allows || right.effect == leastkey.Allow
		places[right.effect.String()+place] = true
		flags = append(flags, "--"+right.effect.String()+"="+quoted(r.groupName(right.group)+" on "+place))
	}
	switch {
	case !allows:
		return nil, errors.New("the command line makes no token that may do nothing")
	case len(places) > mostPolicies:
		return nil, fmt.Errorf("the command line makes one policy for each resource, here %d, and a token has at most %d", len(places), mostPolicies)
	}
	return flags, nil
}

// groupName is the name of a group, or its id where the command would take the name apart.
func (r Recipes) groupName(g catalog.Group) string {
	if before, _, _ := strings.Cut(g.Name+" on ", " on "); before != g.Name || visible(g.Name) != g.Name {
		return g.ID.String()
	}
	return g.Name
}

// place spells a pattern as the command reads it.
func (r Recipes) place(p leastkey.Pattern) (string, error) {
	of := leastkey.Resource{Type: p.Type, ID: p.ID}
	if p.Extent == leastkey.Under {
		of = p.Parent
	}
	if _, err := r.Catalog.FormatResources([]leastkey.Pattern{p}); err != nil {
		return "", err
	}
	kind, err := r.kind(p.Type, p.ID)
	if err != nil {
		return "", err
	}
	switch p.Extent {
	case leastkey.One:
		return kind + ":" + of.ID, nil
	case leastkey.Every:
		return "every " + kind, nil
	default:
		parent, err := r.kind(of.Type, of.ID)
		return "every " + kind + " of " + parent + ":" + of.ID, err
	}
}

// kind is the word by which the command knows a type: the last part of its spelling on the wire,
// or all of it where that would mean another type too, or have the id looked up as a name.
func (r Recipes) kind(t leastkey.ResourceType, id string) (string, error) {
	last := func(scope string) string { return scope[strings.LastIndexByte(scope, '.')+1:] }
	resource, _ := r.Catalog.Resource(t)
	kind := last(resource.Scope)
	known, others := false, false
	for _, g := range r.Catalog.Groups() { // by which the command learns of types
		other, _ := r.Catalog.Resource(g.Type)
		known = known || g.Type == t
		others = others || g.Type != t && (last(other.Scope) == kind || other.Scope == kind)
	}
	if !known {
		return "", fmt.Errorf("the command line does not know the type %s, about which there is no permission", t)
	}
	if !others && (kind != "zone" || id == "" || catalog.Hex32.Admits(id)) {
		return kind, nil
	}
	return resource.Scope, nil
}

// Curl is the command of a POSIX shell that makes the token through the API at base, an address
// such as "https://tokens.example.com/client/v4". It presents the token in $LEASTKEY_TOKEN.
func (r Recipes) Curl(base string) (string, error) {
	request, err := wire.Request(r.Catalog, r.Spec)
	if err != nil {
		return "", err
	}
	body, err := wire.Text(request)
	if err != nil {
		return "", err
	}
	path := "/user/tokens"
	if r.Owner.Kind == leastkey.AccountPrincipal {
		path = "/accounts/" + r.Owner.ID.String() + "/tokens"
	}
	return strings.Join([]string{
		"curl -X POST " + quoted(base+path),
		`-H "Authorization: Bearer $LEASTKEY_TOKEN"`,
		"-H 'Content-Type: application/json'",
		"--data-raw " + quoted(body),
	}, " \\\n  "), nil
}

// Policies are the policies as the API has them, as indented JSON.
func (r Recipes) Policies() (string, error) {
	request, err := wire.Request(r.Catalog, r.Spec)
	if err != nil {
		return wire.Text(wire.Policies(r.Catalog, r.Spec.Policies))
	}
	return wire.Text(request.Policies)
}

// quoted is one word of a POSIX shell that stands for the text, whatever is in it.
func quoted(text string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-./:,@%+", c)
	}
	if text != "" && !strings.ContainsFunc(text, func(c rune) bool { return !plain(c) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
