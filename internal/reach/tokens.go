package reach

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// Tokens says what each token loses and gains when the second catalogue takes the place of the first. each gives all
// that nodes know, as changes. A token counts whatever its status, its validity and the addresses that it may come
// from: what its policies and its owner's grants permit is compared. Tokens without a difference are left out; names
// are for the caller to add, except e-mail addresses.
//
// Requests are tried for each resource that a policy of the token names, and for one that no policy names wherever a
// policy is about all resources of a type.
func Tokens(before, after *catalog.Catalog, now time.Time, each func(yield func(leastkey.Change) error) error) ([]api.TokenChange, error) {
	w := &world{
		before: before, after: after, filler: fillerFor(before, after),
		parent: map[leastkey.Resource]leastkey.Resource{}, said: map[leastkey.Resource]string{}, emails: map[leastkey.Principal]string{},
		accounts: map[leastkey.ID][]leastkey.ID{}, parts: partsOf(before, after), called: map[leastkey.Resource]string{}, below: belowOf(before, after),
	}
	if err := each(w.know); err != nil {
		return nil, err
	}
	reaches := make([]*tokenReach, len(w.tokens))
	for i, token := range w.tokens {
		reaches[i] = w.reach(token)
	}
	under := [2]*guard.Guard{}
	for i, c := range []*catalog.Catalog{before, after} {
		state := guard.NewState(c)
		if err := state.Load(1, w.give); err != nil {
			return nil, err
		}
		var err error
		if under[i], err = guard.New(guard.Config{State: state, Brand: leastkey.DefaultBrand, Now: func() time.Time { return now }}); err != nil {
			return nil, err
		}
	}
	changes := []api.TokenChange{}
	both := pairs(before, after)
	for _, t := range reaches {
		if c := t.compare(under[0], under[1], both); len(c.Loses)+len(c.Gains) > 0 {
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(x, y api.TokenChange) int { return cmp.Compare(x.ID.String(), y.ID.String()) })
	return changes, nil
}

// world is all that nodes know, with resources that stand for those that no policy names.
type world struct {
	before, after *catalog.Catalog
	filler        string
	records       []leastkey.Change // without credentials that are not tokens
	tokens        []leastkey.Credential
	parent        map[leastkey.Resource]leastkey.Resource
	made          []leastkey.Change            // resources that stand for others
	said          map[leastkey.Resource]string // what these are called
	emails        map[leastkey.Principal]string
	accounts      map[leastkey.ID][]leastkey.ID // of a user
	parts         map[leastkey.ResourceType][]int
	called        map[leastkey.Resource]string
	below         map[leastkey.ResourceType][]leastkey.ResourceType // types by which these are found
}

func (w *world) know(c leastkey.Change) error {
	switch {
	case c.Credential != nil:
		if c.Credential.Credential.Kind != leastkey.Token {
			return nil
		}
		record := *c.Credential
		record.Credential.Status, record.Credential.Validity, record.Credential.Condition = leastkey.Active, leastkey.Validity{}, leastkey.Condition{}
		w.tokens = append(w.tokens, record.Credential)
		c = leastkey.Change{Credential: &record}
	case c.Resource != nil:
		w.parent[c.Resource.Resource], w.called[c.Resource.Resource] = c.Resource.Parent, c.Resource.Name
	case c.Principal != nil:
		w.emails[c.Principal.Principal] = c.Principal.Email
	case c.Membership != nil:
		w.accounts[c.Membership.User] = append(w.accounts[c.Membership.User], c.Membership.Account)
	}
	w.records = append(w.records, c)
	return nil
}

func (w *world) give(yield func(leastkey.Change) error) error {
	for _, c := range slices.Concat(w.records, w.made) {
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

// partsOf says how many parts ids have where the catalogues look for them.
func partsOf(catalogs ...*catalog.Catalog) map[leastkey.ResourceType][]int {
	parts := map[leastkey.ResourceType][]int{}
	add := func(t leastkey.ResourceType, from catalog.Source) {
		if n := max(1, len(from.Params)); t != "" && !slices.Contains(parts[t], n) {
			parts[t] = append(parts[t], n)
		}
	}
	for _, c := range catalogs {
		for _, op := range c.Operations() {
			if op.Target.Kind == catalog.RuleOne || op.Target.Kind == catalog.RuleList {
				add(op.Target.Type, op.Target.ID)
			}
			add(op.Target.Under, op.Target.In)
		}
	}
	return parts
}

// belowOf says by what is below them the catalogues find resources.
func belowOf(catalogs ...*catalog.Catalog) map[leastkey.ResourceType][]leastkey.ResourceType {
	below := map[leastkey.ResourceType][]leastkey.ResourceType{}
	for _, c := range catalogs {
		for _, op := range c.Operations() {
			if of := op.Target.ID.Of; of != "" && !slices.Contains(below[op.Target.Type], of) {
				below[op.Target.Type] = append(below[op.Target.Type], of)
			}
			if of := op.Target.In.Of; of != "" && !slices.Contains(below[op.Target.Under], of) {
				below[op.Target.Under] = append(below[op.Target.Under], of)
			}
		}
	}
	return below
}

// tokenReach is what stands for all that a token could act on.
type tokenReach struct {
	*world
	token   leastkey.Credential
	owner   leastkey.Principal
	reps    map[leastkey.ResourceType][]leastkey.Resource
	parents map[leastkey.ResourceType][]leastkey.Resource // these and what they are under
}

func (w *world) reach(token leastkey.Credential) *tokenReach {
	t := &tokenReach{
		world: w, token: token, owner: token.Principal,
		reps: map[leastkey.ResourceType][]leastkey.Resource{}, parents: map[leastkey.ResourceType][]leastkey.Resource{},
	}
	t.add(t.owner.Resource())
	own := []leastkey.Resource{t.owner.Resource()}
	if t.owner.Kind == leastkey.UserPrincipal {
		own = nil
		for _, id := range w.accounts[t.owner.ID] {
			own = append(own, leastkey.AccountOf(id).Resource())
		}
	}
	for _, policy := range token.Policies {
		for _, pattern := range policy.Patterns {
			switch {
			case pattern.Extent == leastkey.One:
				t.add(leastkey.Resource{Type: pattern.Type, ID: pattern.ID})
			case pattern.Extent == leastkey.Under:
				t.some(pattern.Type, pattern.Parent)
			case pattern.Type == leastkey.AccountType:
				for _, account := range own {
					t.add(account)
				}
			case pattern.Type != leastkey.UserType:
				for _, account := range own {
					t.some(pattern.Type, account)
				}
			}
		}
	}
	return t
}

// add takes a resource, and knows what it is under.
func (t *tokenReach) add(r leastkey.Resource) {
	if slices.Contains(t.reps[r.Type], r) {
		return
	}
	t.reps[r.Type] = append(t.reps[r.Type], r)
	for _, kind := range t.below[r.Type] {
		t.stand(kind, r, r, 1)
	}
	for _, above := range append([]leastkey.Resource{r}, t.ancestors(r)...) {
		if !slices.Contains(t.parents[above.Type], above) {
			t.parents[above.Type] = append(t.parents[above.Type], above)
		}
	}
}

const deepest = 16

func (w *world) ancestors(r leastkey.Resource) []leastkey.Resource {
	var chain []leastkey.Resource
	for len(chain) < deepest {
		parent, ok := w.parent[r]
		if !ok {
			break
		}
		chain = append(chain, parent)
		r = parent
	}
	return chain
}

// some adds a resource of the type under a parent, made up to stand for those that no policy names. Where the two
// catalogues have the type in different places, or with ids of different forms, there is one for each.
func (t *tokenReach) some(kind leastkey.ResourceType, parent leastkey.Resource) {
	for _, c := range []*catalog.Catalog{t.before, t.after} {
		var chain []leastkey.ResourceType
		for at := kind; at != parent.Type && at != "" && len(chain) < deepest; {
			chain = append(chain, at)
			defined, _ := c.Resource(at)
			at = defined.Parent
			if at == "" {
				chain = nil
			}
		}
		if len(chain) == 0 {
			continue
		}
		parts := t.parts[kind]
		if len(parts) == 0 {
			parts = []int{1}
		}
		for _, n := range parts {
			above := parent
			for _, kind := range slices.Backward(chain) {
				above = t.stand(kind, above, parent, n)
			}
			t.add(above)
		}
	}
}

// stand makes one resource of the type under a parent, whose id has n parts. whole is what it stands for: all under that.
func (w *world) stand(kind leastkey.ResourceType, parent, whole leastkey.Resource, n int) leastkey.Resource {
	if known := w.parts[kind]; !slices.Contains(known, n) && len(known) > 0 {
		n = known[0]
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{"leastkey some", string(kind), parent.String(), strings.Repeat("/", n)}, "\x00")))
	id := hex.EncodeToString(sum[:16])
	r := leastkey.Resource{Type: kind, ID: id + strings.Repeat("/"+id, n-1)}
	if _, done := w.parent[r]; !done {
		w.parent[r] = parent
		w.called[r] = "x" + id + ".example"
		w.made = append(w.made, leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Parent: parent, Name: w.called[r]}})
		w.said[r] = leastkey.PatternUnder(kind, whole).String()
	}
	return r
}

func (w *world) words(r leastkey.Resource) string {
	if said, made := w.said[r]; made {
		return said
	}
	return r.String()
}

// above is the ancestor of a type.
func (w *world) above(r leastkey.Resource, kind leastkey.ResourceType) (leastkey.Resource, bool) {
	for _, a := range w.ancestors(r) {
		if a.Type == kind {
			return a, true
		}
	}
	return leastkey.Resource{}, false
}

// near is the resource itself, the ancestor of the type, or one below it.
func (t *tokenReach) near(r leastkey.Resource, kind leastkey.ResourceType) (leastkey.Resource, bool) {
	if r.Type == kind {
		return r, true
	}
	if a, ok := t.above(r, kind); ok {
		return a, true
	}
	for _, below := range t.reps[kind] {
		if a, ok := t.above(below, r.Type); ok && a == r {
			return below, true
		}
	}
	return leastkey.Resource{}, false
}

// compare asks both guards.
func (t *tokenReach) compare(before, after *guard.Guard, both []pair) api.TokenChange {
	change := api.TokenChange{
		ID: t.token.ID, Owner: t.owner.String(), OwnerName: t.emails[t.owner], Loses: []api.TokenRight{}, Gains: []api.TokenRight{},
	}
	for _, p := range both {
		var loses, gains []string
		if p.before != nil && (t.mayUse(p.before) || p.alike && t.mayUse(p.after)) {
			for _, a := range t.requests(p.before, p.after) {
				a.trial.Credential = t.token.ID
				was, is := before.Try(a.trial), after.Try(a.trial)
				loses = told(loses, a, was, is, p.before)
				if p.alike { // the requests of the other are the same
					gains = told(gains, a, is, was, p.after)
				}
			}
		}
		if p.after != nil && !p.alike && t.mayUse(p.after) {
			for _, a := range t.requests(p.after, p.before) {
				a.trial.Credential = t.token.ID
				gains = told(gains, a, after.Try(a.trial), before.Try(a.trial), p.after)
			}
		}
		if p.before != nil {
			change.Loses = right(change.Loses, p.before, loses)
		}
		if p.after != nil {
			change.Gains = right(change.Gains, p.after, gains)
		}
	}
	return change
}

// told adds what a request is about when it is the operation's, and permitted here and not there.
func told(on []string, a asked, here, there guard.Outcome, op *catalog.Operation) []string {
	if here.Operation == op && permits(here, a.item) && !permits(there, a.item) && !slices.Contains(on, a.on) {
		return append(on, a.on)
	}
	return on
}

// mayUse passes over operations for which no policy of the token can speak.
func (t *tokenReach) mayUse(op *catalog.Operation) bool {
	return len(op.AnyOf) == 0 || slices.ContainsFunc(t.token.Policies, func(p leastkey.Policy) bool {
		return p.Effect == leastkey.Allow && slices.ContainsFunc(op.AnyOf, func(accepted leastkey.Permission) bool { return slices.Contains(p.Groups, accepted.Group) })
	})
}

func permits(o guard.Outcome, item leastkey.Resource) bool {
	if o.Allowed && !item.IsZero() && o.Operation.Target.Kind == catalog.RuleList {
		return o.Sees(item)
	}
	return o.Allowed
}

func right(rights []api.TokenRight, op *catalog.Operation, on []string) []api.TokenRight {
	if len(on) == 0 {
		return rights
	}
	return append(rights, api.TokenRight{Operation: op.String(), On: on})
}
