package tell

import (
	"net/netip"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// Warning is something about a token that is worth reading before it is made.
type Warning struct {
	Severity Severity
	Text     string
}

// Severity says how much.
type Severity uint8

// The severities.
const (
	_      Severity = iota
	Note            // may well be meant
	Danger          // harms much when it is not meant, or makes the token useless
)

// Warnings lists what is worth reading about a token, the dangers first. Its maker may be at any
// of the addresses; invalid ones are passed over.
func (t Teller) Warnings(spec control.TokenSpec, at ...netip.Addr) []Warning {
	rights := t.rights(spec.Policies)
	left, denied := effective(rights)
	all := slices.Concat(t.powerWarnings(left), t.reachWarnings(left), t.ruleWarnings(rights, left, denied),
		addressWarnings(spec.Condition, at), openWarnings(spec.Condition, left), endWarnings(spec.Validity, t.Now))
	slices.SortStableFunc(all, func(a, b Warning) int { return int(b.Severity) - int(a.Severity) })
	return all
}

func (t Teller) powerWarnings(left []right) []Warning {
	var all []Warning
	if holds(left, t.powers("tokens")) {
		all = append(all, Warning{Danger, "It may make tokens, and change, roll and delete those there are."})
	}
	if holds(left, t.powers("members")) {
		all = append(all, Warning{Danger, "It may change who is a member of an account, and what members may do."})
	}
	return all
}

// reachWarnings are about what reaches further than to single resources.
func (t Teller) reachWarnings(left []right) []Warning {
	var order []leastkey.Pattern
	changes := map[leastkey.Pattern]bool{}
	for _, rule := range t.rules(left) {
		for _, p := range rule.patterns {
			if p.Extent != leastkey.One && !slices.Contains(order, p) {
				order = append(order, p)
			}
			changes[p] = changes[p] || slices.ContainsFunc(rule.groups, func(g catalog.Group) bool { return g.Access != catalog.Read })
		}
	}
	say := func(severity Severity, verb string, wanted func(leastkey.Pattern) bool) []Warning {
		var all []Warning
		for _, r := range t.Catalog.Resources() {
			var places []string
			for _, p := range order {
				if p.Type == r.Type && wanted(p) {
					places = append(places, t.place(p))
				}
			}
			if len(places) > 0 {
				all = append(all, Warning{severity, "It may " + verb + " " + listed(places) + ", also " + plural(r.Type) + " added later."})
			}
		}
		return all
	}
	return slices.Concat(
		say(Danger, "change", func(p leastkey.Pattern) bool { return changes[p] && p.Extent == leastkey.Every }),
		say(Note, "change", func(p leastkey.Pattern) bool { return changes[p] && p.Extent == leastkey.Under }),
		say(Note, "read", func(p leastkey.Pattern) bool { return !changes[p] }),
	)
}

// ruleWarnings are about rules that do nothing.
func (t Teller) ruleWarnings(rights, left, denied []right) []Warning {
	var all []Warning
	if len(left) == 0 {
		text := "It may do nothing: no policy allows anything."
		if len(denied) > 0 {
			text = "It may do nothing: all that is allowed is denied too."
		} else if len(rights) > 0 {
			text = "It may do nothing: a deny takes away, and no policy allows anything."
		}
		return []Warning{{Danger, text}}
	}
	for _, r := range t.rules(denied) {
		all = append(all, Warning{Note, "Allowed, and denied too, so it has no effect: " + t.ruleWords(r) + "."})
	}
	for _, r := range t.rules(idle(rights)) {
		all = append(all, Warning{Note, "Denied, though nothing allows it, so it has no effect: " + t.ruleWords(r) + "."})
	}
	return all
}

func (t Teller) ruleWords(r rule) string {
	return listed(partNames(t.parts(r.kind, r.groups))) + " on " + t.placed(r.patterns)
}

// idle are the denied rights that take nothing away.
func idle(rights []right) []right {
	allows := map[leastkey.ID][]leastkey.Pattern{}
	for _, r := range rights {
		if r.effect == leastkey.Allow {
			allows[r.group.ID] = append(allows[r.group.ID], r.pattern)
		}
	}
	return slices.DeleteFunc(slices.Clone(rights), func(r right) bool {
		meets := func(allow leastkey.Pattern) bool { return mayMeet(allow, r.pattern) }
		return r.effect != leastkey.Deny || slices.ContainsFunc(allows[r.group.ID], meets)
	})
}

// mayMeet reports whether two patterns of one type might match the same resource.
func mayMeet(p, q leastkey.Pattern) bool {
	return p == q || p.Extent != leastkey.One || q.Extent != leastkey.One
}

// addressWarnings are about conditions that shut out more than is meant.
func addressWarnings(c leastkey.Condition, at []netip.Addr) []Warning {
	if c.IsZero() {
		return nil
	}
	v4, v6 := admitsSome(c, "0.0.0.0/0"), admitsSome(c, "::/0")
	if !v4 && !v6 {
		return []Warning{{Danger, "No address is let in: every range that is allowed is excluded too."}}
	}
	var all []Warning
	for _, addr := range at {
		if addr.IsValid() && !admits(c, addr) {
			all = append(all, Warning{Danger, "Your address now, " + addr.Unmap().WithZone("").String() + ", is shut out."})
		}
	}
	switch {
	case !v4:
		all = append(all, Warning{Note, "Clients that connect over IPv4 are shut out: only ranges of IPv6 are allowed."})
	case !v6:
		all = append(all, Warning{Note, "Clients that connect over IPv6 are shut out: only ranges of IPv4 are allowed."})
	}
	return all
}

// admits reports whether a client at the address is let in.
func admits(c leastkey.Condition, addr netip.Addr) bool {
	contains := func(r leastkey.AddressRange) bool { return r.Contains(addr) }
	return !slices.ContainsFunc(c.NotIn, contains) && (len(c.In) == 0 || slices.ContainsFunc(c.In, contains))
}

// admitsSome reports whether any address of one version of IP may be let in. It errs on the side of
// yes: several ranges that exclude all of it only together are not put together.
func admitsSome(c leastkey.Condition, whole string) bool {
	version, err := leastkey.ParseAddressRange(whole)
	if err != nil {
		return true
	}
	in := c.In
	if len(in) == 0 {
		in = []leastkey.AddressRange{version}
	}
	return slices.ContainsFunc(in, func(r leastkey.AddressRange) bool {
		excluded := slices.ContainsFunc(c.NotIn, func(not leastkey.AddressRange) bool { return not.Covers(r) })
		return version.Covers(r) && !excluded
	})
}

// openWarnings are about a token that is worth stealing, and works wherever it is taken to.
func openWarnings(c leastkey.Condition, left []right) []Warning {
	wide := func(r right) bool { return r.group.Access != catalog.Read && r.pattern.Extent == leastkey.Every }
	if len(c.In) > 0 || !slices.ContainsFunc(left, wide) {
		return nil
	}
	return []Warning{{Note, "It works from any address. With a client IP filter, a stolen secret would be of little use."}}
}

func endWarnings(v leastkey.Validity, now time.Time) []Warning {
	var all []Warning
	if v.NotBefore.After(now) {
		all = append(all, Warning{Note, "It does not work before " + instant(v.NotBefore, now) + "."})
	}
	switch end := v.ExpiresOn; {
	case end.IsZero():
		all = append(all, Warning{Note, "It has no end, and works until somebody deletes it."})
	case !end.After(now):
		all = append(all, Warning{Danger, "It ended " + instant(end, now) + "."})
	case end.Before(now.Add(24 * time.Hour)):
		all = append(all, Warning{Note, "It ends within a day: " + instant(end, now) + "."})
	case end.After(now.AddDate(1, 0, 0)):
		all = append(all, Warning{Note, "It ends more than a year from now: " + instant(end, now) + "."})
	}
	return all
}
