package demo

import (
	"net/netip"
	"strconv"
)

// loadBalancers name pools of their zone's account. Nothing is balanced.
func loadBalancers() *kind {
	pool := list(0, 100, id)
	return &kind{
		name: "load balancer", param: "load_balancer_id", missing: 1001, perPage: 1000,
		defaults: map[string]any{"enabled": true, "proxied": false},
		shape: object(
			required("name", text(1, 253)), required("default_pools", list(1, 100, id)), required("fallback_pool", id),
			optional("description", text(0, 1024)), optional("enabled", flag), optional("proxied", flag), optional("ttl", number(0, 86400)),
			optional("steering_policy", oneOf("", "off", "geo", "random", "dynamic_latency", "proximity", "least_outstanding_requests", "least_connections")),
			optional("region_pools", mapOf(pool)), optional("country_pools", mapOf(pool)), optional("pop_pools", mapOf(pool)),
			optional("session_affinity", oneOf("", "none", "cookie", "ip_cookie", "header")), optional("session_affinity_ttl", number(0, 604800)),
			optional("session_affinity_attributes", mapOf(anything)), optional("adaptive_routing", mapOf(anything)),
			optional("location_strategy", mapOf(anything)), optional("random_steering", mapOf(anything)),
			optional("rules", list(0, 100, mapOf(anything))), optional("networks", list(0, 20, text(1, 100)))),
		check: checkLoadBalancer,
	}
}

func checkLoadBalancer(t *tx, q *request, id string, doc map[string]any) error {
	name, err := recordName(q.zone.Name, doc["name"].(string))
	if err != nil {
		return err
	}
	same, err := t.count(`SELECT count(*) FROM document WHERE scope = ? AND kind = 'load balancer' AND id <> ? AND body ->> '$.name' = ?`,
		q.zone.ID, id, name)
	if err != nil {
		return err
	}
	if same > 0 {
		return clash(1002, "There is a load balancer for "+name+" already")
	}
	doc["name"] = name
	if err := t.mustRefer(pools(), q.zone.AccountID, "/fallback_pool", doc["fallback_pool"]); err != nil {
		return err
	}
	lists := map[string]any{"/default_pools": doc["default_pools"]}
	for _, field := range []string{"region_pools", "country_pools", "pop_pools"} {
		byPlace, _ := doc[field].(map[string]any)
		for place, list := range byPlace {
			lists["/"+field+"/"+place] = list
		}
	}
	for at, list := range lists {
		for i, pool := range list.([]any) {
			if err := t.mustRefer(pools(), q.zone.AccountID, at+"/"+strconv.Itoa(i), pool); err != nil {
				return err
			}
		}
	}
	return nil
}

// pools are groups of origins of an account. None is probed, so they have no health to ask for.
func pools() *kind {
	origin := object(
		required("address", text(1, 253)), optional("name", text(0, 100)), optional("enabled", flag), optional("weight", number(0, 1)),
		optional("port", number(0, 65535)), optional("header", mapOf(list(0, 20, text(0, 1024)))), optional("flatten_cname", flag),
		optional("virtual_network_id", text(0, 100)))
	return &kind{
		name: "pool", param: "pool_id", missing: 1001, perPage: 1000,
		defaults: map[string]any{"enabled": true},
		shape: object(
			required("name", text(1, 64)), required("origins", list(1, 100, origin)),
			optional("description", text(0, 1024)), optional("enabled", flag), optional("minimum_origins", number(0, 100)),
			optional("monitor", either(oneOf(""), id)), optional("monitor_group", text(0, 64)), optional("check_regions", list(0, 20, text(1, 10))),
			optional("notification_email", text(0, 2048)), optional("notification_filter", mapOf(anything)),
			optional("latitude", number(-90, 90)), optional("longitude", number(-180, 180)),
			optional("load_shedding", mapOf(anything)), optional("origin_steering", mapOf(anything))),
		check: checkPool,
		inUse: func(t *tx, q *request, id string) error {
			used, err := t.count(`SELECT count(*) FROM document JOIN zone ON zone.id = document.scope
				WHERE zone.account_id = ? AND document.kind = 'load balancer' AND instr(document.body, ?) > 0`, q.scope(), strconv.Quote(id))
			if err == nil && used > 0 {
				err = bad(codeInUse, "The pool is used by a load balancer; delete or change that first")
			}
			return err
		},
	}
}

func checkPool(t *tx, q *request, id string, doc map[string]any) error {
	for _, c := range []byte(doc["name"].(string)) {
		if c != '-' && c != '_' && c != '.' && c != ' ' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return fieldFault("/name", "the name of a pool has letters, digits, spaces, dots, hyphens and underscores only")
		}
	}
	for i, v := range doc["origins"].([]any) {
		address := v.(map[string]any)["address"].(string)
		if _, err := netip.ParseAddr(address); err != nil && badName(lowerASCII(address), false) != "" {
			return fieldFault("/origins/"+strconv.Itoa(i)+"/address", "%q is neither an IP address nor a host name", address)
		}
	}
	same, err := t.count(`SELECT count(*) FROM document WHERE scope = ? AND kind = 'pool' AND id <> ? AND body ->> '$.name' = ?`, q.scope(), id, doc["name"])
	if err != nil {
		return err
	}
	if same > 0 {
		return clash(1002, "There is a pool of that name already")
	}
	if monitor, _ := doc["monitor"].(string); monitor != "" {
		return t.mustRefer(monitors(), q.scope(), "/monitor", monitor)
	}
	return nil
}

// monitors say how the origins of a pool would be probed.
func monitors() *kind {
	return &kind{
		name: "monitor", param: "monitor_id", missing: 1001, perPage: 1000,
		defaults: map[string]any{"type": "http"},
		shape: object(
			optional("type", oneOf("", "http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp")), optional("description", text(0, 1024)),
			optional("method", text(0, 32)), optional("path", text(0, 2048)), optional("header", mapOf(list(0, 20, text(0, 1024)))),
			optional("port", number(0, 65535)), optional("timeout", number(0, 3600)), optional("retries", number(0, 100)),
			optional("interval", number(0, 86400)), optional("consecutive_up", number(0, 100)), optional("consecutive_down", number(0, 100)),
			optional("expected_body", text(0, 10240)), optional("expected_codes", text(0, 100)), optional("follow_redirects", flag),
			optional("allow_insecure", flag), optional("probe_zone", text(0, 253))),
		check: func(_ *tx, _ *request, _ string, doc map[string]any) error {
			if doc["type"] == "" { // how one client says that it does not
				doc["type"] = "http"
			}
			return nil
		},
		inUse: func(t *tx, q *request, id string) error {
			used, err := t.references(pools(), q.scope(), id)
			if err == nil && used {
				err = bad(codeInUse, "The monitor is used by a pool; delete or change that first")
			}
			return err
		},
	}
}
