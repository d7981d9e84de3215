package guard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard/internal/table"
)

// change is a snapshot in the making. After an error it is good for nothing, and is to be dropped.
type change struct {
	lease lease
	rules *rules
	seed  maphash.Seed

	secrets *table.Editor // bearers and aliases, by the beginning of the hash of a secret
	ids     *table.Editor // the key of the first secret, by the id of the credential
	owners  *table.Editor // by the handle of the place
	places  *table.Editor // by handle
	clauses *table.Editor // by handle
	names   *table.Editor // the handle of a place, by the host name that it has

	ledger *ledger // of a load: credentials that are not in the tables yet

	spare, draft []byte // to write in
}

// beginLoad is begin with nothing, for all that there is.
func beginLoad(r *rules) *change {
	e := begin(r, emptySnapshot())
	e.ledger = &ledger{}
	return e
}

func begin(r *rules, from *snapshot) *change {
	return &change{
		lease: from.lease, rules: r, seed: from.seed,
		secrets: from.secrets.Edit(), ids: from.ids.Edit(), owners: from.owners.Edit(),
		places: from.places.Edit(), clauses: from.clauses.Edit(), names: from.names.Edit(),
	}
}

func (e *change) finish(rev leastkey.Revision) (*snapshot, error) {
	if err := e.settle(); err != nil {
		return nil, err
	}
	return &snapshot{
		revision: rev, lease: e.lease, rules: e.rules, seed: e.seed, groups: e.rules.words.groups, types: e.rules.words.types,
		secrets: e.secrets.Done(), ids: e.ids.Done(), owners: e.owners.Done(),
		places: e.places.Done(), clauses: e.clauses.Done(), names: e.names.Done(),
	}, nil
}

var (
	errNobody = errors.New("guard: a principal that is nobody")
	errTwice  = errors.New("guard: a secret of two credentials")
	errNoType = errors.New("guard: a resource without a type")
)

func (e *change) apply(c leastkey.Change) error {
	known := 0
	var err error
	if c.Credential != nil {
		err = e.credential(c.Credential)
		known++
	}
	if c.Principal != nil && err == nil {
		err = e.principal(*c.Principal)
		known++
	}
	if c.Membership != nil && err == nil {
		err = e.membership(*c.Membership)
		known++
	}
	if c.Resource != nil && err == nil {
		err = e.resource(*c.Resource)
		known++
	}
	if err != nil {
		return err
	}
	if known != 1 { // a kind of change this node does not know could be a revocation
		return fmt.Errorf("guard: a change of %d known kinds where one was expected", known)
	}
	return nil
}

// credential puts a credential in the place of what was known of it.
func (e *change) credential(rec *leastkey.CredentialRecord) error {
	id := rec.Credential.ID
	if len(rec.Secrets) == 0 {
		if e.ledger != nil {
			e.ledger.addEnd(id)
		} else {
			e.end(id)
		}
		return nil
	}
	b, err := e.bearer(rec)
	if err != nil {
		return err
	}
	key := secretKey(rec.Secrets[0].Hash[:])
	if e.ledger != nil {
		e.ledger.add(key, b)
		return nil
	}
	return e.keep(key, b)
}

// keep puts a bearer in the place of what was known of the credential.
func (e *change) keep(key uint32, b bearer) error {
	id := leastkey.ID(b.id())
	e.end(id)
	for _, s := range secretsOf(key, b) {
		if known, _ := bearerWith(&e.secrets.Table, &s.Hash); known != nil {
			return errTwice
		}
	}
	e.ids.Put(idKey(e.seed, id), le.AppendUint32(nil, key))
	b.records(key, func(key uint32, rec []byte) bool {
		e.secrets.Put(key, rec)
		return true
	})
	return nil
}

// end takes out a credential, if it is known.
func (e *change) end(id leastkey.ID) {
	if key, was := bearerOf(&e.ids.Table, &e.secrets.Table, idKey(e.seed, id), id); was != nil {
		e.forget(key, was)
	}
}

// idKey is where a credential stands by its id.
func idKey(seed maphash.Seed, id leastkey.ID) uint32 {
	return uint32(maphash.Bytes(seed, id[:]))
}

// forget takes out a credential with all its secrets, and what only it named.
func (e *change) forget(key uint32, was bearer) {
	b := slices.Clone(was) // it stands in a page that changes
	var p parts
	b.parts(&p)
	for _, s := range secretsOf(key, b) {
		e.secrets.Drop(secretKey(s.Hash[:]), func(rec []byte) bool { return sameHash(rec, &s.Hash) })
	}
	e.ids.Drop(idKey(e.seed, leastkey.ID(b.id())), func(rec []byte) bool { return le.Uint32(rec) == key })
	e.leave(b.owner())
	for rest := p.rest; p.policies > 0; p.policies-- {
		head := rest[idSize]
		var c clause
		after := c.read(rest, &e.clauses.Table, anyGroup)
		if head&isShared != 0 {
			e.unshare(sharedAt(rest))
		} else {
			e.leavePatterns(c.patterns)
		}
		rest = after
	}
}

// bearer writes the record of a credential, which is good until the next, and counts the places that it names.
func (e *change) bearer(rec *leastkey.CredentialRecord) ([]byte, error) {
	c := &rec.Credential
	owner, err := e.placeOfPrincipal(c.Principal)
	if err != nil {
		return nil, err
	}
	first, others := rec.Secrets[0], rec.Secrets[1:]
	b := e.draft[:0]
	b = append(b, first.Hash[keySize:]...)
	b = append(b, byte(c.Kind), byte(c.Status), 0)
	b = le.AppendUint32(b, owner)
	b = append(b, c.ID[:]...)
	flags := byte(0)
	if !first.Until.IsZero() {
		flags, b = flags|hasUntil, appendStamp(b, first.Until)
	}
	if !c.Validity.NotBefore.IsZero() {
		flags, b = flags|hasNotBefore, appendStamp(b, c.Validity.NotBefore)
	}
	if !c.Validity.ExpiresOn.IsZero() {
		flags, b = flags|hasExpiresOn, appendStamp(b, c.Validity.ExpiresOn)
	}
	if !c.Condition.IsZero() {
		flags |= hasCondition
		if b, err = appendCondition(b, c.Condition); err != nil {
			return nil, err
		}
	}
	if len(others) > mostOfMany {
		return nil, errTooMany
	}
	if len(others) > 0 {
		flags, b = flags|hasOthers, le.AppendUint16(b, uint16(len(others)))
	}
	for _, s := range others {
		b = append(b, s.Hash[:]...)
		if s.Until.IsZero() {
			b = append(b, make([]byte, 1+stampSize)...)
		} else {
			b = appendStamp(append(b, 1), s.Until)
		}
	}
	b[bearerFlags] = flags
	b = binary.AppendUvarint(b, uint64(len(c.Policies)))
	for _, pol := range c.Policies {
		if b, err = e.appendClause(append(b, pol.ID[:]...), pol); err != nil {
			return nil, err
		}
	}
	e.draft = b
	return b, nil
}

// mostOfMany is how many secrets, or ranges of addresses, a record counts: far more than the control plane
// lets a credential have, for one that cannot be written leaves the whole state unsure.
const mostOfMany = 1<<16 - 1

// resource takes in what the registry says of a resource.
func (e *change) resource(rec leastkey.ResourceRecord) error {
	if rec.Resource.Type == "" {
		return errNoType
	}
	kind, err := e.rules.words.kind(rec.Resource.Type)
	if err != nil {
		return err
	}
	at, was := placeOf(&e.places.Table, e.seed, kind, rec.Resource.ID)
	if at != nowhere && was.is(isRegistered) {
		above := was.parent()
		e.unname(at, kind, string(was.name()))
		e.flag(at, isRegistered, false)
		e.setPlace(at, nowhere, "")
		e.leave(above)
		e.leave(at)
	}
	if rec.Gone {
		return nil
	}
	above, err := e.place(rec.Parent)
	if err != nil {
		return err
	}
	at, put, err := e.placeAs(kind, rec.Resource.ID, above, rec.Name)
	if err != nil {
		return err
	}
	if !put {
		e.setPlace(at, above, rec.Name)
	}
	e.flag(at, isRegistered, true)
	if above != nowhere {
		exists := placeAt(&e.places.Table, above).is(isExisting)
		e.flag(at, isRooted, exists)
		e.flag(above, isAwaited, !exists)
	}
	e.name(at, kind, rec.Name)
	return nil
}

// setPlace writes what a place is below, and what it is called.
func (e *change) setPlace(at, above handle, name string) {
	p := place(e.places.Write(at, only))
	if len(p.name()) == len(name) { // nothing moves
		le.PutUint32(p[placeParent:], above)
		copy(p.name(), name)
		return
	}
	e.places.Replace(at, only, newPlace(le.Uint32(p), above, p.kind(), p[placeFlags], string(p.id()), name))
}

// useCatalog writes anew what follows from the catalogue.
func (e *change) useCatalog() error {
	var all []handle
	for at := range e.owners.All() {
		all = append(all, at)
	}
	for _, at := range all {
		c := e.owners.Seek(at)
		rec, _ := c.Next()
		o := owner(rec)
		_, was, told, members := e.ownerNow(o.principal())
		if err := e.putOwner(at, was, told, members); err != nil {
			return err
		}
	}
	e.rename()
	return nil
}
