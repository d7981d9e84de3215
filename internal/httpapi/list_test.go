package httpapi_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/api"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

type listed struct{ ID, Name, Status string }

func names(t *testing.T, n *Node, by Credential, path string) (string, api.ResultInfo) {
	t.Helper()
	var items []listed
	a := n.Must(t, by, "GET", path, nil, &items)
	e := a.Envelope(t)
	if !strings.HasPrefix(string(e.Result), "[") || e.ResultInfo == nil {
		t.Fatalf("%s: not a list: %s", path, a.Body)
	}
	var all []string
	for _, item := range items {
		all = append(all, item.Name)
	}
	return strings.Join(all, " "), *e.ResultInfo
}

func TestTokenLists(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	for _, path := range []string{"/user/tokens", "/accounts/" + n.Ada.Account.String() + "/tokens"} {
		n.Must(t, ada, "POST", path, Object{"name": "late", "policies": []Policy{}, "expires_on": n.Clock.Now().Add(time.Minute)}, nil)
		for i := range 7 {
			n.Must(t, ada, "POST", path, Object{"name": fmt.Sprint("t", i), "policies": []Policy{}}, nil)
		}
		n.Must(t, ada, "POST", path, Object{"name": "off", "policies": []Policy{}, "status": "disabled"}, nil)
		n.Clock.Advance(time.Hour)
		for query, want := range map[string]struct {
			names string
			info  api.ResultInfo
		}{
			"":                              {"t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 8, TotalCount: 8}},
			"?direction=asc":                {"t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 8, TotalCount: 8}},
			"?direction=desc":               {"off t6 t5 t4 t3 t2 t1 t0", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 8, TotalCount: 8}},
			"?include_expired=true":         {"late t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 9, TotalCount: 9}},
			"?include_expired=false":        {"t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 8, TotalCount: 8}},
			"?per_page=5":                   {"t0 t1 t2 t3 t4", api.ResultInfo{Page: 1, PerPage: 5, TotalPages: 2, Count: 5, TotalCount: 8}},
			"?per_page=5&page=2":            {"t5 t6 off", api.ResultInfo{Page: 2, PerPage: 5, TotalPages: 2, Count: 3, TotalCount: 8}},
			"?per_page=5&page=3":            {"", api.ResultInfo{Page: 3, PerPage: 5, TotalPages: 2, Count: 0, TotalCount: 8}},
			"?page=2":                       {"", api.ResultInfo{Page: 2, PerPage: 20, TotalPages: 1, Count: 0, TotalCount: 8}},
			"?page=9223372036854775807":     {"", api.ResultInfo{Page: 9223372036854775807, PerPage: 20, TotalPages: 1, Count: 0, TotalCount: 8}},
			"?per_page=4&page=2":            {"t4 t5 t6 off", api.ResultInfo{Page: 2, PerPage: 4, TotalPages: 2, Count: 4, TotalCount: 8}},
			"?per_page=5&direction=desc":    {"off t6 t5 t4 t3", api.ResultInfo{Page: 1, PerPage: 5, TotalPages: 2, Count: 5, TotalCount: 8}},
			"?per_page=1000":                {"t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 50, TotalPages: 1, Count: 8, TotalCount: 8}},
			"?page=&per_page=&direction=":   {"t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 8, TotalCount: 8}},
			"?unknown=1&sort=name&order=up": {"t0 t1 t2 t3 t4 t5 t6 off", api.ResultInfo{Page: 1, PerPage: 20, TotalPages: 1, Count: 8, TotalCount: 8}},
		} {
			got, info := names(t, n, ada, path+query)
			if got != want.names || info != want.info {
				t.Errorf("%s%s: %s %+v", path, query, got, info)
			}
		}
		for _, query := range []string{"page=0", "page=-1", "page=x", "page=1.5", "per_page=0", "per_page=99999999999999999999", "direction=up", "include_expired=maybe"} {
			if a := n.Do(t, ada, "GET", path+"?"+query, nil); a.Status != 400 {
				t.Errorf("%s: %d %s", query, a.Status, a.Body)
			}
		}
		var items []listed
		n.Must(t, ada, "GET", path+"?include_expired=true", nil, &items)
		if items[0].Status != "expired" || items[8].Status != "disabled" || items[1].Status != "active" {
			t.Errorf("%+v", items)
		}
	}
}

// Clients of the newer generation ask for page after page until one is empty. Whatever the size
// of a page, that gives everything once.
func TestEveryListEnds(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	for i := range 3 {
		n.Mint(t, ada, fmt.Sprint(i))
		n.MintFor(t, ada, n.Ada.Account, fmt.Sprint(i))
		n.Join(t, n.User(t, fmt.Sprintf("guest%d@example.com", i)), n.Ada.Account, "Administrator")
	}
	n.Join(t, n.Ada, n.Ben.Account, "Administrator")
	account := "/accounts/" + n.Ada.Account.String()
	for path, total := range map[string]int{"/user/tokens": 3, account + "/tokens": 3, account + "/members": 4, account + "/roles": 3, "/accounts": 2, "/memberships": 2, "/zones": 3} {
		for perPage := 1; perPage <= total+1; perPage++ {
			var seen []string
			for page := 1; ; page++ {
				var items []listed
				n.Must(t, ada, "GET", fmt.Sprintf("%s?per_page=%d&page=%d", path, perPage, page), nil, &items)
				if len(items) == 0 {
					break
				}
				for _, item := range items {
					seen = append(seen, item.ID)
				}
			}
			slices.Sort(seen)
			if len(seen) < total || len(slices.Compact(seen)) != len(seen) {
				t.Errorf("%s by %d: %d items, of %d", path, perPage, len(seen), total)
			}
		}
	}
}

func TestAccountLists(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	n.Join(t, n.Ada, n.Ben.Account, "Administrator Read Only")
	for query, want := range map[string]string{
		"": "Ada's Ben's", "?direction=asc": "Ada's Ben's", "?direction=desc": "Ben's Ada's", "?name=ben%27s": "Ben's", "?name=nobody": "", "?page=2": "", "?per_page=1&page=2": "Ben's",
	} {
		if got, _ := names(t, n, ada, "/accounts"+query); got != want {
			t.Errorf("/accounts%s: %s, want %s", query, got, want)
		}
	}
	if a := n.Do(t, ada, "GET", "/accounts?direction=up", nil); a.Status != 400 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	// Another's account is not there, whatever is asked.
	if got, _ := names(t, n, n.Ben.ByKey(), "/accounts?name=ada%27s"); got != "" {
		t.Errorf("Ben sees %s", got)
	}
	// A token sees the accounts that it reaches.
	narrow := n.Mint(t, ada, "narrow", n.Allow(t, On(AccountKey(n.Ben.Account)), "Account Settings Read"))
	if got, info := names(t, n, narrow.Bearer(), "/accounts"); got != "Ben's" || info.TotalCount != 1 {
		t.Errorf("the token sees %s %+v", got, info)
	}
}

func TestPermissionGroups(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	twice := func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }
	for _, path := range []string{"/user/tokens/permission_groups", "/accounts/" + n.Ada.Account.String() + "/tokens/permission_groups"} {
		for query, want := range map[string]struct {
			count int
			first string
		}{
			"":                            {311, ""},
			"?per_page=1000":              {311, ""},
			"?per_page=5":                 {311, ""},
			"?page=2":                     {0, ""},
			"?name=DNS+Write":             {1, "DNS Write"},
			"?name=DNS%20Write":           {1, "DNS Write"},
			"?name=" + twice("DNS Write"): {1, "DNS Write"},
			"?name=" + url.QueryEscape(twice("DNS Write")): {1, "DNS Write"},
			"?name=dns+write": {0, ""},
			"?name=DNS":       {0, ""},
			"?name=" + twice("Load Balancing: Monitors and Pools Read"):                          {1, "Load Balancing: Monitors and Pools Read"},
			"?scope=com.cloudflare.api.user":                                                     {6, ""},
			"?scope=com.cloudflare.api.account.zone&name=DNS+Write":                              {1, "DNS Write"},
			"?scope=com.cloudflare.api.account&name=DNS+Write":                                   {0, ""},
			"?scope=" + twice("com.cloudflare.api.account.zone") + "&name=" + twice("DNS Write"): {1, "DNS Write"},
			"?scope=zone": {0, ""},
		} {
			var groups []api.PermissionGroup
			a := n.Must(t, ada, "GET", path+query, nil, &groups)
			if len(groups) != want.count || want.first != "" && groups[0].Name != want.first {
				t.Errorf("%s: %d groups, %v", query, len(groups), groups)
			}
			for _, g := range groups {
				if len(g.Scopes) != 1 {
					t.Errorf("%s: scopes %v", g.Name, g.Scopes)
				}
			}
			if want.count == 0 && !strings.HasPrefix(string(a.Body), `{"result":[],`) {
				t.Errorf("%s: %s", query, a.Body)
			}
		}
	}
}
