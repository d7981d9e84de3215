package leastkey

import (
	"net/netip"
	"time"
)

// Request is what one decision is about.
type Request struct {
	At     time.Time    // when it is made
	Addr   netip.Addr   // the client's address; invalid when unknown
	AnyOf  []Permission // the permission groups that the operation accepts: any one suffices
	Target Target

	// ServiceKey says that the operation takes service keys; to one that does not they are nothing.
	ServiceKey bool
}

// Decision is allow or deny, with the reason. The zero Decision denies.
type Decision struct {
	Reason Reason
	By     Permission // the accepted permission that was granted; zero for TargetSelf and denials
	Policy ID         // the policy of the token that allowed or denied it, where one did
}

// Allowed reports whether the request may go ahead.
func (d Decision) Allowed() bool { return d.Reason == Granted }

// Decide says whether the credential may make the request, given what its principal may do now.
// It is total, and reads like the law: the credential must be usable; the client's address
// admitted; and for some accepted permission, a policy of the token allows it on the target and
// none denies it, and a grant of the principal allows it and none denies it.
//
// For a list it says whether the list may be asked for at all; each item is then decided as a
// target of its own, with the same accepted permissions.
func Decide(c Credential, g Grants, r Request) Decision {
	if reason := c.Usable(r.At); reason != Granted {
		return Decision{Reason: reason}
	}
	if !c.Condition.admits(r.Addr) {
		return Decision{Reason: AddressRefused}
	}
	if g.Principal.IsZero() || g.Principal != c.Principal {
		return Decision{Reason: DeniedByDefault}
	}
	if !g.Active {
		return Decision{Reason: PrincipalInactive}
	}
	if c.Kind == ServiceKey && !r.ServiceKey {
		return Decision{Reason: DeniedByDefault}
	}
	if r.Target.Kind == TargetSelf {
		return Decision{Reason: Granted}
	}
	// What stood nearest to an allow explains the refusal best.
	nearest := Decision{Reason: PermissionMissing}
	for _, p := range r.AnyOf {
		own := Decision{Reason: Granted}
		if c.bounded() {
			own = judge(c.Policies, p, r.Target)
		}
		if own.Allowed() {
			if r.grantedTo(g, p) {
				own.By = p
				return own
			}
			own.Reason = PrincipalLacks
		}
		if own.Reason > nearest.Reason {
			nearest = own
		}
	}
	return nearest
}

// grantedTo reports whether the principal itself may do p on the target. A resource that the
// registry does not know belongs to nobody.
func (r Request) grantedTo(g Grants, p Permission) bool {
	if r.Target.Kind != TargetList && !r.Target.Known {
		return false
	}
	return judge(g.Policies, p, r.Target).Allowed()
}

// judge lets one list of policies speak about p on t: any deny wins, else any allow, else no.
func judge(policies []Policy, p Permission, t Target) Decision {
	found := Decision{Reason: PermissionMissing}
	for _, pol := range policies {
		if !pol.about(p, t) {
			continue
		}
		switch pol.Effect {
		case Deny:
			if t.Kind != TargetList || pol.deniesEvery(p) {
				return Decision{Reason: PermissionDenied, Policy: pol.ID}
			}
		case Allow:
			if !found.Allowed() {
				found = Decision{Reason: Granted, Policy: pol.ID}
			}
		}
	}
	return found
}

// deniesEvery reports whether no item of a list could be left: a narrower deny takes items out
// of the list, not the list away.
func (pol Policy) deniesEvery(p Permission) bool {
	for _, pat := range pol.Patterns {
		if pat.Extent == Every && pat.Type == p.Type {
			return true
		}
	}
	return false
}
