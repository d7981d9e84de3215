package guard

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// Every version of a sharded map stays as it was, whatever is made of it later.
func TestShardedVersionsAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			is    sharded[int, int]
			model map[int]int
		}
		versions := []version{{newSharded[int, int](), map[int]int{}}}
		keys := rapid.IntRange(0, 3*shardCount)
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			from := rapid.SampledFrom(versions).Draw(t, "from")
			edit, model := from.is.edit(), maps.Clone(from.model)
			for range rapid.IntRange(0, 20).Draw(t, "changes") {
				key := keys.Draw(t, "key")
				if rapid.Bool().Draw(t, "drop") {
					edit.drop(key)
					delete(model, key)
				} else {
					value := rapid.Int().Draw(t, "value")
					edit.put(key, value)
					model[key] = value
				}
				if got, ok := edit.get(key); ok != (len(model) > 0 && has(model, key)) || ok && got != model[key] {
					t.Fatalf("an editor does not read what it wrote: %d is %d", key, got)
				}
			}
			versions = append(versions, version{edit.done(), model})
		}
		for i, v := range versions {
			for key := range 3*shardCount + 1 {
				if got, ok := v.is.get(key); ok != has(v.model, key) || got != v.model[key] {
					t.Fatalf("version %d: %d is %d %t, want %d", i, key, got, ok, v.model[key])
				}
			}
		}
	})
}

func has(m map[int]int, key int) bool {
	_, ok := m[key]
	return ok
}
