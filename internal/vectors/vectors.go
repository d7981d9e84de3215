// Package vectors holds one set of golden requests and what is to become of each. The decision, the
// guard and every adapter are held to the same files; README.md describes them, in words that need
// no Go.
package vectors

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

//go:embed golden
var golden embed.FS

// Set is one file of cases, and the world in which they are made.
type Set struct {
	Name   string // of the file, without its ending
	World  string // the name of a world
	Unsure bool   // the node cannot know what holds
	Cases  []Case
}

// Case is one request, and what is to become of it.
type Case struct {
	Name    string
	As      string // the secret that is presented, by name; "" when the header says it all
	Request Request
	Want    Want
}

// Request is a request with placeholders for what a world makes: see [World.Fill].
type Request struct {
	Method string      // GET when empty
	Host   string      // api.example when empty
	Target string      // path and query as they come on the wire
	Header [][2]string // name and value, in order; beside the credential
	Body   *string     // nil for none. A body is JSON if the header does not say otherwise
	Pad    int         // spaces in front of the body
	Addr   *string     // the client's; 192.0.2.1 when nil, unknown when ""
	At     time.Time   // the world's own time when zero
}

// Want is what is to become of a request.
type Want struct {
	Allowed    bool
	Status     int    // 200 stands for whatever the API answers
	Code       int    // of the first error; 0 when allowed
	Reason     string // of the decision; denied_by_default where none was made
	Challenge  string // none, bare, or the error of the challenge; "" where a server may refuse by itself
	Says       string // error_description of the challenge, where the contract fixes it
	Operation  string // as the catalogue has it; "" when no row matches
	Target     string // "zone <id>" of one resource; "" for others
	Credential string // whose secret it is; that of As when empty
	Needs      []string
	Sees       []string // of an allowed list: exactly these resources of the world, by name
}

// Load reads all sets.
func Load() ([]Set, error) {
	files, err := fs.Glob(golden, "golden/cases/*.json")
	if err != nil {
		return nil, err
	}
	var sets []Set
	for _, file := range files {
		set := Set{Name: strings.TrimSuffix(path.Base(file), ".json")}
		if err := read(file, &set); err != nil {
			return nil, err
		}
		names := map[string]bool{}
		for i := range set.Cases {
			c := &set.Cases[i]
			if err := c.Check(); err != nil {
				return nil, fmt.Errorf("%s: case %q: %w", file, c.Name, err)
			}
			if names[c.Name] {
				return nil, fmt.Errorf("%s: case %q is there twice", file, c.Name)
			}
			names[c.Name] = true
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// read decodes a file, in which nothing may stand that is not known.
func read(file string, into any) error {
	data, err := golden.ReadFile(file)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Check finds what could make a case say less than it seems to.
func (c Case) Check() error {
	w := c.Want
	known := slices.ContainsFunc(leastkey.Reasons(), func(r leastkey.Reason) bool { return r.String() == w.Reason })
	switch {
	case c.Name == "" || c.Request.Target == "":
		return errors.New("no name, or no target")
	case !known:
		return fmt.Errorf("no such reason as %q", w.Reason)
	case w.Allowed != (w.Status == 200) || w.Allowed != (w.Reason == leastkey.Granted.String()) || w.Allowed != (w.Code == 0):
		return errors.New("allowed, status, code and reason do not agree")
	case !slices.Contains([]string{"", "none", "bare", "invalid_request", "invalid_token", "insufficient_scope"}, w.Challenge):
		return fmt.Errorf("no such challenge as %q", w.Challenge)
	case w.Allowed && (w.Challenge != "none" || w.Operation == "" || w.Credential == "" && c.As == ""):
		return errors.New("it is allowed, and does not say what, or to whom")
	}
	_, err := Abilities(w.Needs)
	return err
}

// Abilities are those with these names.
func Abilities(names []string) (guard.Ability, error) {
	var all guard.Ability
	for _, name := range names {
		a, ok := map[string]guard.Ability{
			"bodies": guard.Bodies, "lists": guard.Lists, "effects": guard.Effects, "upgrades": guard.Upgrades, "control": guard.Control, "headers": guard.Headers,
		}[name]
		if !ok {
			return 0, fmt.Errorf("no such ability as %q", name)
		}
		all |= a
	}
	return all, nil
}
