package demo

import (
	"net/http"
	"slices"
	"strings"
)

// route is one operation. A segment in braces is an id (32 lower-case hex), save {setting_id}, a word, and
// {certificate_id}, a number.
type route struct {
	method string
	path   string
	serve  func(*tx, *request) (reply, error)
}

func routes() []route {
	filter, rule, access, page := filters(), firewallRules(), accessRules(), pageRules()
	balancer, pool, monitor := loadBalancers(), pools(), monitors()
	return []route{
		{"GET", "/zones", listZones},
		{"POST", "/zones", createZone},
		{"GET", "/zones/{zone_id}", getZone},
		{"PATCH", "/zones/{zone_id}", editZone},
		{"DELETE", "/zones/{zone_id}", deleteZone},

		{"GET", "/zones/{zone_id}/dns_records", listRecords},
		{"POST", "/zones/{zone_id}/dns_records", createRecord},
		{"POST", "/zones/{zone_id}/dns_records/batch", batchRecords},
		{"GET", "/zones/{zone_id}/dns_records/export", exportRecords},
		{"POST", "/zones/{zone_id}/dns_records/import", importRecords},
		{"GET", "/zones/{zone_id}/dns_records/{dns_record_id}", getRecord},
		{"PUT", "/zones/{zone_id}/dns_records/{dns_record_id}", replaceRecord},
		{"PATCH", "/zones/{zone_id}/dns_records/{dns_record_id}", editRecord},
		{"DELETE", "/zones/{zone_id}/dns_records/{dns_record_id}", deleteRecord},

		{"GET", "/zones/{zone_id}/filters", filter.list},
		{"POST", "/zones/{zone_id}/filters", filter.createAll},
		{"PUT", "/zones/{zone_id}/filters", filter.replaceAll},
		{"DELETE", "/zones/{zone_id}/filters", filter.deleteAll},
		{"GET", "/zones/{zone_id}/filters/{filter_id}", filter.get},
		{"PUT", "/zones/{zone_id}/filters/{filter_id}", filter.replace},
		{"DELETE", "/zones/{zone_id}/filters/{filter_id}", filter.delete},

		{"GET", "/zones/{zone_id}/firewall/rules", rule.list},
		{"POST", "/zones/{zone_id}/firewall/rules", rule.createAll},
		{"PUT", "/zones/{zone_id}/firewall/rules", rule.replaceAll},
		{"PATCH", "/zones/{zone_id}/firewall/rules", rule.editAll},
		{"DELETE", "/zones/{zone_id}/firewall/rules", rule.deleteAll},
		{"GET", "/zones/{zone_id}/firewall/rules/{rule_id}", rule.get},
		{"PUT", "/zones/{zone_id}/firewall/rules/{rule_id}", rule.replace},
		{"PATCH", "/zones/{zone_id}/firewall/rules/{rule_id}", rule.editInArray},
		{"DELETE", "/zones/{zone_id}/firewall/rules/{rule_id}", rule.delete},

		{"GET", "/zones/{zone_id}/firewall/access_rules/rules", access.list},
		{"POST", "/zones/{zone_id}/firewall/access_rules/rules", access.create},
		{"GET", "/zones/{zone_id}/firewall/access_rules/rules/{rule_id}", access.get},
		{"PATCH", "/zones/{zone_id}/firewall/access_rules/rules/{rule_id}", access.edit},
		{"DELETE", "/zones/{zone_id}/firewall/access_rules/rules/{rule_id}", access.delete},

		{"GET", "/zones/{zone_id}/pagerules", page.list},
		{"POST", "/zones/{zone_id}/pagerules", page.create},
		{"GET", "/zones/{zone_id}/pagerules/{pagerule_id}", page.get},
		{"PUT", "/zones/{zone_id}/pagerules/{pagerule_id}", page.replace},
		{"PATCH", "/zones/{zone_id}/pagerules/{pagerule_id}", page.edit},
		{"DELETE", "/zones/{zone_id}/pagerules/{pagerule_id}", page.delete},

		{"GET", "/zones/{zone_id}/load_balancers", balancer.list},
		{"POST", "/zones/{zone_id}/load_balancers", balancer.create},
		{"GET", "/zones/{zone_id}/load_balancers/{load_balancer_id}", balancer.get},
		{"PUT", "/zones/{zone_id}/load_balancers/{load_balancer_id}", balancer.replace},
		{"PATCH", "/zones/{zone_id}/load_balancers/{load_balancer_id}", balancer.edit},
		{"DELETE", "/zones/{zone_id}/load_balancers/{load_balancer_id}", balancer.delete},

		{"GET", "/accounts/{account_id}/load_balancers/pools", pool.list},
		{"POST", "/accounts/{account_id}/load_balancers/pools", pool.create},
		{"GET", "/accounts/{account_id}/load_balancers/pools/{pool_id}", pool.get},
		{"PUT", "/accounts/{account_id}/load_balancers/pools/{pool_id}", pool.replace},
		{"PATCH", "/accounts/{account_id}/load_balancers/pools/{pool_id}", pool.edit},
		{"DELETE", "/accounts/{account_id}/load_balancers/pools/{pool_id}", pool.delete},

		{"GET", "/accounts/{account_id}/load_balancers/monitors", monitor.list},
		{"POST", "/accounts/{account_id}/load_balancers/monitors", monitor.create},
		{"GET", "/accounts/{account_id}/load_balancers/monitors/{monitor_id}", monitor.get},
		{"PUT", "/accounts/{account_id}/load_balancers/monitors/{monitor_id}", monitor.replace},
		{"PATCH", "/accounts/{account_id}/load_balancers/monitors/{monitor_id}", monitor.edit},
		{"DELETE", "/accounts/{account_id}/load_balancers/monitors/{monitor_id}", monitor.delete},

		{"GET", "/zones/{zone_id}/settings", listSettings},
		{"PATCH", "/zones/{zone_id}/settings", editSettings},
		{"GET", "/zones/{zone_id}/settings/{setting_id}", getSetting},
		{"PATCH", "/zones/{zone_id}/settings/{setting_id}", editSetting},

		{"GET", "/certificates", listCertificates},
		{"POST", "/certificates", createCertificate},
		{"GET", "/certificates/{certificate_id}", getCertificate},
		{"DELETE", "/certificates/{certificate_id}", revokeCertificate},

		{"POST", "/zones/{zone_id}/purge_cache", purgeCache},
		{"DELETE", "/zones/{zone_id}/purge_cache", purgeCache},
	}
}

// Routes lists every operation as "METHOD /path/{id}", without the base path, for whoever writes the catalogue.
func Routes() []string {
	var out []string
	for _, r := range routes() {
		out = append(out, r.method+" "+r.path)
	}
	return out
}

type compiled struct {
	route
	segments []string
}

func compile(rs []route) []compiled {
	var out []compiled
	for _, r := range rs {
		out = append(out, compiled{r, strings.Split(r.path, "/")})
	}
	return out
}

// find matches the path as it was sent: no route needs an escape, so an escaped path matches none.
// One trailing slash is the same route.
func find(table []compiled, r *http.Request) (route, map[string]string, error) {
	sent := r.URL.EscapedPath()
	path, ok := strings.CutPrefix(strings.TrimSuffix(sent, "/"), base)
	segments := strings.Split(path, "/")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allow []string
	for _, c := range table {
		ids, matches := c.match(segments)
		if !ok || !matches {
			continue
		}
		if c.method == method {
			return c.route, ids, nil
		}
		allow = append(allow, c.method)
	}
	if allow != nil {
		slices.Sort(allow)
		return route{}, nil, &Fault{Status: http.StatusMethodNotAllowed, Code: 10405,
			Message: "Method " + r.Method + " is not allowed here; use " + strings.Join(allow, " or "), allow: strings.Join(allow, ", ")}
	}
	return route{}, nil, missing(codeCouldNotRoute, "Could not route to %s, perhaps your object identifier is invalid?", sent)
}

func (c compiled) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(c.segments) {
		return nil, false
	}
	ids := map[string]string{}
	for i, want := range c.segments {
		name, param := strings.CutPrefix(want, "{")
		if !param {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		name = strings.TrimSuffix(name, "}")
		valid := isID
		switch name {
		case "setting_id":
			valid = isWord
		case "certificate_id":
			valid = isSerial
		}
		if !valid(segments[i]) {
			return nil, false
		}
		ids[name] = segments[i]
	}
	return ids, true
}

// isSerial reports whether s could be the id of a certificate: its serial number in decimal.
func isSerial(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "0123456789") == "" && s[0] != '0'
}

// isWord reports whether s could be the id of a setting: lower-case letters, digits, underscore.
func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
