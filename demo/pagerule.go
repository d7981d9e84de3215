package demo

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// pageRules apply actions to URLs that match a pattern.
func pageRules() *kind {
	return &kind{
		name: "page rule", param: "pagerule_id", missing: 1002, perPage: 1000,
		defaults: map[string]any{"priority": json.Number("1"), "status": "disabled"},
		shape: object(
			required("targets", list(1, 1, object(
				required("target", oneOf("url")),
				required("constraint", object(required("operator", oneOf("matches")), required("value", text(1, 1024))))))),
			required("actions", list(1, 40, anything)),
			optional("priority", number(0, 1000000)),
			optional("status", oneOf("active", "disabled"))),
		check: checkPageRule,
		match: func(q *request, f *filter) error {
			matchText(f, "status", "", q.URL.Query().Get("status"))
			return nil
		},
	}
}

func checkPageRule(_ *tx, q *request, _ string, doc map[string]any) error {
	target := doc["targets"].([]any)[0].(map[string]any)["constraint"].(map[string]any)
	if !inZone(q.zone.Name, target["value"].(string)) {
		return fieldFault("/targets/0/constraint/value", "the pattern is not about the zone %s", q.zone.Name)
	}
	shapes := actionShapes()
	seen := map[string]bool{}
	out := doc["actions"].([]any)
	for i, v := range out {
		at := "/actions/" + strconv.Itoa(i)
		action, ok := v.(map[string]any)
		if !ok {
			return fieldFault(at, "an action is an object with an id")
		}
		id, _ := action["id"].(string)
		want, known := shapes[id]
		if !known {
			return fieldFault(at+"/id", "there is no action %q", id)
		}
		if seen[id] {
			return fieldFault(at+"/id", "the action %q comes twice", id)
		}
		seen[id] = true
		kept := map[string]any{"id": id}
		value, sent := action["value"]
		switch {
		case want == nil: // an action without a value; some clients send one all the same
			if sent && value != nil {
				kept["value"] = value
			}
		case value == nil:
			return fieldFault(at+"/value", "the action %q needs a value", id)
		default:
			var err error
			if kept["value"], err = want(at+"/value", value); err != nil {
				return err
			}
		}
		out[i] = kept
	}
	if seen["forwarding_url"] && len(out) > 1 {
		return fieldFault("/actions", "forwarding_url cannot be combined with other actions")
	}
	return nil
}

// actionShapes has the value of each action; nil is none.
func actionShapes() map[string]shape {
	onOff := oneOf("on", "off")
	name := text(1, 1024)
	shapes := map[string]shape{
		"always_use_https": nil, "disable_apps": nil, "disable_performance": nil, "disable_security": nil, "disable_zaraz": nil,
		"browser_cache_ttl": number(0, 31536000), "edge_cache_ttl": number(0, 31536000),
		"bypass_cache_on_cookie": name, "cache_on_cookie": name, "host_header_override": name, "resolve_override": name,
		"cache_key_fields": mapOf(anything), "cache_ttl_by_status": mapOf(anything), "minify": mapOf(onOff),
		"cache_level":    oneOf("bypass", "basic", "simplified", "aggressive", "cache_everything"),
		"polish":         oneOf("off", "lossless", "lossy"),
		"security_level": oneOf("off", "essentially_off", "low", "medium", "high", "under_attack"),
		"ssl":            oneOf("off", "flexible", "full", "strict", "origin_pull"),
		"forwarding_url": object(required("url", text(1, 2048)), required("status_code", numberOf(301, 302))),
	}
	for _, id := range []string{"always_online", "automatic_https_rewrites", "browser_check", "cache_by_device_type", "cache_deception_armor",
		"disable_railgun", "email_obfuscation", "explicit_cache_control", "ip_geolocation", "mirage", "opportunistic_encryption",
		"origin_error_page_pass_thru", "respect_strong_etag", "response_buffering", "rocket_loader", "server_side_exclude",
		"sort_query_string_for_cache", "true_client_ip_header", "waf"} {
		shapes[id] = onOff
	}
	return shapes
}

// inZone reports whether a URL, a URL pattern or a bare host is about the zone or a name below it.
func inZone(zone, pattern string) bool {
	if _, rest, ok := strings.Cut(pattern, "://"); ok {
		pattern = rest
	}
	host, _, _ := strings.Cut(pattern, "/")
	host, _, _ = strings.Cut(host, "?")
	host, _, _ = strings.Cut(host, ":")
	host = strings.TrimPrefix(lowerASCII(host), "*") // "*example.com" and "*.example.com" are both in use
	return host == zone || strings.HasSuffix(host, "."+zone)
}

// isWebURL reports whether s is an absolute http or https URL.
func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
