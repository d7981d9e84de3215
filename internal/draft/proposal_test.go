package draft_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/draft"
)

// TestProposalRoundTrip: what a link proposes compiles to just the policy that it was made of, after
// what the token has already.
func TestProposalRoundTrip(t *testing.T) {
	cat, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	id := func(digit string) string { return strings.Repeat(digit, 32) }
	user, account := leastkey.UserOf(leastkey.MustParseID(id("1"))), leastkey.AccountOf(leastkey.MustParseID(id("2")))
	rapid.Check(t, func(t *rapid.T) {
		owner := rapid.SampledFrom([]leastkey.Principal{user, account}).Draw(t, "owner")
		g := rapid.SampledFrom(cat.Groups()).Draw(t, "group")
		patterns := []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: g.Type, ID: id("3")}), leastkey.PatternOne(leastkey.Resource{Type: g.Type, ID: id("4")})}
		switch g.Type {
		case leastkey.UserType:
			owner, patterns = user, []leastkey.Pattern{leastkey.PatternOne(user.Resource())}
		case leastkey.AccountType:
			patterns = append(patterns, leastkey.PatternEvery(g.Type))
		default:
			patterns = append(patterns, leastkey.PatternEvery(g.Type), leastkey.PatternUnder(g.Type, account.Resource()))
		}
		if r, _ := cat.Resource(g.Type); !r.IDs.Admits(id("3")) {
			t.Fatal("the ids of this type are of another form")
		}
		want := leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{g.ID}, Patterns: []leastkey.Pattern{rapid.SampledFrom(patterns).Draw(t, "pattern")}}
		if len(patterns) > 1 && want.Patterns[0] == patterns[0] && rapid.Bool().Draw(t, "two") {
			want.Patterns = append(want.Patterns, patterns[1])
		}
		token := control.Credential{Name: "t"}
		token.ID, token.Kind, token.Principal, token.Status = leastkey.MustParseID(id("5")), leastkey.Token, owner, leastkey.Active
		link, fits := draft.Proposal(owner, token.ID, want)
		u, err := url.Parse(link)
		if err != nil || !fits || !draft.IsProposal(u.Query()) || !strings.HasSuffix(u.Path, "/api-tokens/"+token.ID.String()+"/edit") {
			t.Fatalf("link %s, %v", link, err)
		}
		d, problems := draft.From(cat, token).Propose(cat, owner, u.Query())
		if len(problems) > 0 {
			t.Fatalf("%s: %v", link, problems)
		}
		compiled := d.Compile(cat, token)
		if len(compiled.Problems) > 0 || len(compiled.Spec.Policies) != 1 {
			t.Fatalf("%s: %+v", link, compiled)
		}
		got := compiled.Spec.Policies[0]
		if got.Effect != want.Effect || !slices.Equal(got.Groups, want.Groups) || !slices.Equal(got.Patterns, want.Patterns) {
			t.Fatalf("%s: %+v, want %+v", link, got, want)
		}
	})
}

// TestProposalsOfOthers: a link can ask for anything. What does not fit the owner or the catalogue is
// named and left out.
func TestProposalsOfOthers(t *testing.T) {
	cat, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	zone, user := cat.GroupsNamed("DNS Write")[0].ID.String(), cat.GroupsNamed("API Tokens Write")[0].ID.String()
	id := strings.Repeat("1", 32)
	owner := leastkey.UserOf(leastkey.MustParseID(id))
	for _, text := range []string{"", "x", zone, zone + " on ", zone + " on zone", zone + " on zone:", zone + " on zone:*", zone + " on zone:1", zone + " on account:" + id,
		zone + " on every", zone + " on every account", zone + " on every zone of", zone + " on every zone of account:", zone + " on every zone of zone:" + id,
		zone + " on every zone of user:" + id, user + " on every user", user + " on user:" + strings.Repeat("2", 32), strings.Repeat("0", 32) + " on zone:" + id} {
		d, problems := draft.Draft{}.Propose(cat, owner, url.Values{draft.LinkAllow: {text}})
		if len(d.Rules) != 0 || len(problems) != 1 {
			t.Errorf("%q: %+v, %v", text, d.Rules, problems)
		}
	}
	if _, problems := (draft.Draft{}).Propose(cat, leastkey.AccountOf(owner.ID), url.Values{draft.LinkAllow: {user + " on user:" + id}}); len(problems) != 1 {
		t.Errorf("a user's permission for an account: %v", problems)
	}
	many := make([]leastkey.Pattern, 100)
	for i := range many {
		many[i] = leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: id})
	}
	if _, fits := draft.Proposal(owner, leastkey.ID{}, leastkey.Policy{Groups: []leastkey.ID{cat.GroupsNamed("DNS Write")[0].ID}, Patterns: many}); fits {
		t.Error("a link without a bound")
	}
}
