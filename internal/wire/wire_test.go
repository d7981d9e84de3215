package wire_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/wire"
)

var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	zoneA   = "11111111111111111111111111111111"
	zoneB   = "22222222222222222222222222222222"
	account = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func group(t testing.TB, cat *catalog.Catalog, name string) leastkey.ID {
	t.Helper()
	named := cat.GroupsNamed(name)
	if len(named) == 0 {
		t.Fatalf("no group %q", name)
	}
	return named[0].ID
}

func one(kind leastkey.ResourceType, id string) leastkey.Pattern {
	return leastkey.PatternOne(leastkey.Resource{Type: kind, ID: id})
}

func under(kind leastkey.ResourceType) leastkey.Pattern {
	return leastkey.PatternUnder(kind, leastkey.Resource{Type: "account", ID: account})
}

func id(digit string) leastkey.ID {
	id, err := leastkey.ParseID(strings.Repeat(digit, 32))
	if err != nil {
		panic(err)
	}
	return id
}

func ranges(t testing.TB, texts ...string) []leastkey.AddressRange {
	t.Helper()
	var list []leastkey.AddressRange
	for _, text := range texts {
		r, err := leastkey.ParseAddressRange(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// TestRequest shows the body as it is printed, with members in the order of the contract.
func TestRequest(t *testing.T) {
	cat := load(t)
	request, err := wire.Request(cat, control.TokenSpec{
		Name: "<a> & \u202eb", Status: leastkey.Disabled,
		Validity:  leastkey.Validity{NotBefore: now, ExpiresOn: now.AddDate(0, 1, 0)},
		Condition: leastkey.Condition{In: ranges(t, "192.0.2.0/24")},
		Policies: []leastkey.Policy{{
			ID: id("b"), Effect: leastkey.Allow, Groups: []leastkey.ID{group(t, cat, "DNS Write")},
			Patterns: []leastkey.Pattern{one("zone", zoneB), one("zone", zoneA)},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.Text(request)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "name": "<a> & \u202eb",
  "status": "disabled",
  "not_before": "2030-01-01T00:00:00Z",
  "expires_on": "2030-02-01T00:00:00Z",
  "policies": [
    {
      "effect": "allow",
      "permission_groups": [
        {
          "id": "4755a26eedb94da69e1066d98aa820be",
          "name": "DNS Write"
        }
      ],
      "resources": {
        "com.cloudflare.api.account.zone.` + zoneB + `": "*",
        "com.cloudflare.api.account.zone.` + zoneA + `": "*"
      }
    }
  ],
  "condition": {
    "request.ip": {
      "in": [
        "192.0.2.0/24"
      ]
    },
    "request_ip": {
      "in": [
        "192.0.2.0/24"
      ]
    }
  }
}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if request, err = wire.Request(cat, control.TokenSpec{Name: "n"}); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(request); err != nil || string(got) != `{"name":"n","policies":[]}` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(`\u003ce"`))))
		want := map[string]string{words.Draw(t, "key"): words.Draw(t, "value")}
		text, err := wire.Text(want)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTokenStatus(t *testing.T) {
	cat := load(t)
	for name, row := range map[string]struct {
		status leastkey.Status
		ends   time.Time
		want   string
	}{
		"active":               {leastkey.Active, time.Time{}, "active"},
		"active until later":   {leastkey.Active, now.Add(time.Second), "active"},
		"ended":                {leastkey.Active, now, "expired"},
		"disabled":             {leastkey.Disabled, time.Time{}, "disabled"},
		"disabled before then": {leastkey.Disabled, now, "disabled"},
	} {
		stored := control.Credential{Credential: leastkey.Credential{Kind: leastkey.Token, Status: row.status, Validity: leastkey.Validity{ExpiresOn: row.ends}}}
		if got := wire.Token(cat, stored, now); string(got.Status) != row.want || got.Policies == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWhatLeftTheCatalogue is shown, and cannot be asked for again.
func TestWhatLeftTheCatalogue(t *testing.T) {
	cat := load(t)
	gone := []leastkey.Policy{{Effect: leastkey.Allow, Groups: []leastkey.ID{id("d")}, Patterns: []leastkey.Pattern{one("bucket", "b1"), leastkey.PatternEvery("bucket")}}}
	shown := wire.Policies(cat, gone)
	if shown[0].Groups[0].Name != "" || string(shown[0].Resources) != `{"bucket b1":"*","every bucket":"*"}` {
		t.Errorf("%+v %s", shown[0].Groups, shown[0].Resources)
	}
	if _, err := wire.Request(cat, control.TokenSpec{Policies: gone}); err == nil {
		t.Error("a request for what there is no more")
	}
}

// right is one permission group on one pattern of its type: what a policy comes down to.
type right struct {
	effect  leastkey.Effect
	group   leastkey.ID
	pattern leastkey.Pattern
}

func rights(cat *catalog.Catalog, policies []leastkey.Policy) map[right]bool {
	all := map[right]bool{}
	for _, p := range policies {
		for _, g := range p.Groups {
			for _, pattern := range p.Patterns {
				if t, _ := cat.TypeOf(g); t == pattern.Type {
					all[right{p.Effect, g, pattern}] = true
				}
			}
		}
	}
	return all
}

// TestDivideKeepsRights: a request is read back as the same rights, whatever policies they were in.
func TestDivideKeepsRights(t *testing.T) {
	cat := load(t)
	var groups []leastkey.ID
	for _, g := range cat.Groups() {
		groups = append(groups, g.ID)
	}
	patterns := []leastkey.Pattern{
		one("zone", zoneA), one("zone", zoneB), one("account", account), one("account", zoneA), under("zone"),
		leastkey.PatternEvery("zone"), leastkey.PatternEvery("account"),
		leastkey.PatternUnder("zone", leastkey.Resource{Type: "account", ID: zoneA}), one("user", zoneA),
	}
	random := rand.New(rand.NewPCG(1, 2))
	divided := 0
	for range 2000 {
		var policies []leastkey.Policy
		for range random.IntN(4) {
			p := leastkey.Policy{Effect: leastkey.Allow, ID: id(fmt.Sprint(random.IntN(10)))}
			if random.IntN(2) == 0 {
				p.Effect = leastkey.Deny
			}
			for range 1 + random.IntN(5) {
				p.Groups = append(p.Groups, groups[random.IntN(len(groups))])
			}
			for _, i := range random.Perm(len(patterns))[:1+random.IntN(5)] {
				p.Patterns = append(p.Patterns, patterns[i])
			}
			policies = append(policies, p)
		}
		request, err := wire.Request(cat, control.TokenSpec{Name: "n", Policies: policies})
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := wire.Spec(cat, body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if len(spec.Policies) > len(policies) {
			divided++
		}
		if diff := cmp.Diff(rights(cat, policies), rights(cat, spec.Policies), cmp.AllowUnexported(right{})); diff != "" {
			t.Fatalf("%s\n%s", body, diff)
		}
	}
	if divided < 100 {
		t.Errorf("only %d cases had to be divided", divided)
	}
}
