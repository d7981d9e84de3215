package guard

import (
	"net/netip"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
)

// judged is what decides a request beside its target: a credential, its owner, what the operation
// accepts, when and from where.
type judged struct {
	now   *snapshot
	by    bearer
	parts parts
	at    handle // of the owner's place
	owner owner

	time time.Time
	addr netip.Addr
}

// admitted is the first half of [leastkey.Decide]: whether the credential may be used at all.
func (j *judged) admitted() leastkey.Reason {
	if reason := j.by.usable(&j.parts, j.time); reason != leastkey.Granted {
		return reason
	}
	if !j.parts.condition.admits(j.addr) {
		return leastkey.AddressRefused
	}
	if !j.owner.active() {
		return leastkey.PrincipalInactive
	}
	return leastkey.Granted
}

// decide is the second half of [leastkey.Decide], line by line, of a credential that is admitted: for
// some accepted permission, a policy of the token allows it on the target and none denies it, and the
// owner may do it. TestJudgeIsTheLaw holds the one to the other.
func (j *judged) decide(op *accepted, t *target) leastkey.Decision {
	if t.on == leastkey.TargetSelf {
		return leastkey.Decision{Reason: leastkey.Granted}
	}
	if j.by.kind() != leastkey.Token {
		return j.decideOwner(op, t)
	}
	var all [4]said
	relevant := j.about(all[:0], op, t)
	nearest := leastkey.Decision{Reason: leastkey.PermissionMissing}
	if len(relevant) == 0 {
		return nearest
	}
	for i, group := range op.groups {
		own := judge(relevant, group, t)
		if own.Allowed() {
			if j.now.may(j.at, j.owner, group, t) {
				own.By = j.now.permission(op, i)
				return own
			}
			own.Reason = leastkey.PrincipalLacks
		}
		if own.Reason > nearest.Reason {
			nearest = own
		}
	}
	return nearest
}

// decideOwner decides for a credential that its owner alone bounds.
func (j *judged) decideOwner(op *accepted, t *target) leastkey.Decision {
	for i, group := range op.groups {
		if j.now.may(j.at, j.owner, group, t) {
			return leastkey.Decision{Reason: leastkey.Granted, By: j.now.permission(op, i)}
		}
	}
	if len(op.groups) == 0 {
		return leastkey.Decision{Reason: leastkey.PermissionMissing}
	}
	return leastkey.Decision{Reason: leastkey.PrincipalLacks}
}

// said is a policy that reaches the target.
type said struct {
	id []byte
	clause
}

// about are the policies with an accepted group that reach the target. They are looked through once,
// however many groups the operation accepts.
func (j *judged) about(to []said, op *accepted, t *target) []said {
	rest := j.parts.rest
	for range j.parts.policies {
		var id []byte
		var c clause
		id, c, rest = nextClause(rest, &j.now.clauses, op.sieve)
		if c.accepts(op) && c.reaches(t) {
			to = append(to, said{id, c})
		}
	}
	return to
}

// accepts reports whether one of the groups is an accepted one.
func (c *clause) accepts(op *accepted) bool {
	if c.members != nil {
		return slices.ContainsFunc(op.groups, c.has)
	}
	for i := 0; i < len(c.groups); i += 2 {
		if hasBit(op.bits, le.Uint16(c.groups[i:])) {
			return true
		}
	}
	return false
}

// judge lets the policies speak about one group on the target: any deny wins, else any allow, else no.
func judge(policies []said, group uint16, t *target) leastkey.Decision {
	found := leastkey.Decision{Reason: leastkey.PermissionMissing}
	for i := range policies {
		p := &policies[i]
		if !p.has(group) {
			continue
		}
		switch p.effect {
		case leastkey.Deny:
			if t.on != leastkey.TargetList || p.every(t.kind) {
				return leastkey.Decision{Reason: leastkey.PermissionDenied, Policy: leastkey.ID(p.id)}
			}
		case leastkey.Allow:
			if !found.Allowed() {
				found = leastkey.Decision{Reason: leastkey.Granted, Policy: leastkey.ID(p.id)}
			}
		}
	}
	return found
}

// permission is the accepted permission of a number.
func (n *snapshot) permission(op *accepted, i int) leastkey.Permission {
	return leastkey.Permission{Group: n.groups[op.groups[i]], Type: n.types[op.kind]}
}
