package guard

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

func loaded(c *catalog.Catalog, rev leastkey.Revision, changes []leastkey.Change) (*State, error) {
	s := NewState(c)
	return s, s.Load(rev, func(yield func(leastkey.Change) error) error {
		for _, change := range changes {
			if err := yield(change); err != nil {
				return err
			}
		}
		return nil
	})
}

// What is loaded at once is the law too, whether each thing is given once, as a store does, or as often as
// it changed.
func TestLoadIsTheLaw(t *testing.T) {
	c := catalogOf(t)
	for seed := range uint64(100) {
		w := newLawWorld(c, seed)
		for range 6 {
			w.step()
		}
		given := w.told
		if seed%2 == 0 {
			given = nil
			for _, rec := range w.principals { // also those of whom only memberships told that have ended
				given = append(given, leastkey.Change{Principal: &rec})
			}
			given = slices.AppendSeq(given, w.state.sure().all())
		}
		var err error
		if w.state, err = loaded(c, w.rev, given); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		w.compare(t)
		w.compareAll(t)
		if t.Failed() {
			return
		}
	}
}

// A load is the same as its changes one by one: where credentials come twice or end, where the keys of their
// secrets collide, and where two have the same secret.
func TestLoadIsOneByOne(t *testing.T) {
	c := catalogOf(t)
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.Custom(func(t *rapid.T) leastkey.LiveSecret {
			h := leastkey.SecretHash{0: byte(rapid.IntRange(0, 1).Draw(t, "key"))}
			h[31] = rapid.Byte().Draw(t, "hash")
			return leastkey.LiveSecret{Hash: h}
		})
		var changes []leastkey.Change
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			changes = append(changes, leastkey.Change{Credential: &leastkey.CredentialRecord{
				Credential: leastkey.Credential{
					ID: lawID('c', rapid.IntRange(0, 30).Draw(t, "id")), Principal: leastkey.UserOf(lawID('u', 1)), Kind: leastkey.Token, Status: leastkey.Active,
				},
				Secrets: rapid.SliceOfN(hash, 0, 3).Draw(t, "secrets"),
			}})
		}
		one, err := loaded(c, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := one.Apply(2, changes)
		all, got := loaded(c, 2, changes)
		if !errors.Is(got, want) {
			t.Fatalf("loaded: %v; one by one: %v", got, want)
		}
		if want != nil {
			return
		}
		wanted, is := one.sure(), all.sure()
		if is.secrets.Len() != wanted.secrets.Len() || is.ids.Len() != wanted.ids.Len() || is.places.Len() != wanted.places.Len() {
			t.Fatalf("%d secrets, %d ids, %d places; want %d, %d, %d", is.secrets.Len(), is.ids.Len(), is.places.Len(), wanted.secrets.Len(), wanted.ids.Len(), wanted.places.Len())
		}
		for i := range 31 {
			id := lawID('c', i)
			if diff := cmp.Diff(known(wanted, id), known(is, id)); diff != "" {
				t.Fatal(diff)
			}
		}
		for _, change := range changes {
			for _, s := range change.Credential.Secrets {
				byOne, _ := bearerWith(&wanted.secrets, &s.Hash)
				byAll, _ := bearerWith(&is.secrets, &s.Hash)
				if (byOne == nil) != (byAll == nil) || byOne != nil && string(byOne.id()) != string(byAll.id()) {
					t.Fatalf("a secret leads to %v, and one by one to %v", byAll, byOne)
				}
			}
		}
	})
}

// known are the secrets of a credential.
func known(n *snapshot, id leastkey.ID) []leastkey.LiveSecret {
	key, b := n.bearerOf(id)
	if b == nil {
		return nil
	}
	return secretsOf(key, b)
}

// Two credentials whose ids are found at one place are two.
func TestLoadTellsIDsApart(t *testing.T) {
	e := beginLoad(NewState(catalogOf(t)).rules)
	var ids [2]leastkey.ID
	for at, n := map[uint32]leastkey.ID{}, uint32(0); ids[0].IsZero(); n++ {
		id := leastkey.ID{15: 1}
		le.PutUint32(id[:], n)
		by := idKey(e.seed, id)
		if other, taken := at[by]; taken {
			ids = [2]leastkey.ID{id, other}
		}
		at[by] = id
	}
	for i, id := range ids {
		err := e.apply(leastkey.Change{Credential: &leastkey.CredentialRecord{
			Credential: leastkey.Credential{ID: id, Kind: leastkey.Token, Status: leastkey.Active},
			Secrets:    []leastkey.LiveSecret{{Hash: leastkey.SecretHash{31: byte(i)}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	n, err := e.finish(1)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if got := known(n, id); len(got) != 1 || got[0].Hash[31] != byte(i) {
			t.Errorf("%v has the secrets %v", id, got)
		}
	}
}

func catalogOf(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load("law.yaml", []byte(lawCatalog))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
