package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectMembers    = `SELECT id, account, user, roles, created_on, groups FROM members`
	memberByID       = selectMembers + ` WHERE id = ? AND account = ?`
	membersByAccount = selectMembers + ` WHERE account = ? ORDER BY created_on, id`
	membersByUser    = selectMembers + ` WHERE user = ? ORDER BY created_on, id`

	putMember = `INSERT INTO members (id, account, user, roles, created_on, groups) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, user = excluded.user,
			roles = excluded.roles, created_on = excluded.created_on, groups = excluded.groups`
	deleteMember = `DELETE FROM members WHERE id = ? AND account = ? RETURNING id`
)

func scanMember(r row) (control.Member, error) {
	roles, err := decode[[]leastkey.ID](r.text(3))
	if err != nil {
		return control.Member{}, err
	}
	groups, err := decode[[]leastkey.ID](r.text(5))
	return control.Member{ID: r.id(0), Account: r.id(1), User: r.id(2), Roles: roles, Groups: groups, CreatedOn: r.time(4)}, err
}

// Member implements [control.Reader].
func (r reader) Member(account, id leastkey.ID) (control.Member, error) {
	return firstOf(r, scanMember, memberByID, id, account)
}

// Members implements [control.Reader].
func (r reader) Members(account leastkey.ID) ([]control.Member, error) {
	return allOf(r, scanMember, membersByAccount, account)
}

// Memberships implements [control.Reader].
func (r reader) Memberships(user leastkey.ID) ([]control.Member, error) {
	return allOf(r, scanMember, membersByUser, user)
}

// PutMember implements [control.Tx]. The user and the account must be there.
func (t tx) PutMember(m control.Member) error {
	roles, err := encode(m.Roles)
	if err != nil {
		return t.fail(err)
	}
	groups, err := encode(m.Groups)
	if err != nil {
		return t.fail(err)
	}
	if err := t.run(putMember, nil, m.ID, m.Account, m.User, roles, m.CreatedOn, groups); err != nil {
		return fmt.Errorf("put member %v: %w", m.ID, err)
	}
	return nil
}

// DeleteMember implements [control.Tx].
func (t tx) DeleteMember(account, id leastkey.ID) error {
	return t.one(deleteMember, nil, id, account)
}
