package storetest

import (
	"net/netip"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// modelNotes is what the model keeps of what was seen.
type modelNotes struct {
	w    *world
	over bool
}

func (n *modelNotes) SessionSeen(id leastkey.ID, at time.Time, addr netip.Addr) error {
	s, known := n.w.sessions[id]
	switch {
	case n.over:
		return errModelOver
	case !known || at.Before(s.SeenOn):
		return nil
	}
	s.SeenOn = at
	addr = addr.Unmap().WithZone("")
	switch {
	case addr.Is4():
		s.Addr4 = addr
	case addr.Is6():
		s.Addr6 = addr
	}
	n.w.sessions[id] = s
	return nil
}

func (n *modelNotes) Used(uses []control.Use, mostUses int) error {
	if n.over {
		return errModelOver
	}
	for _, u := range uses {
		c, live := n.w.credentials[u.Credential]
		if !live {
			continue
		}
		kept := append(slices.Clone(n.w.uses[c.ID]), u)
		n.w.uses[c.ID] = kept[max(len(kept)-mostUses, 0):]
		if u.At.After(c.LastUsedOn) {
			c.LastUsedOn = u.At
		}
		c.Secrets = slices.Clone(c.Secrets)
		for i, s := range c.Secrets {
			if s.Hash == u.Secret && u.At.After(s.LastUsedOn) {
				c.Secrets[i].LastUsedOn = u.At
			}
		}
		n.w.credentials[c.ID] = c
	}
	return nil
}

func (n *modelNotes) Sweep(now, idle time.Time) error {
	if n.over {
		return errModelOver
	}
	for id, s := range n.w.sessions {
		if !s.ExpiresOn.After(now) || !s.SeenOn.After(idle) {
			delete(n.w.sessions, id)
		}
	}
	for h, l := range n.w.links {
		if !l.ExpiresOn.After(now) {
			delete(n.w.links, h)
		}
	}
	return nil
}

func (tx *modelTx) Session(id leastkey.ID) (control.Session, error) {
	return find(tx, tx.w.sessions, id)
}

func (tx *modelTx) SessionByHash(h leastkey.SecretHash) (control.Session, error) {
	found, err := list(tx, tx.w.sessions, func(s control.Session) bool { return s.Hash == h }, sessionAge)
	if err == nil && len(found) == 0 {
		err = control.ErrNotFound
	}
	if err != nil {
		return control.Session{}, err
	}
	return found[0], nil
}

func (tx *modelTx) Sessions(user leastkey.ID) ([]control.Session, error) {
	return list(tx, tx.w.sessions, func(s control.Session) bool { return s.User == user }, sessionAge)
}

func sessionAge(s control.Session) (time.Time, string) { return s.CreatedOn, s.ID.String() }

func (tx *modelTx) SignInLink(h leastkey.SecretHash) (control.SignInLink, error) {
	return find(tx, tx.w.links, h)
}

func (tx *modelTx) Uses(credential leastkey.ID) ([]control.Use, error) {
	if tx.over {
		return nil, errModelOver
	}
	uses := slices.Clone(tx.w.uses[credential])
	slices.Reverse(uses)
	return uses, nil
}

func (tx *modelTx) PutSession(s control.Session) error {
	for _, other := range tx.w.sessions {
		if other.ID != s.ID && other.Hash == s.Hash {
			return control.ErrExists
		}
	}
	return put(tx, tx.w.sessions, s.ID, s)
}

func (tx *modelTx) DeleteSession(id leastkey.ID) error {
	if _, err := tx.Session(id); err != nil {
		return err
	}
	delete(tx.w.sessions, id)
	return nil
}

func (tx *modelTx) PutSignInLink(l control.SignInLink) error {
	if _, taken := tx.w.links[l.Hash]; taken {
		return control.ErrExists
	}
	return put(tx, tx.w.links, l.Hash, l)
}

func (tx *modelTx) DeleteSignInLink(h leastkey.SecretHash) error {
	if _, err := tx.SignInLink(h); err != nil {
		return err
	}
	delete(tx.w.links, h)
	return nil
}
