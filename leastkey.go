// Package leastkey is the vocabulary of scoped API tokens, and the decision.
//
// A caller presents a [Secret]. It names a [Credential], whose [Policy] list says which
// permission groups it has on which resources ([Pattern]), and whose [Principal] (the user or
// account that owns it) has [Grants] of its own. [Decide] puts the two beside one [Request]
// and answers with a [Decision].
//
// The laws that every part of this package keeps, each held by a property test that names it:
//
//  1. Default deny: what nothing allows is refused; the zero value of every type here denies.
//  2. Deny wins, whatever the order of policies.
//  3. A token never exceeds its principal, at the moment of the request.
//  4. No escalation by minting: nobody can give a token more than they may do themselves ([Maker]).
//  5. A permission reaches resources of its own type only.
//  6. A secret prints as a placeholder; only [Secret.Reveal] shows it.
//
// The package does no I/O, has no clock, no globals and no dependency beyond the standard library:
// time, address and randomness are arguments.
package leastkey
