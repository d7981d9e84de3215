package workload_test

import (
	"reflect"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
)

func typical(t *testing.T, tokens int) *workload.Workload {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	w, err := workload.New(c, 1, tokens)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// What one run measures, another measures too.
func TestSameSeedSameWorkload(t *testing.T) {
	a, b := typical(t, 500), typical(t, 500)
	for i := range 500 {
		if x, y := a.Token(i), b.Token(i); !reflect.DeepEqual(x, y) {
			t.Fatalf("token %d: %v and %v", i, x, y)
		}
	}
	if x, y := a.Cases(500), b.Cases(500); !reflect.DeepEqual(x, y) {
		t.Error("the requests differ")
	}
}

// A secret is one that the product makes, and its hash is the product's.
func TestSecretsAreOfTheProduct(t *testing.T) {
	w := typical(t, 100)
	for i := range 100 {
		secret, kind, err := leastkey.DefaultBrand.Parse(w.Secret(i))
		if err != nil || secret.Hash() != w.Hash(i) {
			t.Fatalf("token %d: %v", i, err)
		}
		if want := w.Token(i).Credential.Principal.Kind == leastkey.AccountPrincipal; (kind == leastkey.AccountTokenSecret) != want {
			t.Errorf("token %d: kind %v", i, kind)
		}
	}
}

// The answers that contenders are held to are those of the law over the records that they are given.
func TestAnswersAreTheLaws(t *testing.T) {
	w := typical(t, 2000)
	tokens := map[leastkey.SecretHash]leastkey.Credential{}
	memberships := map[leastkey.ID][]leastkey.Membership{}
	parents := map[leastkey.Resource]leastkey.Resource{}
	err := w.Changes(func(c leastkey.Change) error {
		switch {
		case c.Credential != nil:
			tokens[c.Credential.Secrets[0].Hash] = c.Credential.Credential
		case c.Membership != nil:
			memberships[c.Membership.User] = append(memberships[c.Membership.User], *c.Membership)
		case c.Resource != nil:
			parents[c.Resource.Resource] = c.Resource.Parent
		}
		return nil
	})
	if err != nil || len(tokens) != 2000 || len(parents) != w.Zones {
		t.Fatal(err, len(tokens), len(parents))
	}
	reasons := map[leastkey.Reason]int{}
	allowed := 0
	for _, c := range w.Cases(4000) {
		secret, _, err := leastkey.DefaultBrand.Parse(c.Secret)
		if err != nil {
			t.Fatal(err)
		}
		token, known := tokens[secret.Hash()]
		target := leastkey.OnResource(c.Resource)
		if parent, below := parents[c.Resource]; below {
			target = leastkey.OnResource(c.Resource, parent)
			if parent != c.Account {
				t.Fatalf("%v is of %v, not of %v", c.Resource, parent, c.Account)
			}
		}
		grants := w.Catalog.Grants(token.Principal, known, memberships[token.Principal.ID])
		d := leastkey.Decide(token, grants, leastkey.Request{At: workload.Now(), Addr: c.Addr, AnyOf: c.AnyOf, Target: target})
		if known != c.Known || d.Allowed() != c.Allowed || known && d.Reason != c.Reason {
			t.Fatalf("%s %s: %v, want %v (%v)", c.Method, c.Target, d, c.Allowed, c.Reason)
		}
		if c.Allowed && !c.ByPolicies {
			t.Fatal("allowed, though the token does not allow it")
		}
		reasons[c.Reason]++
		if c.Allowed {
			allowed++
		}
	}
	if allowed != 2000 {
		t.Errorf("%d of 4000 are allowed", allowed)
	}
	for _, r := range []leastkey.Reason{leastkey.Granted, leastkey.DeniedByDefault, leastkey.CredentialDisabled, leastkey.CredentialExpired,
		leastkey.AddressRefused, leastkey.PermissionMissing, leastkey.PermissionDenied, leastkey.PrincipalLacks} {
		if reasons[r] == 0 {
			t.Errorf("no request is answered with %v: %v", r, reasons)
		}
	}
}

// The mix is the one that the report tells of.
func TestTypicalMix(t *testing.T) {
	const n = 20_000
	w := typical(t, n)
	var conditions, denies, expiries, users, policies, one, under, every int
	for i := range n {
		c := w.Token(i).Credential
		if !c.Condition.IsZero() {
			conditions++
		}
		if !c.Validity.ExpiresOn.IsZero() {
			expiries++
		}
		if c.Principal.Kind == leastkey.UserPrincipal {
			users++
		}
		for _, p := range c.Policies {
			if p.Effect == leastkey.Deny {
				denies++
				continue
			}
			policies++
			if len(p.Groups) < 1 || len(p.Groups) > 3 || len(p.Patterns) > 5 {
				t.Fatalf("token %d: %v", i, p)
			}
			switch p.Patterns[0].Extent {
			case leastkey.One:
				one++
			case leastkey.Under:
				under++
			case leastkey.Every:
				every++
			}
		}
	}
	near := func(what string, got, percent, of int) {
		if want := of * percent / 100; got < want*9/10 || got > want*11/10 {
			t.Errorf("%s: %d of %d, want about %d %%", what, got, of, percent)
		}
	}
	near("conditions on addresses", conditions, 20, n)
	near("denies", denies, 10, n)
	near("expiries", expiries, 20, n)
	near("tokens of users", users, 67, n)
	near("policies", policies, 200, n)
	near("policies for every", every, 20, policies)
	near("policies for an account's", under, 26, policies)
	near("policies for one", one, 54, policies)
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shape           workload.Shape
		policies, zones int
	}{{workload.Narrow, 1, 1}, {workload.Wide, 10, 500}} {
		w, err := workload.NewShaped(typical(t, 100).Catalog, 1, 50, c.shape)
		if err != nil {
			t.Fatal(err)
		}
		zones := map[leastkey.Pattern]bool{}
		token := w.Token(7).Credential
		for _, p := range token.Policies {
			for _, on := range p.Patterns {
				zones[on] = true
			}
		}
		if len(token.Policies) != c.policies || len(zones) != c.zones {
			t.Errorf("%d policies for %d zones, want %d for %d", len(token.Policies), len(zones), c.policies, c.zones)
		}
		if got := len(w.Cases(20)); got != 20 {
			t.Errorf("%d requests", got)
		}
	}
}
