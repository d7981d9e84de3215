package guard

import (
	"bytes"
	"hash/maphash"
	"iter"
	"sync"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard/internal/table"
)

// A ledger is the bearers that a load was given, one after the other. They are put into tables when all
// are there: in their last size, and without a look at what else is known for each.
//
// An entry is the size of the bearer, the key that it stands at (32 bits each) and the bearer. Of a
// credential that has ended there is the id alone.
type ledger struct{ chunks [][]byte }

const (
	entryHead             = 8
	leastChunk, mostChunk = 4 << 10, 1 << 20 // bytes
)

func (l *ledger) add(key uint32, b bearer) {
	last, need := len(l.chunks)-1, entryHead+len(b)
	if last < 0 || cap(l.chunks[last])-len(l.chunks[last]) < need {
		size := leastChunk
		if last >= 0 {
			size = min(2*cap(l.chunks[last]), mostChunk)
		}
		l.chunks = append(l.chunks, make([]byte, 0, max(size, need)))
		last++
	}
	to := le.AppendUint32(l.chunks[last], uint32(len(b)))
	l.chunks[last] = append(le.AppendUint32(to, key), b...)
}

// all gives every entry, in order.
func (l *ledger) all() iter.Seq2[uint32, bearer] {
	return func(yield func(uint32, bearer) bool) {
		for _, rest := range l.chunks {
			for len(rest) > 0 {
				end := entryHead + int(le.Uint32(rest))
				if !yield(le.Uint32(rest[4:]), bearer(rest[entryHead:end:end])) {
					return
				}
				rest = rest[end:]
			}
		}
	}
}

// addEnd is for a credential that has ended.
func (l *ledger) addEnd(id leastkey.ID) { l.add(0, id[:]) }

// ended reports whether an entry is of a credential that has ended.
func (b bearer) ended() bool { return len(b) == idSize }

// records gives what stands in the table of secrets.
func (l *ledger) records(yield func(uint32, []byte) bool) {
	for key, b := range l.all() {
		if !b.ended() && !b.records(key, yield) {
			return
		}
	}
}

// keys gives what stands in the table of ids.
func (l *ledger) keys(seed maphash.Seed) iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		var at [keySize]byte
		for key, b := range l.all() {
			if le.PutUint32(at[:], key); !b.ended() && !yield(idKey(seed, leastkey.ID(b.id())), at[:]) {
				return
			}
		}
	}
}

// settle puts what a load was given of credentials into the tables. When something was given twice, what
// came later counts, as it does in commits: they are put in one by one then.
func (e *change) settle() error {
	l := e.ledger
	if l == nil {
		return nil
	}
	e.ledger = nil // what follows looks into the tables
	var ids table.Table
	var beside sync.WaitGroup
	beside.Go(func() { ids = table.Of(l.keys(e.seed)) })
	secrets := table.Of(l.records)
	beside.Wait()
	if l.once(e.seed, &secrets, &ids) {
		e.secrets, e.ids = secrets.Edit(), ids.Edit()
		return nil
	}
	for key, b := range l.all() {
		if b.ended() {
			e.end(leastkey.ID(b))
		} else if err := e.keep(key, b); err != nil {
			return err
		}
	}
	return nil
}

// once reports whether no credential and no secret is in it twice.
func (l *ledger) once(seed maphash.Seed, secrets, ids *table.Table) bool {
	for _, b := range l.all() {
		if !b.ended() {
			continue
		}
		id := leastkey.ID(b)
		if _, other := bearerOf(ids, secrets, idKey(seed, id), id); other != nil {
			return false
		}
	}
	return !secrets.Twice(func(a, b []byte) bool { return bytes.Equal(a[:hashSize-keySize], b[:hashSize-keySize]) }) &&
		!ids.Twice(func(a, b []byte) bool {
			for one := range bearersAt(secrets, le.Uint32(a)) {
				for other := range bearersAt(secrets, le.Uint32(b)) {
					if &one[0] != &other[0] && bytes.Equal(one.id(), other.id()) {
						return true
					}
				}
			}
			return false
		})
}
