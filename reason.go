package leastkey

// Reason says why a decision came out as it did. The set is closed. The zero Reason denies.
type Reason uint8

// The reasons. Granted is the only one that allows.
const (
	DeniedByDefault       Reason = iota // nothing said otherwise
	Granted                             // a policy and the principal's grants allow it
	CredentialDisabled                  // its owner switched it off
	CredentialNotYetValid               // before its not_before
	CredentialExpired                   // at or after its expires_on
	AddressRefused                      // its client IP condition does not admit the address
	PrincipalInactive                   // the user or account that owns it is disabled
	PermissionMissing                   // no policy allows an accepted permission group on the target
	PermissionDenied                    // a policy denies it
	PrincipalLacks                      // the policies allow it, its owner may not do it, or the target is unknown
)

// Reasons lists them all, for documents and tests.
func Reasons() []Reason {
	all := make([]Reason, 0, PrincipalLacks+1)
	for r := DeniedByDefault; r <= PrincipalLacks; r++ {
		all = append(all, r)
	}
	return all
}

// String is the name of the reason for machines, in snake case.
func (r Reason) String() string {
	switch r {
	case Granted:
		return "granted"
	case CredentialDisabled:
		return "credential_disabled"
	case CredentialNotYetValid:
		return "credential_not_yet_valid"
	case CredentialExpired:
		return "credential_expired"
	case AddressRefused:
		return "address_refused"
	case PrincipalInactive:
		return "principal_inactive"
	case PermissionMissing:
		return "permission_missing"
	case PermissionDenied:
		return "permission_denied"
	case PrincipalLacks:
		return "principal_lacks"
	default:
		return "denied_by_default"
	}
}

// Words says it to the caller. Nothing in it depends on whether a resource exists.
func (r Reason) Words() string {
	switch r {
	case Granted:
		return "allowed"
	case CredentialDisabled:
		return "the credential is disabled"
	case CredentialNotYetValid:
		return "the credential is not valid yet"
	case CredentialExpired:
		return "the credential has expired"
	case AddressRefused:
		return "the credential may not be used from this address"
	case PrincipalInactive:
		return "the owner of the credential is disabled"
	case PermissionMissing, PermissionDenied, PrincipalLacks:
		// One sentence for all three: telling them apart would tell a caller whether a resource
		// exists, and what the owner of the credential could do with it.
		return "the credential, or its owner, does not have the permission on this resource"
	default:
		return "nothing allows it"
	}
}
