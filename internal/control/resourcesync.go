package control

import (
	"context"
	"errors"

	"github.com/leastkey/leastkey"
)

// Found is a resource that a list of the upstream has.
type Found struct {
	ID       string
	Name     string // empty: the id
	Disputed bool   // another list has it as well: it is neither registered nor moved
}

// Listing is what the upstream has of one type under one parent, read whole.
type Listing struct {
	Type   leastkey.ResourceType
	Parent leastkey.Resource
	Items  []Found
	Since  leastkey.Revision // when reading began; what was changed since is left alone
	// Left reports whether a resource has gone from another parent, as far as is certain.
	Left func(r, parent leastkey.Resource) bool
	// Claimed reports whether another parent's list has a resource: it is moved, not removed.
	Claimed func(r leastkey.Resource) bool
}

// Synced is what became of a Listing.
type Synced struct {
	Registered, Renamed, Moved, Removed int
	Lost                                []Loss
	Emptied                             bool                // the list was empty and the registry was not: nothing was done
	Elsewhere                           []leastkey.Resource // not moved, because of a doubt whose they are
	Odd                                 []string            // ids that the type cannot have
}

func (s *Synced) add(part Synced) {
	s.Registered, s.Renamed, s.Moved, s.Removed = s.Registered+part.Registered, s.Renamed+part.Renamed, s.Moved+part.Moved, s.Removed+part.Removed
	s.Lost = append(s.Lost, part.Lost...)
}

// mostSynced bounds the changes of one act, beside which nobody else can write.
const mostSynced = 1000

// Sync brings the registry in step with a list of the upstream, in as few acts as there may be;
// in none when nothing differs. Call it with the caller [Discovery].
func (c *Control) Sync(ctx context.Context, caller Caller, l Listing) (Synced, error) {
	var total Synced
	for {
		var plan syncPlan
		err := c.store.View(ctx, func(r Reader) (err error) {
			plan, err = c.planSync(r, l)
			return err
		})
		total.Emptied, total.Elsewhere, total.Odd = plan.Emptied, plan.Elsewhere, plan.Odd
		if err != nil || len(plan.steps) == 0 {
			return total, settle(err)
		}
		err = c.act(ctx, caller, operatorOnly, attempt{"resource.discover", l.Parent.String()}, func(tx Tx, _ authority, done *deed) error {
			now, err := c.planSync(tx, l)
			if err != nil {
				return err
			}
			var part Synced
			err = c.sync(tx, done, l, now.steps[:min(len(now.steps), mostSynced)], &part)
			total.add(part)
			return err
		})
		if err != nil || len(plan.steps) <= mostSynced {
			return total, err
		}
	}
}

// syncPlan is what a Listing asks for.
type syncPlan struct {
	Synced
	steps []syncStep
}

// syncStep is one change: was is zero for a new resource, is for one that is gone.
type syncStep struct{ was, is Resource }

func (c *Control) planSync(r Reader, l Listing) (syncPlan, error) {
	var plan syncPlan
	if def, known := c.Catalog().Resource(l.Type); !known || def.Parent == "" || def.Parent != l.Parent.Type {
		return plan, invalid("", "the catalogue has no %s under a %s", l.Type, l.Parent.Type)
	}
	chain := newAncestry(r)
	if _, known := chain.of(l.Parent); !known {
		if chain.fault != nil {
			return plan, chain.fault
		}
		return plan, invalid("", "there is no %s in the registry", l.Parent)
	}
	touched, err := touchedSince(r, l.Since)
	if err != nil {
		return plan, err
	}
	have, err := r.Resources(l.Type, l.Parent)
	if err != nil {
		return plan, err
	}
	rows := map[leastkey.Resource]Resource{}
	for _, row := range have {
		rows[row.Resource] = row
	}
	listed := map[leastkey.Resource]bool{}
	for _, item := range l.Items {
		on := leastkey.Resource{Type: l.Type, ID: item.ID}
		switch {
		case !c.Catalog().ValidID(l.Type, item.ID):
			plan.Odd = append(plan.Odd, item.ID)
		case !listed[on]:
			listed[on] = true
			if !touched[on] {
				err = errors.Join(err, c.planItem(r, l, item, rows, &plan))
			}
		}
	}
	if err != nil {
		return plan, err
	}
	if len(listed) == 0 && len(have) > 0 {
		plan.Emptied = true
		return plan, nil
	}
	for _, row := range have {
		claimed := l.Claimed != nil && l.Claimed(row.Resource)
		if !listed[row.Resource] && !touched[row.Resource] && !claimed {
			plan.steps = append(plan.steps, syncStep{was: row})
		}
	}
	return plan, nil
}

func (c *Control) planItem(r Reader, l Listing, item Found, rows map[leastkey.Resource]Resource, plan *syncPlan) error {
	on := leastkey.Resource{Type: l.Type, ID: item.ID}
	name := item.Name
	if name == "" {
		name = item.ID
	}
	was, here := rows[on]
	if !here {
		var err error
		if was, err = r.Resource(on); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	is := was
	is.Name, is.Parent = name, l.Parent
	switch {
	case here && was.Name == name:
		return nil
	case here:
	case item.Disputed, !was.Resource.IsZero() && (l.Left == nil || !l.Left(on, was.Parent)):
		plan.Elsewhere = append(plan.Elsewhere, on)
		return nil
	case was.Resource.IsZero():
		is.Resource, is.CreatedOn = on, c.now()
	}
	plan.steps = append(plan.steps, syncStep{was, is})
	return nil
}

// touchedSince are the resources of which nodes were told after a revision.
func touchedSince(r Reader, since leastkey.Revision) (map[leastkey.Resource]bool, error) {
	touched := map[leastkey.Resource]bool{}
	for {
		const page = 500
		log, err := r.Changes(since, page)
		if err != nil {
			return nil, err
		}
		for _, commit := range log {
			since = commit.Revision
			for _, change := range commit.Changes {
				if change.Resource != nil {
					touched[change.Resource.Resource] = true
				}
			}
		}
		if len(log) < page {
			return touched, nil
		}
	}
}

// recordedSync is an act of discovery as audit rows have it.
type recordedSync struct {
	Registered []string `json:"registered,omitempty"`
	Renamed    []string `json:"renamed,omitempty"`
	Moved      []string `json:"moved,omitempty"`
	Removed    []string `json:"removed,omitempty"`
	Lost       []string `json:"lost,omitempty"`
}

func (c *Control) sync(tx Tx, done *deed, l Listing, steps []syncStep, total *Synced) error {
	done.account = accountOf(lastOf(l.Parent, newAncestry(tx)))
	var record recordedSync
	for _, step := range steps {
		var lost []Loss
		var err error
		switch {
		case step.is.Resource.IsZero():
			if lost, err = c.syncRemoved(tx, done, step.was, &record); err == nil {
				total.Removed++
			}
		case step.was.Resource.IsZero():
			err = keepResource(tx, done, step.is)
			if err == nil {
				lost, err = c.forget(tx, done, []leastkey.Resource{step.is.Resource})
			}
			record.Registered = append(record.Registered, step.is.Resource.String())
			total.Registered++
		case step.was.Parent != step.is.Parent:
			var below []Resource
			if below, err = subtree(tx, step.was); err == nil {
				named := step.was
				named.Name = step.is.Name
				_, lost, err = c.move(tx, done, named, step.is.Parent, below)
			}
			record.Moved = append(record.Moved, step.is.Resource.String())
			total.Moved++
		default:
			err = keepResource(tx, done, step.is)
			record.Renamed = append(record.Renamed, step.is.Resource.String())
			total.Renamed++
		}
		if err != nil {
			return err
		}
		record.Lost, total.Lost = append(record.Lost, recordedLosses(lost)...), append(total.Lost, lost...)
	}
	done.after = record
	return nil
}

func (c *Control) syncRemoved(tx Tx, done *deed, was Resource, record *recordedSync) ([]Loss, error) {
	rows, err := subtree(tx, was)
	if err != nil {
		return nil, err
	}
	record.Removed = append(record.Removed, recordedResources(rows)...)
	return c.remove(tx, done, rows)
}

// Revision is the number of acts so far.
func (c *Control) Revision(ctx context.Context) (rev leastkey.Revision, err error) {
	err = c.store.View(ctx, func(r Reader) (err error) {
		rev, err = r.Revision()
		return err
	})
	return rev, settle(err)
}
