package sqlite

import (
	"errors"
	"fmt"

	"github.com/leastkey/leastkey"
)

const (
	stateOfUsers     = `SELECT id, email, disabled FROM users ORDER BY id`
	stateOfAccounts  = `SELECT id FROM accounts ORDER BY id`
	stateOfResources = `SELECT type, id, parent_type, parent_id, name FROM resources ORDER BY type, id`
	stateOfMembers   = `SELECT user, account, roles, groups FROM members ORDER BY id`
)

// State implements [control.Reader]. A node that starts waits for it: so one goroutine walks through the
// tables, another reads the policies in what was read, and the caller's uses what is made.
func (r reader) State(fn func(leastkey.Change) error) error {
	if err := r.stopped(); err != nil {
		return err
	}
	r.giving = true
	w := beginWalk(reader{&session{conn: r.conn, over: r.over}})
	defer func() { r.giving, r.fault = false, w.end() }()
	return w.give(fn)
}

// lotSize is how many changes go from one goroutine to the next at a time, and ahead how many such lots are
// on their way.
const (
	lotSize = 512
	ahead   = 2
)

// lot are changes on their way, in order; after them the walk ended for err, or goes on.
type lot struct {
	changes []leastkey.Change
	err     error
	damaged bool // err is that of a row

	credentials // what is left to be read of them, when the changes are credentials
}

// stateWalk goes through all that a node has to know.
type stateWalk struct {
	reader // of the goroutine that walks, until the end

	stop       chan struct{}
	read, made chan *lot
	lot        *lot   // that is being filled
	text       []byte // of its credentials
	met        error  // the fault that give met
}

func beginWalk(r reader) *stateWalk {
	w := &stateWalk{reader: r, lot: &lot{}, stop: make(chan struct{}), read: make(chan *lot, ahead), made: make(chan *lot, ahead)}
	go w.run()
	go makeRecords(w.read, w.made)
	return w
}

// give gives every change to fn.
func (w *stateWalk) give(fn func(leastkey.Change) error) error {
	for l := range w.made {
		for _, change := range l.changes {
			if err := fn(change); err != nil {
				return err
			}
		}
		if l.damaged {
			w.met = l.err
			return w.met
		}
		if l.err != nil {
			return l.err
		}
		if w.met = w.late(); w.met != nil { // also when all was read before
			return w.met
		}
	}
	return nil
}

// end returns when nobody uses the connection any more, with the fault that was met.
func (w *stateWalk) end() error {
	close(w.stop)
	for range w.made { // until the others have ended
	}
	if w.met != nil {
		return w.met
	}
	return w.fault
}

// errUnwanted ends a walk when nobody wants more of it.
var errUnwanted = errors.New("sqlite: the walk is over")

func (w *stateWalk) run() {
	defer close(w.read)
	var err error
	for _, part := range []func() error{w.users, w.accounts, w.resources, w.members, w.pass, w.walkCredentials} {
		if err = part(); err != nil {
			break
		}
	}
	if errors.Is(err, errUnwanted) {
		return // and the lot is no longer whole
	}
	w.lot.err = err
	_ = w.pass() // it ends here anyway
}

// add adds a change to the lot, and passes it on when it is full.
func (w *stateWalk) add(change leastkey.Change) error {
	if w.lot.changes == nil {
		w.lot.changes = make([]leastkey.Change, 0, lotSize)
	}
	if w.lot.changes = append(w.lot.changes, change); len(w.lot.changes) < lotSize {
		return nil
	}
	return w.pass()
}

// pass passes the lot on, and begins another; or nobody wants it any more, and it is not to be passed again.
func (w *stateWalk) pass() error {
	w.lot.text, w.text = string(w.text), w.text[:0]
	select {
	case w.read <- w.lot:
		w.lot = &lot{}
		return nil
	case <-w.stop:
		return errUnwanted
	}
}

func (w *stateWalk) users() error {
	return w.stream(stateOfUsers, func(row row) error {
		return w.add(leastkey.Change{Principal: &leastkey.PrincipalRecord{
			Principal: leastkey.UserOf(row.id(0)), Email: row.text(1), Active: !row.bool(2),
		}})
	})
}

func (w *stateWalk) accounts() error {
	return w.stream(stateOfAccounts, func(row row) error {
		return w.add(leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(row.id(0)), Active: true}})
	})
}

func (w *stateWalk) resources() error {
	return w.stream(stateOfResources, func(row row) error {
		return w.add(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: row.resource(0, 1), Parent: row.resource(2, 3), Name: row.text(4)}})
	})
}

func (w *stateWalk) members() error {
	return w.stream(stateOfMembers, func(row row) error {
		roles, err := decode[[]leastkey.ID](row.text(2))
		if err != nil {
			return w.corrupt(err)
		}
		groups, err := decode[[]leastkey.ID](row.text(3))
		if err != nil {
			return w.corrupt(err)
		}
		return w.add(leastkey.Change{Membership: &leastkey.Membership{User: row.id(0), Account: row.id(1), Roles: roles, Groups: groups}})
	})
}

// damagedRow is for a row that says what the program cannot have written.
func damagedRow(err error) error { return fmt.Errorf("sqlite: damaged row: %w", err) }
