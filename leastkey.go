// Package leastkey is the vocabulary of scoped API tokens, and the decision.
//
// A caller presents a [Secret]. It names a [Credential], whose [Policy] list says which
// permission groups it has on which resources ([Pattern]), and whose [Principal] (the user or
// account that owns it) has [Grants] of its own. [Decide] puts the two beside one [Request]
// and answers with a [Decision].
//
// It keeps those of the laws in docs/threat-model.md that are about decisions, each held by a
// property test that names it: what nothing allows is refused, and the zero value of every type
// here refuses (1); a deny wins, whatever the order of policies (2); a token never exceeds its
// principal at the moment of the request (3); nobody can give a token more than they may do
// themselves, see [Maker] (4); a secret prints as a placeholder, only [Secret.Reveal] shows it (6).
//
// The package does no I/O, has no clock, no globals and no dependency beyond the standard library:
// time, address and randomness are arguments.
package leastkey
