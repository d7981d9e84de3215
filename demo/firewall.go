package demo

import (
	"net/netip"
	"strconv"
	"strings"
)

const maxExpression = 4096

// filters are expressions that firewall rules point to.
func filters() *kind {
	return &kind{
		name: "filter", param: "filter_id", missing: 10014, perPage: 25,
		shape: object(required("expression", expression), optional("paused", flag),
			optional("description", text(0, 500)), optional("ref", text(0, 50))),
		inUse: func(t *tx, q *request, id string) error {
			used, err := t.references(firewallRules(), q.scope(), id)
			if err == nil && used {
				err = bad(codeInUse, "The filter is used by a firewall rule; delete that first")
			}
			return err
		},
		match: func(q *request, f *filter) error {
			v := q.URL.Query()
			matchText(f, "description", "contains", v.Get("description"))
			matchText(f, "expression", "contains", v.Get("expression"))
			matchText(f, "ref", "", v.Get("ref"))
			return matchIDAndPaused(f, v.Get("id"), v.Get("paused"))
		},
	}
}

// firewallRules say what to do with requests that a filter matches. The filter is sent as {"id"}, or whole,
// which makes one; it is always printed whole.
func firewallRules() *kind {
	return &kind{
		name: "firewall rule", param: "rule_id", missing: 10002, perPage: 25,
		shape: object(
			required("action", ruleAction),
			required("filter", anything), optional("paused", flag), optional("description", text(0, 500)),
			optional("priority", number(0, 2147483647)), optional("ref", text(0, 50)),
			optional("products", list(0, 20, oneOf("zoneLockdown", "uaBlock", "bic", "hot", "securityLevel", "rateLimit", "waf")))),
		check: func(t *tx, q *request, _ string, doc map[string]any) error {
			if products, _ := doc["products"].([]any); doc["action"] == "bypass" && len(products) == 0 {
				return fieldFault("/products", "the action bypass needs the products to bypass")
			}
			sent, ok := doc["filter"].(map[string]any)
			if !ok {
				return fieldFault("/filter", "filter must be an object, with the id of a filter or an expression")
			}
			id, _ := sent["id"].(string)
			if id == "" {
				made, err := t.postDoc(filters(), q, &form{at: "/filter", fields: sent})
				if err != nil {
					return err
				}
				id = made["id"].(string)
			}
			doc["filter"] = map[string]any{"id": id}
			return t.mustRefer(filters(), q.scope(), "/filter/id", id)
		},
		show: func(t *tx, scope string, doc map[string]any) error {
			id := doc["filter"].(map[string]any)["id"].(string)
			whole, err := t.doc(filters(), scope, id)
			doc["filter"] = map[string]any(whole)
			return err
		},
		match: func(q *request, f *filter) error {
			v := q.URL.Query()
			matchText(f, "action", "", v.Get("action"))
			matchText(f, "description", "contains", v.Get("description"))
			return matchIDAndPaused(f, v.Get("id"), v.Get("paused"))
		},
	}
}

// ruleAction is a word; one SDK sends it as an object that has it as its mode.
func ruleAction(at string, v any) (any, error) {
	if o, ok := v.(map[string]any); ok {
		at, v = at+"/mode", o["mode"]
	}
	return oneOf("block", "challenge", "js_challenge", "managed_challenge", "allow", "log", "bypass")(at, v)
}

// accessRules allow, challenge or block by where a request comes from.
func accessRules() *kind {
	modes := []any{"block", "challenge", "js_challenge", "managed_challenge", "whitelist"}
	return &kind{
		name: "access rule", param: "rule_id", missing: 10001, perPage: 20, fixed: "configuration",
		shape: object(
			required("mode", oneOf("block", "challenge", "js_challenge", "managed_challenge", "whitelist")),
			required("configuration", object(required("target", oneOf("ip", "ip6", "ip_range", "asn", "country")), required("value", text(1, 64)))),
			optional("notes", text(0, 1024))),
		check: checkAccessRule,
		show: func(_ *tx, scope string, doc map[string]any) error {
			doc["allowed_modes"] = modes
			doc["scope"] = map[string]any{"id": scope, "type": "zone"}
			return nil
		},
		match: func(q *request, f *filter) error {
			v := q.URL.Query()
			matchText(f, "mode", "", v.Get("mode"))
			matchText(f, "notes", "contains", v.Get("notes"))
			for _, dot := range []string{".", "_"} { // both spellings are in use
				matchText(f, "configuration.target", "", v.Get("configuration"+dot+"target"))
				matchText(f, "configuration.value", "", v.Get("configuration"+dot+"value"))
			}
			return nil
		},
	}
}

func checkAccessRule(t *tx, q *request, id string, doc map[string]any) error {
	where := doc["configuration"].(map[string]any)
	target, value := where["target"].(string), where["value"].(string)
	ip, ipErr := netip.ParseAddr(value)
	network, netErr := netip.ParsePrefix(value)
	valid := false
	switch target {
	case "ip":
		valid = ipErr == nil && ip.Is4()
	case "ip6":
		valid = ipErr == nil && ip.Is6() && ip.Zone() == ""
	case "ip_range":
		valid = netErr == nil && network.Masked() == network
	case "asn":
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(value), "AS"), 10, 32)
		valid = err == nil && n > 0
	case "country":
		valid = len(value) == 2 && strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
	}
	if !valid {
		return fieldFault("/configuration/value", "%q is not a valid %s", value, target)
	}
	same, err := t.count(`SELECT count(*) FROM document WHERE scope = ? AND kind = 'access rule' AND id <> ?
		AND body ->> '$.configuration.target' = ? AND body ->> '$.configuration.value' = ?`, q.scope(), id, target, value)
	if err == nil && same > 0 {
		err = clash(10009, "firewallaccessrules.api.duplicate_of_existing: there is a rule for this already")
	}
	return err
}

// expression checks that quotes, brackets and parentheses of a rule expression are closed. Nothing runs it.
func expression(at string, v any) (any, error) {
	if _, err := text(1, maxExpression)(at, v); err != nil {
		return nil, err
	}
	s := v.(string)
	var open []byte
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			open = append(open, ')')
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == ')' || c == '}' || c == ']':
			if len(open) == 0 || open[len(open)-1] != c {
				return nil, fieldFault(at, "the expression closes a %q it did not open, at byte %d", c, i)
			}
			open = open[:len(open)-1]
		}
	}
	if quoted || len(open) > 0 || strings.TrimSpace(s) == "" {
		return nil, fieldFault(at, "the expression ends too early: a quote or parenthesis is not closed")
	}
	return s, nil
}

// matchText adds a condition on a text within documents, unless what is looked for is empty.
func matchText(f *filter, path, how, s string) {
	if s != "" {
		f.text("coalesce(body ->> '$."+path+"', '')", how, s)
	}
}

func matchIDAndPaused(f *filter, id, paused string) error {
	if id != "" {
		f.add("id = ?", id)
	}
	switch paused {
	case "":
	case "true", "false":
		f.add("coalesce(body ->> '$.paused', 0) = ?", paused == "true")
	default:
		return bad(codeInvalid, "The query parameter paused must be true or false")
	}
	return nil
}
