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

// ruling is a [leastkey.Decision] in the terms of records.
type ruling struct {
	reason leastkey.Reason
	by     int    // which of the accepted groups allowed it
	policy []byte // the id of the policy that decided
}

func (r ruling) allowed() bool { return r.reason == leastkey.Granted }

// decision is a ruling for an operation in the terms of the law.
func (n *snapshot) decision(op *accepted, r ruling) (d leastkey.Decision) {
	d.Reason = r.reason
	if r.policy != nil {
		d.Policy = leastkey.ID(r.policy)
	}
	if r.by >= 0 {
		d.By = leastkey.Permission{Group: n.groups[op.groups[r.by]], Type: n.types[op.kind]}
	}
	return d
}

// nobody is which group allowed what none did.
const nobody = -1

// decide is the second half of [leastkey.Decide], line by line, of a credential that is admitted: for
// some accepted permission, a policy of the token allows it on the target and none denies it, and the
// owner may do it. TestJudgeIsTheLaw holds the one to the other.
func (j *judged) decide(op *accepted, t *target) ruling {
	if t.on == leastkey.TargetSelf {
		return ruling{reason: leastkey.Granted, by: nobody}
	}
	if j.by.kind() != leastkey.Token {
		return j.decideOwner(op, t)
	}
	var room [4]clause
	return j.decideBy(j.about(room[:0], op, t), op, t)
}

// decideBy decides by the policies with an accepted group that reach the target.
func (j *judged) decideBy(relevant []clause, op *accepted, t *target) ruling {
	nearest := ruling{reason: leastkey.PermissionMissing, by: nobody}
	if len(relevant) == 0 {
		return nearest
	}
	for i, group := range op.groups {
		own := judge(relevant, group, t)
		if own.allowed() {
			if j.now.may(j.at, j.owner, group, t) {
				own.by = i
				return own
			}
			own.reason = leastkey.PrincipalLacks
		}
		if own.reason > nearest.reason {
			nearest = own
		}
	}
	return nearest
}

// decideOwner decides for a credential that its owner alone bounds.
func (j *judged) decideOwner(op *accepted, t *target) ruling {
	for i, group := range op.groups {
		if j.now.may(j.at, j.owner, group, t) {
			return ruling{reason: leastkey.Granted, by: i}
		}
	}
	if len(op.groups) == 0 {
		return ruling{reason: leastkey.PermissionMissing, by: nobody}
	}
	return ruling{reason: leastkey.PrincipalLacks, by: nobody}
}

// about adds the policies with an accepted group that reach the target; without a target, wherever they
// reach. They are looked through once, however many groups the operation accepts.
func (j *judged) about(to []clause, op *accepted, t *target) []clause {
	rest := j.parts.rest
	for range j.parts.policies {
		to = append(to, clause{})
		c := &to[len(to)-1]
		rest = c.read(rest, &j.now.clauses, op.sieve)
		if !c.accepts(op) || t != nil && !c.reaches(t) {
			to = to[:len(to)-1]
		}
	}
	return to
}

// reaching adds those of the policies that reach the target.
func reaching(to, policies []clause, t *target) []clause {
	for i := range policies {
		if policies[i].reaches(t) {
			to = append(to, policies[i])
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
func judge(policies []clause, group uint16, t *target) ruling {
	found := ruling{reason: leastkey.PermissionMissing, by: nobody}
	for i := range policies {
		p := &policies[i]
		if !p.has(group) {
			continue
		}
		switch p.effect {
		case leastkey.Deny:
			if t.on != leastkey.TargetList || p.every(t.kind) {
				return ruling{reason: leastkey.PermissionDenied, by: nobody, policy: p.id}
			}
		case leastkey.Allow:
			if !found.allowed() {
				found = ruling{reason: leastkey.Granted, by: nobody, policy: p.id}
			}
		}
	}
	return found
}
