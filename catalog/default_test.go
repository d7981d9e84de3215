package catalog_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// names gives "name (type)" for each group, sorted.
func names(c *catalog.Catalog, permissions []leastkey.Permission) []string {
	var out []string
	for _, p := range permissions {
		g, _ := c.Group(p.Group)
		out = append(out, g.Name+" ("+string(p.Type)+")")
	}
	slices.Sort(out)
	return out
}

// An operation accepts what the facts say, as far as it is of the target's type.
func TestDefaultOperationsAcceptWhatTheFactsSay(t *testing.T) {
	data, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var facts []struct {
		Method, Path string
		Accepted     []string `json:"accepted_groups"`
	}
	if err := json.Unmarshal(data, &facts); err != nil {
		t.Fatal(err)
	}
	const unsaid = "the facts name no group"
	except := map[string]string{
		"GET /certificates":                            unsaid,
		"POST /certificates":                           unsaid,
		"GET /certificates/{certificate_id}":           unsaid,
		"DELETE /certificates/{certificate_id}":        unsaid,
		"GET /zones":                                   "the facts name a group that does not exist",
		"POST /zones":                                  "the facts name groups that do not exist",
		"GET /zones/{zone_id}/pagerules/{pagerule_id}": "inferred in the facts; would show page rules to whoever may edit DNS",
	}
	c := defaults(t)
	compared := 0
	for _, fact := range facts {
		op := find(c, fact.Method, "/client/v4"+fact.Path)
		if op == nil || op.Access != catalog.ByPermission || except[fact.Method+" "+fact.Path] != "" {
			continue
		}
		compared++
		var want []string
		for _, name := range fact.Accepted {
			if slices.ContainsFunc(c.GroupsNamed(name), func(g catalog.Group) bool { return g.Type == op.Target.Type }) {
				want = append(want, name+" ("+string(op.Target.Type)+")")
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, names(c, op.AnyOf)); diff != "" {
			t.Errorf("%v (-facts +catalogue):\n%s", op, diff)
		}
	}
	if compared < 60 {
		t.Errorf("only %d operations are in the facts", compared)
	}
}

// find gives the operation with exactly this route, whatever its parameters are called.
func find(c *catalog.Catalog, method, route string) *catalog.Operation {
	for _, op := range c.Operations() {
		if op.Method == method && op.Route == route {
			return op
		}
	}
	return nil
}

func TestDefaultOperations(t *testing.T) {
	c := defaults(t)
	for _, op := range c.Operations() {
		served := strings.HasPrefix(op.Route, "/client/v4/zones") || strings.Contains(op.Route, "/load_balancers/") || strings.HasPrefix(op.Route, "/client/v4/certificates")
		if op.Control == served {
			t.Errorf("%v: Control = %v", op, op.Control)
		}
		if op.Method == "GET" {
			continue
		}
		for _, p := range op.AnyOf {
			if g, _ := c.Group(p.Group); g.Access == catalog.Read {
				t.Errorf("%v, which changes something, accepts %s", op, g.Name)
			}
		}
	}
	accepts := map[string][]string{
		"POST /client/v4/zones":                                        {"Zone Write (zone)"},
		"GET /client/v4/zones/{zone_id}/pagerules/{pagerule_id}":       {"Page Rules Read (zone)", "Page Rules Write (zone)", "Zone Read (zone)", "Zone Write (zone)"},
		"DELETE /client/v4/zones/{zone_id}/purge_cache":                {"Cache Purge (zone)"},
		"POST /client/v4/zones/{zone_id}/filters":                      {"Firewall Services Write (zone)"},
		"GET /client/v4/accounts/{account_id}/load_balancers/monitors": {"Load Balancing: Monitors and Pools Read (account)", "Load Balancing: Monitors and Pools Write (account)"},
	}
	for route, want := range accepts {
		method, path, _ := strings.Cut(route, " ")
		if op := find(c, method, path); op == nil || !slices.Equal(names(c, op.AnyOf), want) {
			t.Errorf("%s: %v", route, op)
		}
	}
	list := find(c, "GET", "/client/v4/zones")
	for _, name := range []string{"DNS Read", "DNS Write", "Zone Read", "Zone Write"} {
		if !slices.Contains(names(c, list.AnyOf), name+" (zone)") {
			t.Errorf("GET /zones does not accept %s", name)
		}
	}
	if list.Target.Kind != catalog.RuleList || list.Items.At.String() != "/result" || list.Items.ID.String() != "/id" ||
		list.Paging.Info.String() != "/result_info" || list.Paging.Most != 50 {
		t.Errorf("GET /zones: %+v %+v %+v", list.Target, list.Items, list.Paging)
	}
	create := find(c, "POST", "/client/v4/zones")
	if create.Target.Kind != catalog.RuleCreate || create.Target.Under != leastkey.AccountType ||
		create.Target.In.String() != "body./account/id" || create.Creates.ID.String() != "/result/id" || create.Creates.Name.String() != "/result/name" {
		t.Errorf("POST /zones: %+v %+v", create.Target, create.Creates)
	}
	if remove := find(c, "DELETE", "/client/v4/zones/{zone_id}"); !remove.Deletes || remove.Target.ID.String() != "path.zone_id" {
		t.Errorf("DELETE /zones: %+v", remove)
	}
	if verify := find(c, "GET", "/client/v4/user/tokens/verify"); verify.Access != catalog.ByCredential ||
		verify.Target.Kind != catalog.RuleSelf || len(verify.AnyOf) != 0 {
		t.Errorf("verify: %+v", verify)
	}
	if tokens := find(c, "POST", "/client/v4/user/tokens"); tokens.Target.Kind != catalog.RuleCaller || tokens.Target.Type != leastkey.UserType {
		t.Errorf("POST /user/tokens: %+v", tokens.Target)
	}
}

func TestDefaultTemplates(t *testing.T) {
	data, err := os.ReadFile("testdata/templates.json")
	if err != nil {
		t.Fatal(err)
	}
	var facts []struct {
		Name        string
		Permissions []struct{ Group, Scope string }
	}
	if err := json.Unmarshal(data, &facts); err != nil {
		t.Fatal(err)
	}
	c := defaults(t)
	if len(c.Templates()) != len(facts) {
		t.Errorf("%d templates, the facts have %d", len(c.Templates()), len(facts))
	}
	for _, fact := range facts {
		tpl, ok := c.TemplateNamed(fact.Name)
		if !ok {
			t.Errorf("no template %q", fact.Name)
			continue
		}
		var want, got []string
		for _, p := range fact.Permissions {
			want = append(want, p.Group+" ("+p.Scope+")")
		}
		if fact.Name == "Read all resources" {
			want = nil
			for _, g := range c.Groups() {
				if g.Access == catalog.Read && g.Type != "r2_bucket" {
					want = append(want, g.Name+" ("+string(g.Type)+")")
				}
			}
		}
		for _, g := range tpl.Permissions {
			got = append(got, g.Name+" ("+string(g.Type)+")")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-facts +catalogue):\n%s", fact.Name, diff)
		}
	}
	wordpress, _ := c.TemplateNamed("WordPress")
	if !slices.Equal(wordpress.Resources, []catalog.TemplateResource{{Type: "account", Choice: catalog.All}, {Type: "zone", Choice: catalog.All}}) {
		t.Errorf("WordPress: %v", wordpress.Resources)
	}
	tokens, _ := c.TemplateNamed("Create additional tokens")
	if !slices.Equal(tokens.Resources, []catalog.TemplateResource{{Type: "user", Choice: catalog.Self}}) {
		t.Errorf("Create additional tokens: %v", tokens.Resources)
	}
}

func TestDefaultRoles(t *testing.T) {
	c := defaults(t)
	holds := func(role, group string, typ leastkey.ResourceType) bool {
		r, ok := c.RoleNamed(role)
		if !ok {
			t.Fatalf("no role %q", role)
		}
		if byID, ok := c.Role(r.ID); !ok || byID.Name != role {
			t.Errorf("Role(%s) = %q", r.ID, byID.Name)
		}
		for _, g := range c.GroupsNamed(group) {
			if g.Type == typ {
				return slices.Contains(r.Groups, g.ID)
			}
		}
		t.Fatalf("no group %q for %s", group, typ)
		return false
	}
	tests := []struct {
		role, group string
		typ         leastkey.ResourceType
		want        bool
	}{
		{"Super Administrator", "Account Settings Write", "account", true},
		{"Super Administrator", "DNS Write", "zone", true},
		{"Super Administrator", "Workers R2 Storage Bucket Item Write", "r2_bucket", true},
		{"Super Administrator", "API Tokens Write", "user", false},
		{"Administrator", "Account Settings Write", "account", false},
		{"Administrator", "SCIM Provisioning", "account", false},
		{"Administrator", "Account Settings Read", "account", true},
		{"Administrator", "Billing Write", "account", true},
		{"Administrator Read Only", "DNS Read", "zone", true},
		{"Administrator Read Only", "DNS Write", "zone", false},
		{"Administrator Read Only", "Cache Purge", "zone", false},
		{"Administrator Read Only", "Access: SCIM logs read", "account", true},
		{"Administrator Read Only", "Magic Firewall Packet Captures - Read PCAPs API", "account", true},
		{"DNS", "DNS Write", "zone", true},
		{"DNS", "Firewall Services Write", "zone", false},
		{"Firewall", "Firewall Services Write", "zone", true},
		{"Cache Purge", "Cache Purge", "zone", true},
	}
	for _, test := range tests {
		if got := holds(test.role, test.group, test.typ); got != test.want {
			t.Errorf("%s holds %s for %s: %v", test.role, test.group, test.typ, got)
		}
	}
}
