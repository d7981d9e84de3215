package storetest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// model is the contract once more, in maps: slow, and plain enough to be seen right. The suite
// compares the store under test with it on random acts, and is itself tried out on it.
type model struct {
	writing sync.Mutex
	mu      sync.Mutex
	now     *world // never changed: a commit puts another in its place
	closed  bool
}

// world is one consistent state.
type world struct {
	users       map[leastkey.ID]control.User
	accounts    map[leastkey.ID]control.Account
	members     map[leastkey.ID]control.Member
	resources   map[leastkey.Resource]control.Resource
	credentials map[leastkey.ID]control.Credential
	revoked     map[leastkey.ID]bool
	secrets     map[leastkey.SecretHash]leastkey.ID // whose it is or was
	dropped     map[leastkey.SecretHash]bool
	sessions    map[leastkey.ID]control.Session
	links       map[leastkey.SecretHash]control.SignInLink
	identities  map[subject]control.Identity
	roles       map[leastkey.ID]control.Role
	uses        map[leastkey.ID][]control.Use // oldest first
	audit       []control.Audit
	hashes      []audit.Hash
	log         []control.Committed
}

func newModel() *model {
	return &model{now: &world{
		users:       map[leastkey.ID]control.User{},
		accounts:    map[leastkey.ID]control.Account{},
		members:     map[leastkey.ID]control.Member{},
		resources:   map[leastkey.Resource]control.Resource{},
		credentials: map[leastkey.ID]control.Credential{},
		revoked:     map[leastkey.ID]bool{},
		secrets:     map[leastkey.SecretHash]leastkey.ID{},
		dropped:     map[leastkey.SecretHash]bool{},
		sessions:    map[leastkey.ID]control.Session{},
		links:       map[leastkey.SecretHash]control.SignInLink{},
		identities:  map[subject]control.Identity{},
		roles:       map[leastkey.ID]control.Role{},
		uses:        map[leastkey.ID][]control.Use{},
	}}
}

func (w *world) clone() *world {
	return &world{
		maps.Clone(w.users), maps.Clone(w.accounts), maps.Clone(w.members), maps.Clone(w.resources), maps.Clone(w.credentials),
		maps.Clone(w.revoked), maps.Clone(w.secrets), maps.Clone(w.dropped), maps.Clone(w.sessions), maps.Clone(w.links),
		maps.Clone(w.identities), maps.Clone(w.roles), maps.Clone(w.uses),
		slices.Clone(w.audit), slices.Clone(w.hashes), slices.Clone(w.log),
	}
}

var (
	errModelClosed = errors.New("the model is closed")
	errModelOver   = errors.New("the transaction is over")
)

func (m *model) world(ctx context.Context) (*world, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errModelClosed
	}
	return m.now, ctx.Err()
}

func (m *model) View(ctx context.Context, fn func(control.Reader) error) error {
	w, err := m.world(ctx)
	if err != nil {
		return err
	}
	tx := &modelTx{w: w}
	defer func() { tx.over = true }()
	return fn(tx)
}

func (m *model) Commit(ctx context.Context, fn func(control.Tx) (control.Act, error)) (leastkey.Revision, error) {
	m.writing.Lock()
	defer m.writing.Unlock()
	w, err := m.world(ctx)
	if err != nil {
		return 0, err
	}
	tx := &modelTx{w: w.clone()}
	defer func() { tx.over = true }()
	act, err := fn(tx)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return 0, err
	}
	if act.Audit.Action == "" {
		return 0, control.ErrNoAudit
	}
	if slices.ContainsFunc(w.audit, func(a control.Audit) bool { return a.ID == act.Audit.ID }) {
		return 0, control.ErrExists
	}
	rev := leastkey.Revision(len(w.log) + 1)
	act.Audit.Revision = rev
	hashes, err := audit.Add(act.Audit, func(index int64) (audit.Hash, error) { return tx.w.hashes[index], nil })
	if err != nil {
		return 0, err
	}
	for _, h := range hashes {
		tx.w.hashes = append(tx.w.hashes, h.Hash)
	}
	tx.w.audit = append(tx.w.audit, act.Audit)
	tx.w.log = append(tx.w.log, control.Committed{Revision: rev, Changes: act.Changes})
	m.keep(tx.w)
	if act.Publish != nil {
		act.Publish(rev)
	}
	return rev, nil
}

func (m *model) Note(ctx context.Context, fn func(control.Notes) error) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	w, err := m.world(ctx)
	if err != nil {
		return err
	}
	n := &modelNotes{w: w.clone()}
	defer func() { n.over = true }()
	if err := errors.Join(fn(n), ctx.Err()); err != nil {
		return err
	}
	m.keep(n.w)
	return nil
}

func (m *model) keep(w *world) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = w
}

func (m *model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errModelClosed
	}
	m.closed = true
	return nil
}

type modelTx struct {
	w    *world
	over bool
}

// list gives the values that fit, oldest first.
func list[K comparable, V any](tx *modelTx, all map[K]V, fits func(V) bool, age func(V) (time.Time, string)) ([]V, error) {
	if tx.over {
		return nil, errModelOver
	}
	var out []V
	for _, v := range all {
		if fits(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b V) int {
		at, aid := age(a)
		bt, bid := age(b)
		return cmp.Or(at.Compare(bt), strings.Compare(aid, bid))
	})
	return out, nil
}

func find[K comparable, V any](tx *modelTx, all map[K]V, key K) (V, error) {
	v, ok := all[key]
	switch {
	case tx.over:
		return v, errModelOver
	case !ok:
		return v, control.ErrNotFound
	}
	return v, nil
}

func every[V any](V) bool { return true }

func (tx *modelTx) Revision() (leastkey.Revision, error) {
	if tx.over {
		return 0, errModelOver
	}
	return leastkey.Revision(len(tx.w.log)), nil
}

func (tx *modelTx) State(fn func(leastkey.Change) error) error {
	if tx.over {
		return errModelOver
	}
	var all []leastkey.Change
	for _, u := range tx.w.users {
		all = append(all, ofUser(u))
	}
	for _, a := range tx.w.accounts {
		all = append(all, ofAccount(a))
	}
	for _, r := range tx.w.resources {
		all = append(all, ofResource(r))
	}
	for _, m := range tx.w.members {
		all = append(all, ofMember(m))
	}
	for _, c := range tx.w.credentials {
		all = append(all, ofCredential(c))
	}
	for _, c := range all {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func (tx *modelTx) User(id leastkey.ID) (control.User, error) { return find(tx, tx.w.users, id) }

func (tx *modelTx) UserByEmail(email string) (control.User, error) {
	found, err := list(tx, tx.w.users, func(u control.User) bool { return u.Email == email }, userAge)
	if err == nil && len(found) == 0 {
		err = control.ErrNotFound
	}
	if err != nil {
		return control.User{}, err
	}
	return found[0], nil
}

func (tx *modelTx) Users() ([]control.User, error) { return list(tx, tx.w.users, every, userAge) }

func userAge(u control.User) (time.Time, string) { return u.CreatedOn, u.ID.String() }

func (tx *modelTx) Account(id leastkey.ID) (control.Account, error) {
	return find(tx, tx.w.accounts, id)
}

func (tx *modelTx) Accounts() ([]control.Account, error) {
	return list(tx, tx.w.accounts, every, func(a control.Account) (time.Time, string) { return a.CreatedOn, a.ID.String() })
}

func (tx *modelTx) Member(account, id leastkey.ID) (control.Member, error) {
	m, err := find(tx, tx.w.members, id)
	if err == nil && m.Account != account {
		return control.Member{}, control.ErrNotFound
	}
	return m, err
}

func (tx *modelTx) Members(account leastkey.ID) ([]control.Member, error) {
	return list(tx, tx.w.members, func(m control.Member) bool { return m.Account == account }, memberAge)
}

func (tx *modelTx) Memberships(user leastkey.ID) ([]control.Member, error) {
	return list(tx, tx.w.members, func(m control.Member) bool { return m.User == user }, memberAge)
}

func memberAge(m control.Member) (time.Time, string) { return m.CreatedOn, m.ID.String() }

func (tx *modelTx) Resource(r leastkey.Resource) (control.Resource, error) {
	return find(tx, tx.w.resources, r)
}

func (tx *modelTx) Resources(t leastkey.ResourceType, parent leastkey.Resource) ([]control.Resource, error) {
	fits := func(r control.Resource) bool {
		return (t == "" || r.Type == t) && (parent.IsZero() || r.Parent == parent)
	}
	return list(tx, tx.w.resources, fits, func(r control.Resource) (time.Time, string) {
		return r.CreatedOn, string(r.Type) + "\x00" + r.ID
	})
}

func (tx *modelTx) PutUser(u control.User) error {
	for _, other := range tx.w.users {
		if other.ID != u.ID && other.Email == u.Email {
			return control.ErrExists
		}
	}
	return put(tx, tx.w.users, u.ID, u)
}

func put[K comparable, V any](tx *modelTx, all map[K]V, key K, v V) error {
	if tx.over {
		return errModelOver
	}
	all[key] = v
	return nil
}

func (tx *modelTx) PutAccount(a control.Account) error { return put(tx, tx.w.accounts, a.ID, a) }

func (tx *modelTx) PutMember(m control.Member) error {
	for _, other := range tx.w.members {
		if other.ID != m.ID && other.Account == m.Account && other.User == m.User {
			return control.ErrExists
		}
	}
	return put(tx, tx.w.members, m.ID, m)
}

func (tx *modelTx) DeleteMember(account, id leastkey.ID) error {
	if _, err := tx.Member(account, id); err != nil {
		return err
	}
	delete(tx.w.members, id)
	return nil
}

func (tx *modelTx) PutResource(r control.Resource) error {
	return put(tx, tx.w.resources, r.Resource, r)
}

func (tx *modelTx) DeleteResource(r leastkey.Resource) error {
	if _, err := tx.Resource(r); err != nil {
		return err
	}
	delete(tx.w.resources, r)
	return nil
}
