package guard

import (
	"cmp"
	"slices"

	"github.com/leastkey/leastkey"
)

// An owner is what is known of a user or an account: whether it is active, and where it holds which
// permission groups through memberships. Its key is the handle of its place.
//
// The record: flags and kind (8 bits each), id, e-mail address, how many memberships (32 bits); for
// each of them, in order of the handles, the handle of the account (32), and where its part begins,
// counted from the first part (32); then the parts: the number of roles (32) and these, the number of
// groups (32) and these, and a bit for each permission group that all of it grants by the catalogue
// in force.
//
// What every owner has on itself by the catalogue is in the rules, and not said again.
type owner []byte

const (
	ownerKind  = 1
	ownerID    = 2
	ownerEmail = ownerID + idSize
)

const (
	isTold   = 1 << iota // there is a record of it, not only a membership
	isActive             // it may do something
)

func (o owner) active() bool { return o[0]&isActive != 0 }

func (o owner) principal() leastkey.Principal {
	return leastkey.Principal{Kind: leastkey.PrincipalKind(o[ownerKind]), ID: leastkey.ID(o[ownerID:ownerEmail])}
}

func (o owner) email() []byte {
	email, _ := readText(o[ownerEmail:])
	return email
}

// holdings are the memberships of an owner.
type holdings struct{ index, parts []byte }

func (o owner) holdings() holdings {
	_, rest := readText(o[ownerEmail:])
	n := 8 * int(le.Uint32(rest))
	return holdings{rest[4 : 4+n], rest[4+n:]}
}

func (h holdings) len() int             { return len(h.index) / 8 }
func (h holdings) account(i int) handle { return le.Uint32(h.index[8*i:]) }

func (h holdings) part(i int) []byte {
	from, to := le.Uint32(h.index[8*i+4:]), len(h.parts)
	if i+1 < h.len() {
		to = int(le.Uint32(h.index[8*i+12:]))
	}
	return h.parts[from:to]
}

// grants are the bits of the membership in an account; nil when there is none.
func (h holdings) grants(account handle) []byte {
	low, high := 0, h.len()
	for low < high {
		if mid := (low + high) / 2; h.account(mid) < account {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == h.len() || h.account(low) != account {
		return nil
	}
	return bitsOf(h.part(low))
}

// bitsOf passes over roles and groups.
func bitsOf(part []byte) []byte {
	part = part[4+idSize*int(le.Uint32(part)):]
	return part[4+2*int(le.Uint32(part)):]
}

func hasBit(bits []byte, n uint16) bool {
	at := int(n / 8)
	return at < len(bits) && bits[at]&(1<<(n%8)) != 0
}

// may reports whether the owner itself may do what a group is for on a target, as [leastkey.Decide]
// asks its grants: those of the catalogue are on itself and below, those of a membership on that
// account and below. at is the place of the owner.
func (n *snapshot) may(at handle, o owner, group uint16, t *target) bool {
	if t.kind == noType || t.on != leastkey.TargetList && !t.known {
		return false
	}
	own, kind := n.rules.ofUsers, n.rules.user
	if leastkey.PrincipalKind(o[ownerKind]) == leastkey.AccountPrincipal {
		own, kind = n.rules.ofAccounts, n.rules.account
	}
	if hasBit(own, group) && t.within(at, kind) {
		return true
	}
	held := o.holdings()
	switch {
	case t.on == leastkey.TargetList:
		for i := range held.len() {
			if hasBit(bitsOf(held.part(i)), group) {
				return true
			}
		}
	case t.kind == n.rules.account:
		return t.on == leastkey.TargetOne && t.at != nowhere && hasBit(held.grants(t.at), group)
	default:
		for _, above := range t.above[:t.depth] {
			if hasBit(held.grants(above), group) {
				return true
			}
		}
	}
	return false
}

// within reports whether a grant on a place of some kind is about the target: on the place itself
// when they are of one kind, otherwise on what is below it.
func (t *target) within(at handle, kind uint16) bool {
	switch {
	case t.on == leastkey.TargetList:
		return true
	case t.kind == kind:
		return t.on == leastkey.TargetOne && t.at == at && at != nowhere
	default:
		return slices.Contains(t.above[:t.depth], at)
	}
}

// ownerAt finds an owner by the handle of its place.
func (n *snapshot) ownerAt(at handle) owner {
	c := n.owners.Seek(at)
	rec, _ := c.Next()
	return rec
}

// ownerOf finds an owner by who it is.
func (n *snapshot) ownerOf(p leastkey.Principal) (handle, owner) {
	at := n.find(p.Resource())
	if at == nowhere {
		return nowhere, nil
	}
	return at, n.ownerAt(at)
}

// seat is a membership before it is written.
type seat struct {
	account handle
	roles   []leastkey.ID
	groups  []leastkey.ID
}

// memberships reads all of an owner's.
func (n *snapshot) memberships(o owner) []leastkey.Membership {
	var all []leastkey.Membership
	held, user := o.holdings(), o.principal().ID
	for i := range held.len() {
		account, err := leastkey.ParseID(n.resource(held.account(i)).ID)
		if err != nil {
			panic("guard: the place of an account has no id: " + err.Error())
		}
		m := readMember(held.account(i), held.part(i), n.groups)
		all = append(all, leastkey.Membership{User: user, Account: account, Roles: m.roles, Groups: m.groups})
	}
	return all
}

func readMember(account handle, part []byte, groups []leastkey.ID) seat {
	m := seat{account: account}
	roles := int(le.Uint32(part))
	part = part[4:]
	for ; roles > 0; roles-- {
		m.roles, part = append(m.roles, leastkey.ID(part[:idSize])), part[idSize:]
	}
	own := int(le.Uint32(part))
	part = part[4:]
	for ; own > 0; own-- {
		m.groups, part = append(m.groups, groups[le.Uint16(part)]), part[2:]
	}
	return m
}

// grants is all that an owner may do, as the law has it.
func (n *snapshot) grantsOf(o owner) leastkey.Grants {
	return n.rules.catalog.Grants(o.principal(), o.active(), n.memberships(o))
}

// putOwner writes the record of an owner anew. The places it names are counted by whoever calls.
func (e *change) putOwner(at handle, p leastkey.PrincipalRecord, told bool, members []seat) error {
	rec := []byte{0, byte(p.Principal.Kind)}
	if told {
		rec[0] |= isTold
	}
	if p.Active {
		rec[0] |= isActive
	}
	rec = appendText(append(rec, p.Principal.ID[:]...), p.Email)
	slices.SortFunc(members, func(a, b seat) int { return cmp.Compare(a.account, b.account) })
	rec = le.AppendUint32(rec, uint32(len(members)))
	index := len(rec)
	rec = append(rec, make([]byte, 8*len(members))...)
	parts := len(rec)
	for i, m := range members {
		le.PutUint32(rec[index+8*i:], m.account)
		le.PutUint32(rec[index+8*i+4:], uint32(len(rec)-parts))
		rec = le.AppendUint32(rec, uint32(len(m.roles)))
		for _, role := range m.roles {
			rec = append(rec, role[:]...)
		}
		rec = le.AppendUint32(rec, uint32(len(m.groups)))
		for _, id := range m.groups {
			n, err := e.rules.words.group(id)
			if err != nil {
				return err
			}
			rec = le.AppendUint16(rec, n)
		}
		rec = append(rec, e.rules.grantedBy(m)...)
	}
	if !e.owners.Replace(at, only, rec) {
		e.owners.Put(at, rec)
	}
	return nil
}

// ownerNow reads an owner that is being changed.
func (e *change) ownerNow(p leastkey.Principal) (at handle, was leastkey.PrincipalRecord, told bool, members []seat) {
	was = leastkey.PrincipalRecord{Principal: p}
	kind, err := e.rules.words.kind(p.Resource().Type)
	if err != nil {
		return nowhere, was, false, nil
	}
	at, _ = placeOf(&e.places.Table, e.seed, kind, p.Resource().ID)
	c := e.owners.Seek(at)
	rec, known := c.Next()
	if at == nowhere || !known {
		return nowhere, was, false, nil
	}
	o := owner(rec)
	was.Email, was.Active, told = string(o.email()), o.active(), o[0]&isTold != 0
	held := o.holdings()
	for i := range held.len() {
		members = append(members, readMember(held.account(i), held.part(i), e.rules.words.groups))
	}
	return at, was, told, members
}

// principal takes in what is told of a user or an account. Both stay known for good.
func (e *change) principal(rec leastkey.PrincipalRecord) error {
	at, _, _, members := e.ownerNow(rec.Principal)
	if at == nowhere {
		var err error
		if at, err = e.newOwner(rec.Principal); err != nil {
			return err
		}
	}
	return e.putOwner(at, rec, true, members)
}

func (e *change) newOwner(p leastkey.Principal) (handle, error) {
	at, err := e.placeOfPrincipal(p) // counted once, for good
	if err != nil || at == nowhere {
		return nowhere, cmp.Or(err, errNobody)
	}
	e.flag(at, isExisting, true)
	if placeAt(&e.places.Table, at).is(isAwaited) {
		e.root(at)
	}
	return at, nil
}

// root tells what is below a place that it exists. Owners are told of before what is below them, so this
// is rare.
func (e *change) root(above handle) {
	var all []handle
	for at, rec := range e.places.All() {
		if p := place(rec); p.is(isRegistered) && p.parent() == above {
			all = append(all, at)
		}
	}
	for _, at := range all {
		e.flag(at, isRooted, true)
	}
}

func (e *change) membership(m leastkey.Membership) error {
	at, was, told, members := e.ownerNow(leastkey.UserOf(m.User))
	if at == nowhere {
		var err error
		if at, err = e.newOwner(leastkey.UserOf(m.User)); err != nil {
			return err
		}
	}
	account, err := e.placeOfPrincipal(leastkey.AccountOf(m.Account))
	if err != nil {
		return err
	}
	before := len(members)
	members = slices.DeleteFunc(members, func(old seat) bool { return old.account == account })
	if len(members) < before {
		e.leave(account)
	}
	if len(m.Roles) > 0 {
		members = append(members, seat{account, m.Roles, m.Groups})
	} else {
		e.leave(account)
	}
	return e.putOwner(at, was, told, members)
}
