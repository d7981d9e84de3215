package web

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/tell"
)

// mostChanges is how many lines a row shows of what changed.
const mostChanges = 30

// changes says line by line what an act changed.
func (a *auditReader) changes(e control.AuditEntry, teller tell.Teller) (lines []Line, leftOut int) {
	if strings.HasPrefix(e.Subject, "token ") {
		lines = a.tokenChanges(e, teller)
	} else {
		lines = a.memberwise(e.Before, e.After)
	}
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Sign == "" })
	if len(lines) > mostChanges {
		return lines[:mostChanges], len(lines) - mostChanges
	}
	return lines, 0
}

// tokenChanges says it of a token. What cannot be read as one is shown as it was kept.
func (a *auditReader) tokenChanges(e control.AuditEntry, teller tell.Teller) []Line {
	before, err1 := tell.ReadRecorded(e.Before)
	after, err2 := tell.ReadRecorded(e.After)
	if err1 != nil || err2 != nil {
		return a.memberwise(e.Before, e.After)
	}
	teller.Now = e.At // as it was to whoever did it
	var lines []Line
	add := func(sign string, spec control.TokenSpec) {
		for _, l := range teller.Difference(spec, spec) {
			lines = append(lines, Line{sign, l.Text})
		}
	}
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		add("+", after.Spec)
		before = &tell.Recorded{}
	case after == nil:
		add("-", before.Spec)
		after = &tell.Recorded{}
	default:
		for _, l := range teller.Difference(before.Spec, after.Spec) {
			lines = append(lines, Line{map[tell.Op]string{tell.Same: "", tell.Gone: "-", tell.New: "+"}[l.Op], l.Text})
		}
	}
	return append(lines, secretChanges(before.Secrets, after.Secrets)...)
}

func secretChanges(before, after []control.RecordedSecret) []Line {
	words := func(secrets []control.RecordedSecret) []string {
		var all []string
		for _, s := range secrets {
			text := "Secret that ends in " + s.Tail
			if !s.Until.IsZero() {
				text += ", until " + Moment{Time: s.Until}.String()
			}
			all = append(all, text)
		}
		return all
	}
	return differing(words(before), words(after))
}

// memberwise compares two JSON objects by their members.
func (a *auditReader) memberwise(before, after json.RawMessage) []Line {
	return differing(a.membersOf(before), a.membersOf(after))
}

func (a *auditReader) membersOf(state json.RawMessage) []string {
	if len(state) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(state, &object) != nil {
		return []string{string(state)}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		all = append(all, strings.ReplaceAll(name, "_", " ")+": "+a.value(object[name]))
	}
	return all
}

// value is a value of JSON as people read it: people by their e-mail address, roles by their name.
func (a *auditReader) value(raw json.RawMessage) string {
	var text string
	var list []string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return a.called(text)
	case json.Unmarshal(raw, &list) == nil:
		for i, item := range list {
			list[i] = a.called(item)
		}
		return strings.Join(list, ", ")
	default:
		return string(raw)
	}
}

func (a *auditReader) called(text string) string {
	id, err := leastkey.ParseID(text)
	if err != nil {
		return text
	}
	role, _ := a.site.Catalog().Role(id)
	return cmp.Or(a.people[id], role.Name, text)
}

// differing are the texts that only one side has.
func differing(before, after []string) []Line {
	var lines []Line
	for _, text := range before {
		if !slices.Contains(after, text) {
			lines = append(lines, Line{"-", text})
		}
	}
	for _, text := range after {
		if !slices.Contains(before, text) {
			lines = append(lines, Line{"+", text})
		}
	}
	return lines
}

// mostResourcesNamed bounds the resources of one state of a token that are looked up by name.
const mostResourcesNamed = 20

// resourcesOf are the resources that the states of a token name.
func resourcesOf(e control.AuditEntry) []leastkey.Resource {
	if !strings.HasPrefix(e.Subject, "token ") {
		return nil
	}
	var all []leastkey.Resource
	for _, state := range []json.RawMessage{e.Before, e.After} {
		if recorded, err := tell.ReadRecorded(state); err == nil && recorded != nil {
			named := tell.Resources(recorded.Spec.Policies...)
			all = append(all, named[:min(len(named), mostResourcesNamed)]...)
		}
	}
	return all
}
