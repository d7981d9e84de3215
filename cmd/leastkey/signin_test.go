package main

import (
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/config"
)

// TestRolesOfRules: a rule that gives a role which there is not stops the start, and a catalogue that has lost one stays aside.
func TestRolesOfRules(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	rules := []config.Membership{{Account: "a", Roles: []string{"Administrator"}, Where: "leastkey.yaml:7"}}
	if err := checkRoles(c, rules); err != nil {
		t.Error(err)
	}
	rules[0].Roles = append(rules[0].Roles, "Emperor")
	if err := checkRoles(c, rules); err == nil || !strings.HasPrefix(err.Error(), `leastkey.yaml:7: sign_in.oidc: the catalogue has no role "Emperor"`) {
		t.Error(err)
	}
}
