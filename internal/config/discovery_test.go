package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/config"
)

func TestDiscovery(t *testing.T) {
	c, problem := load(t, sound+`discovery:
  every: 30s
  lists:
    - {list: GET /servers, under: "account:The Main One"}
    - {list: "GET dns.example.com/servers/localhost/zones?a=b", under: "server:localhost", name: /name}
`)
	want := config.Discovery{Every: 30 * time.Second, Lists: []config.DiscoveryList{
		{Method: "GET", Path: "/servers", Under: "account:The Main One"},
		{Method: "GET", Host: "dns.example.com", Path: "/servers/localhost/zones?a=b", Under: "server:localhost", Name: catalog.Pointer{"name"}},
	}}
	if diff := cmp.Diff(c.Discovery, want); problem != "" || diff != "" {
		t.Error(problem, diff)
	}
	for text, want := range map[string]string{
		"discovery: {every: 1m}\n":                                         `leastkey.yaml:6: discovery.lists: say which lists, such as [{list: GET /zones, under: "account:Main"}]`,
		"discovery: {lists: GET /zones}\n":                                 `leastkey.yaml:6: discovery.lists: want a list, such as [{list: ...}]`,
		"discovery:\n  lists:\n    - {list: GET /z, under: a}\n":           `leastkey.yaml:8: discovery.lists[0].under: "a" is not TYPE:ID or account:NAME, such as account:Main`,
		"discovery:\n  lists:\n    - {list: zones, under: 'a:b'}\n":        `leastkey.yaml:8: discovery.lists[0].list: "zones" is not a method and a path, such as GET /zones`,
		"discovery: {lists: [{lists: 1}]}\n":                               `leastkey.yaml:6: unknown key lists; the keys here are list, under, name`,
		"discovery: {every: 5, lists: [{list: GET /z, under: 'a:b'}]}\n":   `leastkey.yaml:6: discovery.every: "5" is not a time of a second or more; want one such as 1m`,
		"discovery: {lists: [{list: GET /z, under: 'a:b', name: name}]}\n": `leastkey.yaml:6: discovery.lists[0].name: JSON pointer "name" does not begin with /; want one such as /name`,
	} {
		if _, got := load(t, sound+text); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
