package guard

import (
	"hash/maphash"
	"iter"
	"maps"
)

// shardCount bounds what one change copies: the 1/shardCount of the table that it touches.
const shardCount = 1024

// sharded is an immutable map. A change makes a new one that shares every untouched shard, so
// that readers need no lock and a change costs a small part of a copy.
type sharded[K comparable, V any] struct {
	seed   maphash.Seed
	shards []map[K]V
}

func newSharded[K comparable, V any]() sharded[K, V] {
	return sharded[K, V]{maphash.MakeSeed(), make([]map[K]V, shardCount)}
}

func (s sharded[K, V]) index(k K) int {
	return int(maphash.Comparable(s.seed, k) % shardCount)
}

func (s sharded[K, V]) get(k K) (V, bool) {
	v, ok := s.shards[s.index(k)][k]
	return v, ok
}

// values gives every value, in no order.
func (s sharded[K, V]) values() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, shard := range s.shards {
			for _, v := range shard {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// entries gives every key with its value, in no order.
func (s sharded[K, V]) entries() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, shard := range s.shards {
			for k, v := range shard {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// edit starts a new map. Only the editor's owner may use it, until it calls done.
func (s sharded[K, V]) edit() *editor[K, V] {
	shards := make([]map[K]V, shardCount)
	copy(shards, s.shards)
	return &editor[K, V]{sharded[K, V]{s.seed, shards}, make(map[int]bool)}
}

type editor[K comparable, V any] struct {
	sharded[K, V]
	mine map[int]bool // shards already copied
}

func (e *editor[K, V]) own(k K) map[K]V {
	i := e.index(k)
	if !e.mine[i] {
		e.mine[i] = true
		e.shards[i] = maps.Clone(e.shards[i])
		if e.shards[i] == nil {
			e.shards[i] = make(map[K]V)
		}
	}
	return e.shards[i]
}

func (e *editor[K, V]) put(k K, v V) { e.own(k)[k] = v }
func (e *editor[K, V]) drop(k K)     { delete(e.own(k), k) }

func (e *editor[K, V]) done() sharded[K, V] { return e.sharded }
