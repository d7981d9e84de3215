package audit

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/leastkey/leastkey"
)

// Hash is a hash of the tree: of a row, or of two hashes below it.
type Hash = tlog.Hash

// Stored is a hash of the tree and where it is kept. Indexes are from 0 and without gaps: the hash of a
// row comes first, then those of the subtrees that the row completes.
type Stored struct {
	Index int64
	Hash  Hash
}

// IndexOf is the index of the hash of a row. Those that are stored with the row follow it, up to
// IndexOf(revision+1).
func IndexOf(revision leastkey.Revision) int64 { return tlog.StoredHashIndex(0, int64(revision)-1) }

// RevisionOf is the row with which the hash of an index is stored.
func RevisionOf(index int64) leastkey.Revision {
	level, n := tlog.SplitStoredHashIndex(index)
	return leastkey.Revision((n + 1) << level)
}

// Add gives the hashes to be stored with the row that follows the last one. read gives hashes that
// were stored before.
func Add(row Row, read func(index int64) (Hash, error)) ([]Stored, error) {
	line, err := row.Leaf()
	if err != nil {
		return nil, err
	}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes := make([]Hash, len(indexes))
		for i, index := range indexes {
			var err error
			if hashes[i], err = read(index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
	hashes, err := tlog.StoredHashes(int64(row.Revision)-1, line, reader)
	if err != nil {
		return nil, err
	}
	stored := make([]Stored, len(hashes))
	for i, h := range hashes {
		stored[i] = Stored{IndexOf(row.Revision) + int64(i), h}
	}
	return stored, nil
}

// Root is the hash over the first size rows.
func Root(size leastkey.Revision, read func(index int64) (Hash, error)) (Hash, error) {
	return tlog.TreeHash(int64(size), tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		hashes := make([]Hash, len(indexes))
		for i, index := range indexes {
			var err error
			if hashes[i], err = read(index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	}))
}

// growing is a tree to which rows are added in order: of each complete subtree that no larger one
// contains, its hash, by height.
type growing struct {
	size int64
	top  [64]Hash
}

// add gives the hashes that the row's one completes: itself, and each with its left neighbour above.
// above may look at, and replace, what was computed for a height.
func (g *growing) add(h Hash, above func(height int, computed Hash) Hash) {
	height := 0
	for ; g.size>>height&1 == 1; height++ {
		h = above(height+1, tlog.NodeHash(g.top[height], h))
	}
	g.top[height] = h
	g.size++
}

func (g *growing) root() Hash {
	var root Hash
	first := true
	for height := range g.top {
		switch {
		case g.size>>height&1 == 0:
		case first:
			root, first = g.top[height], false
		default:
			root = tlog.NodeHash(g.top[height], root)
		}
	}
	if first {
		root, _ = tlog.TreeHash(0, nil) // that of nothing; it cannot fail
	}
	return root
}
