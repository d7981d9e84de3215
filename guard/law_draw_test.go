package guard

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

func pick[T any](r *lawWorld, from []T) T { return from[r.IntN(len(from))] }

func some[T any](r *lawWorld, most int, draw func() T) []T {
	if r.IntN(12) == 0 {
		most *= 6 // what is long is kept in another way
	}
	var all []T
	for range r.IntN(most + 1) {
		all = append(all, draw())
	}
	return all
}

func lawID(kind byte, n int) leastkey.ID { return leastkey.ID{0: kind, 15: byte(n)} }

func (w *lawWorld) user() leastkey.ID    { return lawID('u', w.IntN(3)) }
func (w *lawWorld) account() leastkey.ID { return lawID('a', w.IntN(3)) }

func (w *lawWorld) principal() leastkey.Principal {
	switch w.IntN(12) {
	case 0:
		return leastkey.Principal{}
	case 1, 2, 3:
		return leastkey.AccountOf(w.account())
	default:
		return leastkey.UserOf(w.user())
	}
}

// resource is of any type, also one of which the catalogue knows nothing.
func (w *lawWorld) resource() leastkey.Resource {
	switch w.IntN(10) {
	case 0:
		return leastkey.AccountOf(w.account()).Resource()
	case 1:
		return leastkey.UserOf(w.user()).Resource()
	case 2:
		return leastkey.Resource{Type: pick(w, []leastkey.ResourceType{"planet", "", "zone"}), ID: pick(w, []string{"", "1"})}
	case 3, 4, 5:
		return leastkey.Resource{Type: "host", ID: fmt.Sprint("h", w.IntN(5))}
	default:
		return leastkey.Resource{Type: "zone", ID: fmt.Sprint("z", w.IntN(5))}
	}
}

func (w *lawWorld) group() leastkey.ID {
	if w.IntN(20) == 0 {
		return leastkey.ID{15: byte(w.IntN(3))} // of no catalogue
	}
	return pick(w, w.catalog.Groups()).ID
}

func (w *lawWorld) pattern() leastkey.Pattern {
	r := w.resource()
	switch w.IntN(9) {
	case 0:
		return leastkey.Pattern{Type: r.Type} // reaches nothing
	case 1, 2:
		return leastkey.PatternEvery(r.Type)
	case 3, 4, 5:
		return leastkey.PatternUnder(pick(w, []leastkey.ResourceType{"zone", "host", "account"}), r)
	default:
		return leastkey.PatternOne(r)
	}
}

func (w *lawWorld) addressRange() leastkey.AddressRange {
	r, err := leastkey.ParseAddressRange(pick(w, []string{"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::ffff:192.0.2.7", "198.51.100.0/25", "::/0"}))
	if err != nil {
		panic(err)
	}
	if w.IntN(30) == 0 {
		return leastkey.AddressRange{}
	}
	return r
}

func (w *lawWorld) address() netip.Addr {
	return pick(w, []netip.Addr{{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("::ffff:198.51.100.9"),
		netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fe80::1%eth0")})
}

// instant is one of a few, the zero one among them.
func (w *lawWorld) instant() time.Time {
	if w.IntN(3) > 0 {
		return time.Time{}
	}
	return lawEpoch.Add(time.Duration(w.IntN(5)-2) * time.Nanosecond)
}

var lawEpoch = time.Date(2030, 1, 1, 0, 0, 0, 500, time.UTC)

// secret is one that was not there before.
func (w *lawWorld) secret() leastkey.LiveSecret {
	w.secrets++
	h := leastkey.SecretHash{4: byte(w.secrets), 5: byte(w.secrets >> 8)}
	if w.IntN(2) == 0 {
		h[0] = byte(w.secrets) // some stand together
	}
	return leastkey.LiveSecret{Hash: h, Until: w.instant()}
}

// credential is one that bounds in any way.
func (w *lawWorld) credential() leastkey.CredentialRecord {
	rec := leastkey.CredentialRecord{Credential: leastkey.Credential{
		ID: lawID('c', w.IntN(8)), Principal: w.principal(),
		Kind:   pick(w, []leastkey.Kind{leastkey.Token, leastkey.Token, leastkey.Token, leastkey.Token, leastkey.GlobalAPIKey, leastkey.Session, leastkey.ServiceKey, 0, 9}),
		Status: pick(w, []leastkey.Status{leastkey.Active, leastkey.Active, leastkey.Active, leastkey.Active, leastkey.Active, leastkey.Disabled, 0, 7}),
	}}
	c := &rec.Credential
	if w.IntN(3) == 0 {
		c.Validity = leastkey.Validity{NotBefore: w.instant(), ExpiresOn: w.instant()}
	}
	if w.IntN(4) == 0 {
		c.Condition = leastkey.Condition{In: some(w, 2, w.addressRange), NotIn: some(w, 2, w.addressRange)}
		for w.IntN(40) == 0 { // more than a byte counts
			for range 300 {
				c.Condition.NotIn = append(c.Condition.NotIn, w.addressRange())
			}
		}
	}
	number := byte(0)
	c.Policies = some(w, 3, func() leastkey.Policy {
		number++
		return leastkey.Policy{
			ID: leastkey.ID{0: 'p', 1: c.ID[15], 15: number}, Groups: some(w, 4, w.group), Patterns: some(w, 3, w.pattern),
			Effect: pick(w, []leastkey.Effect{leastkey.Allow, leastkey.Allow, leastkey.Allow, leastkey.Deny, 0}),
		}
	})
	for range w.IntN(4) {
		rec.Secrets = append(rec.Secrets, w.secret())
	}
	return rec
}

// change is one of any kind, and is kept as the state is to keep it.
func (w *lawWorld) change() leastkey.Change {
	switch w.IntN(8) {
	case 0:
		rec := leastkey.PrincipalRecord{Principal: pick(w, []leastkey.Principal{leastkey.UserOf(w.user()), leastkey.AccountOf(w.account())}), Email: pick(w, []string{"", "a@b.example"}), Active: w.IntN(5) > 0}
		w.principals[rec.Principal] = rec
		return leastkey.Change{Principal: &rec}
	case 1:
		m := leastkey.Membership{User: w.user(), Account: w.account(), Groups: some(w, 1, w.group),
			Roles: some(w, 1, func() leastkey.ID { return pick(w, append(w.catalog.Roles(), catalog.Role{ID: leastkey.ID{1}})).ID })}
		if _, told := w.principals[leastkey.UserOf(m.User)]; !told {
			w.principals[leastkey.UserOf(m.User)] = leastkey.PrincipalRecord{Principal: leastkey.UserOf(m.User)}
		}
		if w.memberships[m.User] == nil {
			w.memberships[m.User] = map[leastkey.ID]leastkey.Membership{}
		}
		if w.memberships[m.User][m.Account] = m; len(m.Roles) == 0 {
			delete(w.memberships[m.User], m.Account)
		}
		return leastkey.Change{Membership: &m}
	case 2, 3, 4:
		rec := leastkey.ResourceRecord{Resource: w.resource(), Parent: w.resource(), Name: pick(w, []string{"", "a.example", "long.name.example"}), Gone: w.IntN(6) == 0}
		if rec.Resource.Type == "zone" && w.IntN(3) > 0 {
			rec.Parent = leastkey.AccountOf(w.account()).Resource()
		}
		if rec.Resource.Type == "" {
			rec.Resource.Type = "planet" // without one it would be refused
		}
		if w.resources[rec.Resource] = rec; rec.Gone {
			delete(w.resources, rec.Resource)
		}
		return leastkey.Change{Resource: &rec}
	default:
		rec := w.credential()
		if w.credentials[rec.Credential.ID] = rec; len(rec.Secrets) == 0 {
			delete(w.credentials, rec.Credential.ID)
		}
		return leastkey.Change{Credential: &rec}
	}
}
