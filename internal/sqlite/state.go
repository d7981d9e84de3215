package sqlite

import (
	"github.com/leastkey/leastkey"
)

const (
	stateOfUsers     = `SELECT id, email, disabled FROM users ORDER BY id`
	stateOfAccounts  = `SELECT id FROM accounts ORDER BY id`
	stateOfResources = `SELECT type, id, parent_type, parent_id, name FROM resources ORDER BY type, id`
	stateOfMembers   = `SELECT user, account, roles, groups FROM members ORDER BY id`
)

// State implements [control.Reader].
func (r reader) State(fn func(leastkey.Change) error) error {
	if err := r.stopped(); err != nil {
		return err
	}
	walking := reader{&session{conn: r.conn, over: r.over}}
	r.giving = true
	defer func() {
		r.giving = false
		r.fault = walking.fault
	}()
	return walking.state(fn)
}

func (r reader) state(fn func(leastkey.Change) error) error {
	err := r.stream(stateOfUsers, func(row row) error {
		return fn(leastkey.Change{Principal: &leastkey.PrincipalRecord{
			Principal: leastkey.UserOf(row.id(0)), Email: row.text(1), Active: !row.bool(2),
		}})
	})
	if err != nil {
		return err
	}
	err = r.stream(stateOfAccounts, func(row row) error {
		return fn(leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(row.id(0)), Active: true}})
	})
	if err != nil {
		return err
	}
	err = r.stream(stateOfResources, func(row row) error {
		return fn(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: row.resource(0, 1), Parent: row.resource(2, 3), Name: row.text(4)}})
	})
	if err != nil {
		return err
	}
	err = r.stream(stateOfMembers, func(row row) error {
		roles, err := decode[[]leastkey.ID](row.text(2))
		if err != nil {
			return r.corrupt(err)
		}
		groups, err := decode[[]leastkey.ID](row.text(3))
		if err != nil {
			return r.corrupt(err)
		}
		return fn(leastkey.Change{Membership: &leastkey.Membership{User: row.id(0), Account: row.id(1), Roles: roles, Groups: groups}})
	})
	if err != nil {
		return err
	}
	return r.stateOfCredentials(fn)
}
