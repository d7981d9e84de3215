package demo_test

import (
	"fmt"
	"strings"
	"testing"
)

type object = map[string]any

// TestFirewall: rules with filters, as arrays and one by one.
func TestFirewall(t *testing.T) {
	w := start(t)
	var filters, rules []object
	w.ok("POST", "{z}/filters", `[{"expression":"ip.src eq 192.0.2.1","paused":false,"description":"one"},{"expression":"(http.host eq \"a)b\") or {1 2}"}]`, &filters)
	if len(filters) != 2 {
		t.Fatal(filters)
	}
	one := filters[0]["id"].(string)
	r := w.ok("POST", "{z}/firewall/rules", `[{"filter":{"id":"`+one+`","expression":"","paused":false,"description":""},"action":"block","priority":null,"paused":false,"description":"no"},
		{"filter":{"expression":"true"},"action":{"mode":"challenge"},"created_on":"0001-01-01T00:00:00Z"}]`, &rules)
	if filter := rules[0]["filter"].(object); filter["id"] != one || filter["expression"] != "ip.src eq 192.0.2.1" {
		t.Error(r.raw)
	}
	if raw := compact(t, r.Result); !strings.HasPrefix(raw, `[{"id":"`) || strings.Contains(raw, `"priority"`) || strings.Contains(raw, "0001") || strings.Index(raw, `"filter"`) < strings.Index(raw, `"modified_on"`) {
		t.Error(raw)
	}
	first, second := rules[0]["id"].(string), rules[1]["id"].(string)
	var rule object
	w.ok("GET", "{z}/firewall/rules/"+first, "", &rule)
	w.ok("PUT", "{z}/firewall/rules/"+first, `{"id":"`+first+`","filter":{"id":"`+one+`"},"action":"challenge","priority":5}`, &rule)
	if rule["action"] != "challenge" || rule["priority"] != 5.0 || rule["description"] != nil {
		t.Error(rule)
	}
	w.ok("PATCH", "{z}/firewall/rules/"+first, `{"priority":7}`, &rules)
	w.ok("PATCH", "{z}/firewall/rules/"+first, ``, &rules)
	if rules[0]["priority"] != 7.0 || rules[0]["action"] != "challenge" {
		t.Error(rules)
	}
	w.ok("PATCH", "{z}/firewall/rules", `[{"id":"`+first+`","paused":true},{"id":"`+second+`","description":"two"}]`, &rules)
	w.ok("PUT", "{z}/firewall/rules", `[{"id":"`+second+`","action":"allow","filter":{"id":"`+one+`"}}]`, &rules)
	for query, want := range map[string]int{"": 2, "action=allow": 1, "paused=true": 1, "paused=false": 1, "id=" + first: 1, "description=zzz": 0, "per_page=1&page=2": 1, "page=3&per_page=1": 0} {
		if w.ok("GET", "{z}/firewall/rules?"+query, "", &rules); len(rules) != want {
			t.Errorf("%s finds %v", query, rules)
		}
	}
	w.fails("DELETE", "{z}/filters/"+one, "", 400, 10104)
	w.fails("POST", "{z}/firewall/rules", `[{"filter":{"id":"`+one+`"},"action":"log"},{"filter":{"id":"`+absent+`"},"action":"log"}]`, 400, 1004)
	if w.ok("GET", "{z}/firewall/rules", "", &rules); len(rules) != 2 {
		t.Error("an array that is refused leaves a part of it")
	}
	for _, body := range []string{`[{"filter":{"expression":"("},"action":"log"}]`, `[{"filter":{"expression":"\""},"action":"log"}]`, `[{"filter":{"expression":")"},"action":"log"}]`,
		`[{"filter":{},"action":"log"}]`, `[{"filter":{"expression":"true"},"action":"explode"}]`, `[{"action":"log"}]`, `[{"filter":{"expression":"true"},"action":"bypass"}]`, `[1]`} {
		if r := w.fails("POST", "{z}/firewall/rules", body, 400, 1004); !strings.HasPrefix(r.Errors[0].Source.Pointer, "/0") {
			t.Errorf("%s: %s", body, r.raw)
		}
	}
	w.fails("POST", "{z}/firewall/rules", `[]`, 400, 6007)
	w.fails("DELETE", "{z}/firewall/rules", "", 400, 1004)
	if r := w.ok("DELETE", "{z}/firewall/rules?id="+first, "", nil); compact(t, r.Result) != `[{"id":"`+first+`"}]` {
		t.Error(r.raw)
	}
	w.ok("DELETE", "{z}/firewall/rules", `[{"id":"`+second+`"}]`, nil)
	w.fails("DELETE", "{z}/firewall/rules/"+second, "", 404, 10002)
	w.ok("PUT", "{z}/filters/"+one, `{"id":"`+one+`","expression":"false"}`, nil)
	w.ok("PUT", "{z}/filters", `[{"id":"`+one+`","expression":"true"}]`, nil)
	w.ok("DELETE", "{z}/filters?id="+one+"&id="+filters[1]["id"].(string), "", nil)
	w.fails("GET", "{z}/filters/"+one, "", 404, 10014)
}

func TestAccessRules(t *testing.T) {
	w := start(t)
	var rule object
	w.ok("POST", "{z}/firewall/access_rules/rules", `{"mode":"challenge","configuration":{"target":"ip","value":"192.0.2.1"},"notes":"Attack 1"}`, &rule)
	id := rule["id"].(string)
	w.fails("POST", "{z}/firewall/access_rules/rules", `{"mode":"block","configuration":{"target":"ip","value":"192.0.2.1"}}`, 400, 10009)
	w.ok("POST", "{z}/firewall/access_rules/rules", `{"mode":"whitelist","configuration":{"target":"country","value":"NL"}}`, nil)
	w.ok("PATCH", "{z}/firewall/access_rules/rules/"+id, `{"mode":"block","configuration":{}}`, &rule)
	if rule["mode"] != "block" || rule["notes"] != "Attack 1" {
		t.Error(rule)
	}
	w.ok("GET", "{z}/firewall/access_rules/rules/"+id, "", &rule)
	for query, want := range map[string]int{"": 2, "mode=block": 1, "notes=attack": 1, "configuration.target=country": 1, "configuration_value=192.0.2.1": 1,
		"match=any&mode=block&configuration.target=country": 2, "page=2": 0} {
		var rules []object
		if w.ok("GET", "{z}/firewall/access_rules/rules?"+query, "", &rules); len(rules) != want {
			t.Errorf("%s finds %v", query, rules)
		}
	}
	for _, c := range [][2]string{{"ip", "2001:db8::1"}, {"ip6", "192.0.2.1"}, {"ip_range", "192.0.2.1/24"}, {"ip_range", "192.0.2.1"}, {"asn", "AS0"}, {"country", "nl"}, {"planet", "x"}} {
		w.fails("POST", "{z}/firewall/access_rules/rules", fmt.Sprintf(`{"mode":"block","configuration":{"target":%q,"value":%q}}`, c[0], c[1]), 400, 1004)
	}
	w.ok("DELETE", "{z}/firewall/access_rules/rules/"+id, "{}", nil)
	w.fails("DELETE", "{z}/firewall/access_rules/rules/"+id, "", 404, 10001)
}

func TestPageRules(t *testing.T) {
	w := start(t)
	const targets = `"targets":[{"target":"url","constraint":{"operator":"matches","value":"*staging.example/x/*"}}]`
	var rule object
	r := w.ok("POST", "{z}/pagerules", `{`+targets+`,"actions":[{"id":"always_use_https","value":null},{"id":"browser_cache_ttl","value":1800}]}`, &rule)
	if rule["status"] != "disabled" || rule["priority"] != 1.0 || !strings.Contains(r.raw, `{"id":"always_use_https"}`) {
		t.Error(r.raw)
	}
	id := rule["id"].(string)
	w.ok("PATCH", "{z}/pagerules/"+id, `{"status":"active"}`, &rule)
	w.ok("PUT", "{z}/pagerules/"+id, `{`+targets+`,"actions":[{"id":"forwarding_url","value":{"url":"https://example.com/$1","status_code":302}}],"status":"active","priority":3}`, &rule)
	for query, want := range map[string]int{"": 1, "status=active": 1, "status=disabled": 0, "page=2": 0} {
		var rules []object
		if w.ok("GET", "{z}/pagerules?"+query, "", &rules); len(rules) != want {
			t.Errorf("%s finds %v", query, rules)
		}
	}
	for _, actions := range []string{`[]`, `[{"id":"nope"}]`, `[{"id":"ssl"}]`, `[{"id":"ssl","value":"maybe"}]`, `[{"id":"waf","value":"on"},{"id":"waf","value":"off"}]`,
		`[{"id":"forwarding_url","value":{"url":"https://e.example","status_code":200}}]`, `[{"id":"forwarding_url","value":{"url":"https://e.example","status_code":301}},{"id":"waf","value":"on"}]`, `{}`, `[7]`} {
		w.fails("POST", "{z}/pagerules", `{`+targets+`,"actions":`+actions+`}`, 400, 1004)
	}
	w.fails("POST", "{z}/pagerules", strings.ReplaceAll(`{`+targets+`,"actions":[{"id":"waf","value":"on"}]}`, "*staging", "*production"), 400, 1004)
	w.ok("DELETE", "{z}/pagerules/"+id, "", nil)
	w.fails("GET", "{z}/pagerules/"+id, "", 404, 1002)
}

// TestLoadBalancers: what was not set is not shown, save the documented defaults, so that a second plan is empty.
func TestLoadBalancers(t *testing.T) {
	w := start(t)
	accounts := "/accounts/" + account + "/load_balancers"
	id := func(path, body string) string {
		t.Helper()
		var made object
		w.ok("POST", path, body, &made)
		return made["id"].(string)
	}
	monitor := id(accounts+"/monitors", `{"type":"","description":"","method":"GET","path":"/","header":null,"timeout":5,"retries":2,"interval":60,"expected_codes":"200"}`)
	pool := id(accounts+"/pools", `{"name":"one","monitor":"`+monitor+`","origins":[{"name":"o1","address":"192.0.2.1","enabled":true,"weight":1,"header":null}],"check_regions":null,"healthy":true}`)
	other := id("/accounts/"+account2+"/load_balancers/pools", `{"name":"one","origins":[{"address":"origin.example.com"}]}`)
	lb := id("{z}/load_balancers", `{"name":"lb","default_pools":["`+pool+`"],"fallback_pool":"`+pool+`","region_pools":{"WNAM":["`+pool+`"]},"country_pools":null}`)

	for path, want := range map[string][]string{
		accounts + "/monitors/" + monitor: {"id", "type", "description", "method", "path", "timeout", "retries", "interval", "expected_codes", "created_on", "modified_on"},
		accounts + "/pools/" + pool:       {"id", "name", "monitor", "origins", "enabled", "created_on", "modified_on"},
		"{z}/load_balancers/" + lb:        {"id", "name", "default_pools", "fallback_pool", "region_pools", "enabled", "proxied", "created_on", "modified_on"},
	} {
		var got object
		w.ok("GET", path, "", &got)
		for _, name := range want {
			if _, ok := got[name]; !ok {
				t.Errorf("%s: no %s", path, name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s shows what was not set: %v", path, got)
		}
		before := w.ok("GET", path, "", nil).Result
		var list []object
		collection := path[:strings.LastIndex(path, "/")]
		if w.ok("GET", collection, "", &list); len(list) != 1 {
			t.Errorf("%s: %v", collection, list)
		}
		if w.ok("GET", collection+"?page=2", "", &list); len(list) != 0 {
			t.Errorf("%s repeats a page", collection)
		}
		w.ok("PUT", path, string(before), &got) // what a client read, sent back
		after := w.ok("GET", path, "", nil).Result
		if a, b := withoutTimes(t, before), withoutTimes(t, after); a != b {
			t.Errorf("sent back, it changed:\n%s\n%s", a, b)
		}
		w.ok("PATCH", path, `{"description":"new"}`, &got)
		if got["description"] != "new" {
			t.Error(got)
		}
	}
	if got := w.ok("GET", "{z}/load_balancers/"+lb, "", nil); !strings.Contains(got.raw, `"name":"lb.staging.example"`) {
		t.Error(got.raw)
	}
	base := `"name":"lb2","default_pools":["` + pool + `"],"fallback_pool":"` + pool + `"`
	for _, body := range []string{`{}`, `{"name":"lb2","default_pools":[],"fallback_pool":"` + pool + `"}`, `{"name":"lb2","default_pools":["` + other + `"],"fallback_pool":"` + pool + `"}`,
		`{"name":"lb2","default_pools":["` + pool + `"],"fallback_pool":"` + absent + `"}`, `{` + base + `,"steering_policy":"magic"}`,
		`{` + base + `,"region_pools":{"X":["` + absent + `"]}}`, `{` + base + `,"enabled":"yes"}`, `{` + base + `,"ttl":-1}`} {
		w.fails("POST", "{z}/load_balancers", body, 400, 1004)
	}
	w.fails("POST", "{z}/load_balancers", strings.ReplaceAll(`{`+base+`}`, "lb2", "lb.elsewhere.example."), 400, 9000)
	w.fails("POST", "{z}/load_balancers", strings.ReplaceAll(`{`+base+`}`, "lb2", "LB"), 400, 1002)
	for _, body := range []string{`{"name":"two"}`, `{"name":"two","origins":[]}`, `{"name":"two","origins":[{"address":"not an address"}]}`, `{"name":"t/o","origins":[{"address":"192.0.2.1"}]}`,
		`{"name":"two","origins":[{"address":"192.0.2.1","weight":2}]}`, `{"name":"two","origins":[{"address":"192.0.2.1"}],"monitor":"` + absent + `"}`} {
		w.fails("POST", accounts+"/pools", body, 400, 1004)
	}
	w.fails("POST", accounts+"/pools", `{"name":"one","origins":[{"address":"192.0.2.1"}]}`, 400, 1002)
	w.fails("POST", accounts+"/monitors", `{"type":"carrier pigeon"}`, 400, 1004)
	w.fails("GET", accounts+"/pools/"+other, "", 404, 1001)
	w.fails("DELETE", accounts+"/pools/"+pool, "", 400, 10104)
	w.fails("DELETE", accounts+"/monitors/"+monitor, "", 400, 10104)
	w.fails("GET", accounts+"/pools/"+pool+"/health", "", 404, 7003)
	for _, path := range []string{"{z}/load_balancers/" + lb, accounts + "/pools/" + pool, accounts + "/monitors/" + monitor} {
		w.ok("DELETE", path, "", nil)
		w.fails("GET", path, "", 404, 1001)
	}
}

func withoutTimes(t *testing.T, raw []byte) string {
	t.Helper()
	s := compact(t, raw)
	i := strings.Index(s, `"modified_on":"`)
	if i < 0 {
		t.Fatal(s)
	}
	return s[:i] + s[i+len(`"modified_on":"2006-01-02T15:04:05.000000Z"`):]
}

func TestSettings(t *testing.T) {
	w := start(t)
	var all []object
	w.ok("GET", "{z}/settings", "", &all)
	if len(all) < 50 {
		t.Errorf("%d settings", len(all))
	}
	for _, s := range all {
		if len(s) != 4 || s["value"] == nil || s["modified_on"] != nil || s["editable"] != (s["id"] != "advanced_ddos") {
			t.Errorf("%v", s)
		}
		var one object
		path := "{z}/settings/" + s["id"].(string)
		r := w.ok("GET", path, "", &one)
		if s["editable"] == true { // a default can be set, and prints as before
			set := w.ok("PATCH", path, string(r.Result), nil)
			cut := func(r reply) string { s, _, _ := strings.Cut(compact(t, r.Result), `,"modified_on"`); return s }
			if cut(set) != cut(r) {
				t.Errorf("%s became %s", r.raw, set.raw)
			}
		}
	}
	if r := w.ok("PATCH", "{z}/settings/ssl", `{"value":"strict"}`, nil); !strings.HasPrefix(compact(t, r.Result), `{"id":"ssl","value":"strict","editable":true,"modified_on":"20`) {
		t.Error(r.raw)
	}
	r := w.ok("PATCH", "{z}/settings", `{"items":[{"id":"brotli","value":"off"},{"id":"browser_cache_ttl","value":3600}]}`, &all)
	if len(all) != 2 || all[1]["value"] != 3600.0 {
		t.Error(r.raw)
	}
	w.fails("PATCH", "{z}/settings", `{"items":[{"id":"brotli","value":"on"},{"id":"ssl","value":"perhaps"}]}`, 400, 1007)
	w.fails("PATCH", "{z}/settings", `{"items":[{"id":"nothing","value":"on"}]}`, 400, 1004)
	w.fails("PATCH", "{z}/settings", `{"items":[]}`, 400, 1004)
	var one object
	if w.ok("GET", "{z}/settings/brotli", "", &one); one["value"] != "off" {
		t.Error("a list that is refused leaves a part of it")
	}
	w.fails("GET", "{z}/settings/nothing", "", 404, 1006)
	w.fails("PATCH", "{z}/settings/nothing", `{"value":"on"}`, 404, 1006)
	w.fails("PATCH", "{z}/settings/advanced_ddos", `{"value":"off"}`, 400, 1004)
	w.fails("PATCH", "{z}/settings/ssl", `{}`, 400, 1004)
	w.fails("PATCH", "{z}/settings/browser_cache_ttl", `{"value":31}`, 400, 1007)
}

func TestPurge(t *testing.T) {
	w := start(t)
	for _, method := range []string{"POST", "DELETE"} {
		for _, body := range []string{`{"purge_everything":true}`, `{"files":["https://staging.example/a?b=c",{"url":"http://www.staging.example/b","headers":{"Origin":"x"}}]}`,
			`{"hosts":["www.staging.example"],"tags":["a"]}`, `{"prefixes":["www.staging.example/css"]}`} {
			if r := w.ok(method, "{z}/purge_cache", body, nil); compact(t, r.Result) != `{"id":"`+w.zone.ID+`"}` {
				t.Error(r.raw)
			}
		}
	}
	for _, body := range []string{`{}`, `{"purge_everything":false}`, `{"purge_everything":true,"tags":["a"]}`, `{"purge_everything":"true"}`, `{"files":[]}`, `{"files":"x"}`, `{"files":["https://production.example/"]}`,
		`{"files":["/relative"]}`, `{"hosts":["production.example"]}`, `{"hosts":["https://staging.example"]}`, `{"tags":["a b"]}`, `{"prefixes":["https://staging.example/"]}`} {
		w.fails("POST", "{z}/purge_cache", body, 400, 1004)
	}
	w.fails("POST", "{z}/purge_cache", ``, 400, 6007)
}
