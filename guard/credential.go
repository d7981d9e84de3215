package guard

import (
	"encoding/binary"
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard/internal/table"
)

// A bearer is a credential as it is decided by. It stands in the table of secrets at the beginning
// of the hash of its first secret; at those of its other secrets, while a roll overlaps, stands an
// alias, which says where the bearer is.
//
// The record: the hash of the first secret without its beginning, which is the key; kind, status, flags
// (8 bits each), the handle of its owner (32 bits), its id; then, as the flags have it, until when the first
// secret is good, from when and until when the credential is (a stamp each), the condition, and the
// other secrets; then how many policies there are, and these.
//
// Of an alias there are the hash, the flags at their place, and the key of its bearer.
type bearer []byte

const (
	hashSize     = len(leastkey.SecretHash{})
	keySize      = 4
	bearerKind   = hashSize - keySize
	bearerStatus = bearerKind + 1
	bearerFlags  = bearerStatus + 1
	bearerOwner  = bearerFlags + 1
	bearerID     = bearerOwner + 4
	bearerRest   = bearerID + idSize
)

const (
	isAlias = 1 << iota
	hasUntil
	hasNotBefore
	hasExpiresOn
	hasCondition
	hasOthers
)

func (b bearer) flags() byte   { return b[bearerFlags] }
func (b bearer) owner() handle { return le.Uint32(b[bearerOwner:]) }
func (b bearer) id() []byte    { return b[bearerID:bearerRest] }

func (b bearer) kind() leastkey.Kind { return leastkey.Kind(b[bearerKind]) }

// records gives what stands in the table of secrets for a bearer at a key: it, and an alias for each of its
// other secrets. It stops when yield is false, and says so.
func (b bearer) records(key uint32, yield func(uint32, []byte) bool) bool {
	if !yield(key, b) {
		return false
	}
	if b.flags()&hasOthers == 0 {
		return true
	}
	var p parts
	b.parts(&p)
	for other := range slices.Chunk(p.others, otherSize) {
		alias := slices.Concat(other[keySize:hashSize], []byte{0, 0, isAlias})
		if !yield(secretKey(other), le.AppendUint32(alias, key)) {
			return false
		}
	}
	return true
}

// parts are what follows the fixed part of a bearer. What it has not is nil.
type parts struct {
	until, notBefore, expiresOn []byte
	condition                   condition
	others                      []byte // hash and a stamp each; an instant without seconds and more is no end
	policies                    int
	rest                        []byte // the policies
}

const otherSize = hashSize + 1 + stampSize

func (b bearer) parts(p *parts) {
	*p = parts{}
	rest, flags := b[bearerRest:], b.flags()
	if flags&hasUntil != 0 {
		p.until, rest = rest[:stampSize], rest[stampSize:]
	}
	if flags&hasNotBefore != 0 {
		p.notBefore, rest = rest[:stampSize], rest[stampSize:]
	}
	if flags&hasExpiresOn != 0 {
		p.expiresOn, rest = rest[:stampSize], rest[stampSize:]
	}
	if flags&hasCondition != 0 {
		p.condition, rest = readCondition(rest)
	}
	if flags&hasOthers != 0 {
		n := int(le.Uint16(rest)) * otherSize
		p.others, rest = rest[2:2+n], rest[2+n:]
	}
	policies, size := binary.Uvarint(rest)
	p.policies, p.rest = int(policies), rest[size:]
}

// validity is the span in which it works.
func (p *parts) validity(v *leastkey.Validity) {
	if p.notBefore != nil {
		v.NotBefore = readStamp(p.notBefore)
	}
	if p.expiresOn != nil {
		v.ExpiresOn = readStamp(p.expiresOn)
	}
}

// usable is [leastkey.Credential.Usable].
func (b bearer) usable(p *parts, at time.Time) leastkey.Reason {
	switch kind, status := b.kind(), leastkey.Status(b[bearerStatus]); {
	case kind != leastkey.Token && kind != leastkey.GlobalAPIKey && kind != leastkey.Session && kind != leastkey.ServiceKey:
		return leastkey.DeniedByDefault
	case status == leastkey.Disabled:
		return leastkey.CredentialDisabled
	case status != leastkey.Active:
		return leastkey.DeniedByDefault
	case p.notBefore != nil && before(at, p.notBefore):
		return leastkey.CredentialNotYetValid
	case p.expiresOn != nil && !before(at, p.expiresOn):
		return leastkey.CredentialExpired
	default:
		return leastkey.Granted
	}
}

// bearerWith finds the bearer one of whose secrets has the hash, and until when that one is good; nil
// for no end.
func bearerWith(secrets *table.Table, hash *leastkey.SecretHash) (b bearer, until []byte) {
	c := secrets.Seek(secretKey(hash[:]))
	for {
		rec, more := c.Next()
		if !more {
			return nil, nil
		}
		if !sameHash(rec, hash) {
			continue
		}
		if rec[bearerFlags]&isAlias == 0 {
			if b = rec; b.flags()&hasUntil != 0 {
				until = rec[bearerRest : bearerRest+stampSize]
			}
			return b, until
		}
		return otherBearer(secrets, le.Uint32(rec[bearerOwner:]), hash)
	}
}

func otherBearer(secrets *table.Table, key uint32, hash *leastkey.SecretHash) (bearer, []byte) {
	c := secrets.Seek(key)
	for {
		rec, more := c.Next()
		if !more {
			return nil, nil
		}
		if rec[bearerFlags]&(isAlias|hasOthers) != hasOthers {
			continue
		}
		var p parts
		bearer(rec).parts(&p)
		for other := range slices.Chunk(p.others, otherSize) {
			if [hashSize]byte(other[:hashSize]) == *hash {
				if other[hashSize] == 0 {
					return rec, nil
				}
				return rec, other[hashSize+1:]
			}
		}
	}
}

// sameHash compares what stands at the key of a hash with the rest of it, in constant time, so that how
// far a guess agrees does not show.
func sameHash(rec []byte, hash *leastkey.SecretHash) bool {
	rec, rest := rec[:hashSize-keySize], hash[keySize:]
	differ := le.Uint64(rec) ^ le.Uint64(rest)
	differ |= le.Uint64(rec[8:]) ^ le.Uint64(rest[8:])
	differ |= le.Uint64(rec[16:]) ^ le.Uint64(rest[16:])
	differ |= uint64(le.Uint32(rec[24:]) ^ le.Uint32(rest[24:]))
	return differ == 0
}

// secretKey is where a secret stands.
func secretKey(hash []byte) uint32 { return le.Uint32(hash) }

// bearerOf finds a credential by its id, and where it stands.
func bearerOf(ids, secrets *table.Table, by uint32, id leastkey.ID) (key uint32, b bearer) {
	c := ids.Seek(by)
	for {
		at, more := c.Next()
		if !more {
			return 0, nil
		}
		key = le.Uint32(at)
		for b := range bearersAt(secrets, key) {
			if leastkey.ID(b.id()) == id {
				return key, b
			}
		}
	}
}

// bearersAt are those that stand at a key.
func bearersAt(secrets *table.Table, key uint32) iter.Seq[bearer] {
	return func(yield func(bearer) bool) {
		c := secrets.Seek(key)
		for {
			rec, more := c.Next()
			if !more || rec[bearerFlags]&isAlias == 0 && !yield(rec) {
				return
			}
		}
	}
}

func (n *snapshot) bearerOf(id leastkey.ID) (key uint32, b bearer) {
	return bearerOf(&n.ids, &n.secrets, idKey(n.seed, id), id)
}

// credential is a credential whole, as it was told of.
func (n *snapshot) credential(b bearer) leastkey.Credential {
	var p parts
	b.parts(&p)
	out := leastkey.Credential{ID: leastkey.ID(b.id()), Kind: b.kind(), Status: leastkey.Status(b[bearerStatus]), Condition: p.condition.whole()}
	p.validity(&out.Validity)
	if o := placeAt(&n.places, b.owner()); o != nil { // an owner that nothing else is known of
		if id, err := leastkey.ParseID(string(o.id())); err == nil {
			out.Principal = principalOf(n.types[o.kind()], id)
		}
	}
	for rest := p.rest; p.policies > 0; p.policies-- {
		var c clause
		rest = c.read(rest, &n.clauses, anyGroup)
		out.Policies = append(out.Policies, n.policy(&c))
	}
	return out
}

// secretsOf are the secrets of a bearer that stands at a key.
func secretsOf(key uint32, b bearer) []leastkey.LiveSecret {
	var p parts
	b.parts(&p)
	var first leastkey.LiveSecret
	le.PutUint32(first.Hash[:], key)
	copy(first.Hash[keySize:], b)
	if p.until != nil {
		first.Until = readStamp(p.until)
	}
	all := []leastkey.LiveSecret{first}
	for other := range slices.Chunk(p.others, otherSize) {
		s := leastkey.LiveSecret{Hash: leastkey.SecretHash(other[:hashSize])}
		if other[hashSize] != 0 {
			s.Until = readStamp(other[hashSize+1:])
		}
		all = append(all, s)
	}
	return all
}

func principalOf(t leastkey.ResourceType, id leastkey.ID) leastkey.Principal {
	switch t {
	case leastkey.UserType:
		return leastkey.UserOf(id)
	case leastkey.AccountType:
		return leastkey.AccountOf(id)
	default:
		return leastkey.Principal{}
	}
}

// condition is where a credential may be used from: how many ranges it works in, how many it does
// not, in 16 bits each; then these. A range is the size of its address in bytes, its length in bits and
// whether it was written without one, a byte each, and the address. One without an address contains
// nothing.
type condition []byte

const conditionHead = 4

func (c condition) in() int  { return int(le.Uint16(c)) }
func (c condition) all() int { return c.in() + int(le.Uint16(c[2:])) }

func appendCondition(to []byte, c leastkey.Condition) ([]byte, error) {
	if len(c.In) > mostOfMany || len(c.NotIn) > mostOfMany {
		return nil, errTooMany
	}
	to = le.AppendUint16(to, uint16(len(c.In)))
	to = le.AppendUint16(to, uint16(len(c.NotIn)))
	for _, r := range slices.Concat(c.In, c.NotIn) {
		prefix := r.Prefix()
		if !prefix.IsValid() {
			to = append(to, 0, 0, 0)
			continue
		}
		addr, bare := prefix.Addr().AsSlice(), byte(0)
		if r.IsBare() {
			bare = 1
		}
		to = append(append(to, byte(len(addr)), byte(prefix.Bits()), bare), addr...)
	}
	return to, nil
}

func readCondition(from []byte) (condition, []byte) {
	end := conditionHead
	for range condition(from).all() {
		end += 3 + int(from[end])
	}
	return from[:end], from[end:]
}

// admits is what leastkey.Condition does.
func (c condition) admits(addr netip.Addr) bool {
	if c == nil {
		return true
	}
	if !addr.IsValid() {
		return false
	}
	addr = addr.Unmap().WithZone("")
	in := c.in()
	inside := in == 0
	rest := []byte(c[conditionHead:])
	for i := range c.all() {
		var prefix netip.Prefix
		prefix, _, rest = nextRange(rest)
		if !prefix.IsValid() || !prefix.Contains(addr) {
			continue
		}
		if i >= in {
			return false
		}
		inside = true
	}
	return inside
}

func nextRange(from []byte) (prefix netip.Prefix, bare bool, rest []byte) {
	switch size := from[0]; size {
	case 4:
		prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte(from[3:])), int(from[1]))
	case 16:
		prefix = netip.PrefixFrom(netip.AddrFrom16([16]byte(from[3:])), int(from[1]))
	}
	return prefix, from[2] != 0, from[3+int(from[0]):]
}

// whole is the condition as its owner wrote it.
func (c condition) whole() (out leastkey.Condition) {
	if c == nil {
		return out
	}
	rest := []byte(c[conditionHead:])
	for i := range c.all() {
		var prefix netip.Prefix
		var bare bool
		prefix, bare, rest = nextRange(rest)
		r := leastkey.RangeOf(prefix, bare)
		if i < c.in() {
			out.In = append(out.In, r)
		} else {
			out.NotIn = append(out.NotIn, r)
		}
	}
	return out
}
