package demo

import (
	"fmt"
	"strings"
)

const maxPurge = 500 // entries of one list

// purgeCache checks a purge and says it is done. There is no cache.
func purgeCache(_ *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	zone := q.zone.Name
	lists := []struct {
		name  string
		valid func(string) bool
		must  string
	}{
		{"files", func(s string) bool { return isWebURL(s) && inZone(zone, s) }, "an http or https URL in the zone " + zone},
		{"hosts", func(s string) bool { return badName(lowerASCII(s), false) == "" && inZone(zone, s) }, "a host in the zone " + zone},
		{"prefixes", func(s string) bool { return !strings.Contains(s, "://") && inZone(zone, s) }, "a host in the zone " + zone + " with a path, without a scheme"},
		{"tags", func(s string) bool { return s != "" && len(s) <= 1024 && !strings.ContainsAny(s, " ,") }, "a cache tag, without spaces or commas"},
	}
	everything, asked := f.flag("purge_everything"), 0
	for _, l := range lists {
		if !f.has(l.name) {
			continue
		}
		asked++
		entries := f.list(l.name)
		if len(entries) == 0 || len(entries) > maxPurge {
			f.fail(l.name, "%s must have 1 to %d entries", l.name, maxPurge)
		}
		for i, v := range entries {
			if o, ok := v.(map[string]any); ok && l.name == "files" { // a URL with headers
				v = o["url"]
			}
			if s, ok := v.(string); !ok || !l.valid(s) {
				f.fail(fmt.Sprintf("%s/%d", l.name, i), "this must be %s", l.must)
			}
		}
	}
	if f.err == nil && everything == (asked > 0) {
		f.err = bad(codeInvalid, "Say what to purge: either purge_everything, or some of files, hosts, prefixes, tags")
	}
	return reply{result: idOnly{q.zone.ID}}, f.err
}
