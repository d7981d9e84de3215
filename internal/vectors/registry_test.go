package vectors_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/vectors"
)

// register is a world as it can be read off its rows, without any engine.
type register struct{ *vectors.World }

// ancestors tells what is above a resource, nearest first, and whether it is there.
func (w register) ancestors(r leastkey.Resource) ([]leastkey.Resource, bool) {
	for name := range w.Rows.Accounts {
		if own, _ := w.Rows.Named(name); own == r {
			return nil, true
		}
	}
	for name := range w.Rows.Users {
		if own, _ := w.Rows.Named(name); own == r {
			return nil, true
		}
	}
	for name, row := range w.Rows.Resources {
		if own, _ := w.Rows.Named(name); own == r && !row.Gone {
			parent, _ := w.Rows.Named(row.Parent)
			above, known := w.ancestors(parent)
			return append([]leastkey.Resource{parent}, above...), known
		}
	}
	return nil, false
}

// one is a resource as a target; unknown unless it is below within, when there is such a bound.
func (w register) one(r, within leastkey.Resource) leastkey.Target {
	above, known := w.ancestors(r)
	if !known || within.Type != "" && !slices.Contains(above, within) {
		return leastkey.OnUnknown(r)
	}
	return leastkey.OnResource(r, above...)
}

// under is a new resource as a target.
func (w register) under(kind leastkey.ResourceType, parent leastkey.Resource) leastkey.Target {
	above, known := w.ancestors(parent)
	return leastkey.OnCreate(kind, known, append([]leastkey.Resource{parent}, above...)...)
}

// presented finds whose secret the request carries, by looking at every one that there is.
func (w register) presented(t *testing.T, s vectors.Sent) (c leastkey.Credential, owner string, found bool) {
	for name, row := range w.Rows.Credentials {
		names := []string{name}
		if row.Rolled != nil && w.Now().Before(w.Rows.Now.Add(time.Duration(row.Rolled.Overlap)*time.Second)) {
			names = append(names, row.Rolled.Old)
		}
		for _, secret := range names {
			if !row.Revoked && w.carries(s, row, w.Rows.Users[row.Owner].Email, w.Secret(secret).Reveal()) {
				return w.credential(t, row), row.Owner, true
			}
		}
	}
	return leastkey.Credential{}, "", false
}

// carries reports whether the request carries the secret in the way of its kind.
func (w register) carries(s vectors.Sent, row vectors.CredentialRow, email, secret string) bool {
	said := func(name, value string) bool {
		return slices.ContainsFunc(s.Header, func(h [2]string) bool { return h[0] == name && h[1] == value })
	}
	bearer := slices.ContainsFunc(s.Header, func(h [2]string) bool { return h[0] == "Authorization" })
	own := func(h [2]string) bool {
		return slices.ContainsFunc(w.Catalog.TokenHeaders(), func(name string) bool { return strings.EqualFold(name, h[0]) })
	}
	if !bearer && slices.ContainsFunc(s.Header, own) {
		return row.Kind == "token" && slices.ContainsFunc(s.Header, func(h [2]string) bool { return own(h) && h[1] == secret })
	}
	switch row.Kind {
	case "token":
		return slices.ContainsFunc(s.Header, func(h [2]string) bool {
			scheme, value, _ := strings.Cut(h[1], " ")
			return h[0] == "Authorization" && strings.EqualFold(scheme, "bearer") && strings.TrimSpace(value) == secret
		})
	case "global_key":
		return !bearer && said("X-Auth-Key", secret) && slices.ContainsFunc(s.Header, func(h [2]string) bool {
			return h[0] == "X-Auth-Email" && strings.EqualFold(h[1], email)
		})
	case "service_key":
		other := slices.ContainsFunc(s.Header, func(h [2]string) bool { return h[0] == "X-Auth-Key" || h[0] == "X-Auth-Email" })
		return !bearer && !other && said("X-Auth-User-Service-Key", secret)
	default:
		return false
	}
}

// credential is a row in the words of the decision.
func (w register) credential(t *testing.T, row vectors.CredentialRow) leastkey.Credential {
	t.Helper()
	owner, _ := w.Rows.Principal(row.Owner)
	c := leastkey.Credential{
		ID: leastkey.ID{1}, Kind: map[string]leastkey.Kind{"token": leastkey.Token, "global_key": leastkey.GlobalAPIKey, "service_key": leastkey.ServiceKey}[row.Kind],
		Principal: owner, Status: leastkey.Active, Validity: leastkey.Validity{NotBefore: row.NotBefore, ExpiresOn: row.ExpiresOn},
	}
	if row.Disabled {
		c.Status = leastkey.Disabled
	}
	for list, texts := range map[*[]leastkey.AddressRange][]string{&c.Condition.In: row.In, &c.Condition.NotIn: row.NotIn} {
		for _, text := range texts {
			r, err := leastkey.ParseAddressRange(text)
			if err != nil {
				t.Fatal(err)
			}
			*list = append(*list, r)
		}
	}
	for _, policy := range row.Policies {
		p := leastkey.Policy{Effect: policy.Effect}
		var err error
		if p.Patterns, err = w.Rows.Patterns(policy.On); err != nil {
			t.Fatal(err)
		}
		for _, g := range w.Catalog.Groups() {
			if slices.Contains(policy.Groups, g.Name) {
				p.Groups = append(p.Groups, g.ID)
			}
		}
		c.Policies = append(c.Policies, p)
	}
	return c
}

// memberships are those of a user.
func (w register) memberships(t *testing.T, name string) []leastkey.Membership {
	t.Helper()
	user, _ := w.Rows.Principal(name)
	var all []leastkey.Membership
	for account, roles := range w.Rows.Users[name].Memberships {
		of, _ := w.Rows.Principal(account)
		m := leastkey.Membership{User: user.ID, Account: of.ID}
		for _, role := range roles {
			held, ok := w.Catalog.RoleNamed(role)
			if !ok {
				t.Fatalf("no role %q", role)
			}
			m.Roles = append(m.Roles, held.ID)
		}
		all = append(all, m)
	}
	return all
}

// grants are what a principal may itself do.
func (w register) grants(t *testing.T, name string) leastkey.Grants {
	t.Helper()
	p, _ := w.Rows.Principal(name)
	active := !w.Rows.Users[name].Inactive && !w.Rows.Accounts[name].Inactive
	return w.Catalog.Grants(p, active, w.memberships(t, name))
}

// meant is the resource that the value of a source stands for; without an id when there is none.
func (w register) meant(kind leastkey.ResourceType, from catalog.Source, value string) leastkey.Resource {
	none := leastkey.Resource{Type: kind}
	switch {
	case from.Of != "":
		above, _ := w.ancestors(leastkey.Resource{Type: from.Of, ID: value})
		if i := slices.IndexFunc(above, func(r leastkey.Resource) bool { return r.Type == kind }); i >= 0 {
			return above[i]
		}
		return none
	case from.Host:
		all := map[leastkey.Resource]bool{}
		for host := range strings.FieldsSeq(value) {
			all[w.hosting(kind, "."+strings.Trim(strings.TrimPrefix(strings.ToLower(host), "*"), "."))] = true
		}
		for r := range all {
			if len(all) == 1 {
				return r
			}
		}
		return none
	default:
		return leastkey.Resource{Type: kind, ID: value}
	}
}

// hosting is the one with the longest name that the host name ends with, unless there are two.
func (w register) hosting(kind leastkey.ResourceType, host string) leastkey.Resource {
	best, longest := leastkey.Resource{Type: kind}, 0
	for name, row := range w.Rows.Resources {
		called := "." + strings.TrimSuffix(strings.ToLower(row.Called), ".")
		if row.Gone || row.Type != kind || len(called) < longest || len(called) == 1 || !strings.HasSuffix(host, called) {
			continue
		}
		if len(called) == longest {
			best = leastkey.Resource{Type: kind}
			continue
		}
		best, _ = w.Rows.Named(name)
		longest = len(called)
	}
	return best
}
