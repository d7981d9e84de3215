package demo

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"
)

// setting is one knob of a zone. Nothing turns with it.
type setting struct {
	value    any // until somebody sets another
	shape    shape
	readOnly bool
}

type settingJSON struct {
	ID         string  `json:"id"`
	Value      any     `json:"value"`
	Editable   bool    `json:"editable"`
	ModifiedOn *string `json:"modified_on"`
}

func settings() map[string]setting {
	onOff := oneOf("on", "off")
	all := map[string]setting{
		"browser_cache_ttl": {14400, numberOf(0, 30, 60, 120, 300, 1200, 1800, 3600, 7200, 10800, 14400, 18000, 28800, 43200, 57600, 72000, 86400,
			172800, 259200, 345600, 432000, 691200, 1382400, 2073600, 2678400, 5356800, 16070400, 31536000), false},
		"cache_level":             {"aggressive", oneOf("aggressive", "basic", "simplified"), false},
		"challenge_ttl":           {1800, numberOf(300, 900, 1800, 2700, 3600, 7200, 10800, 14400, 28800, 57600, 86400, 604800, 2592000, 31536000), false},
		"ciphers":                 {[]any{}, list(0, 50, text(1, 64)), false},
		"cname_flattening":        {"flatten_at_root", oneOf("flatten_at_root", "flatten_all", "flatten_none"), false},
		"edge_cache_ttl":          {7200, number(0, 2678400), false},
		"image_resizing":          {"off", oneOf("on", "off", "open"), false},
		"max_upload":              {100, numberOf(100, 125, 150, 175, 200, 225, 250, 275, 300, 325, 350, 375, 400, 425, 450, 475, 500, 1000), false},
		"min_tls_version":         {"1.0", oneOf("1.0", "1.1", "1.2", "1.3"), false},
		"minify":                  {map[string]any{"css": "off", "html": "off", "js": "off"}, object(required("css", onOff), required("html", onOff), required("js", onOff)), false},
		"mobile_redirect":         {map[string]any{"status": "off", "strip_uri": false}, object(required("status", onOff), optional("mobile_subdomain", text(0, 253)), optional("strip_uri", flag)), false},
		"nel":                     {map[string]any{"enabled": false}, object(required("enabled", flag)), false},
		"origin_max_http_version": {"2", oneOf("1", "2"), false},
		"polish":                  {"off", oneOf("off", "lossless", "lossy"), false},
		"proxy_read_timeout":      {"100", either(text(1, 10), number(1, 6000)), false},
		"pseudo_ipv4":             {"off", oneOf("off", "add_header", "overwrite_header"), false},
		"security_header": {map[string]any{"strict_transport_security": map[string]any{"enabled": false, "max_age": 0, "include_subdomains": false, "preload": false, "nosniff": false}},
			object(required("strict_transport_security", object(optional("enabled", flag), optional("max_age", number(0, 31536000)),
				optional("include_subdomains", flag), optional("preload", flag), optional("nosniff", flag)))), false},
		"security_level": {"medium", oneOf("off", "essentially_off", "low", "medium", "high", "under_attack"), false},
		"ssl":            {"full", oneOf("off", "flexible", "full", "strict", "origin_pull"), false},
		"tls_1_3":        {"on", oneOf("on", "off", "zrt"), false},
		"advanced_ddos":  {"on", onOff, true},
	}
	for id, value := range map[string]string{
		"0rtt": "off", "always_online": "off", "always_use_https": "off", "automatic_https_rewrites": "on", "brotli": "on", "browser_check": "on",
		"development_mode": "off", "early_hints": "off", "email_obfuscation": "on", "fonts": "off", "h2_prioritization": "off", "hotlink_protection": "off",
		"http2": "on", "http3": "on", "ip_geolocation": "on", "ipv6": "on", "log_to_cloudflare": "on", "mirage": "off",
		"opportunistic_encryption": "on", "opportunistic_onion": "on", "orange_to_orange": "off", "origin_error_page_pass_thru": "off",
		"prefetch_preload": "off", "privacy_pass": "on", "replace_insecure_js": "off", "response_buffering": "off", "rocket_loader": "off",
		"server_side_exclude": "on", "sort_query_string_for_cache": "off", "speed_brain": "off", "tls_1_2_only": "off", "tls_client_auth": "off",
		"true_client_ip_header": "off", "universal_ssl": "on", "visitor_ip": "on", "waf": "off", "webp": "off", "websockets": "on",
	} {
		all[id] = setting{value: value, shape: onOff}
	}
	return all
}

func listSettings(t *tx, q *request) (reply, error) {
	all := settings()
	out := []settingJSON{}
	stored, err := t.storedSettings(q.zone.ID)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[id].json(id, stored))
	}
	return reply{result: out}, err
}

func getSetting(t *tx, q *request) (reply, error) {
	id := q.ids["setting_id"]
	s, ok := settings()[id]
	if !ok {
		return reply{}, missing(1006, "Unrecognized zone setting name: %s", id)
	}
	stored, err := t.storedSettings(q.zone.ID)
	return reply{result: s.json(id, stored)}, err
}

// editSetting sets one setting from {"value": ...}.
func editSetting(t *tx, q *request) (reply, error) {
	id := q.ids["setting_id"]
	if _, ok := settings()[id]; !ok {
		return reply{}, missing(1006, "Unrecognized zone setting name: %s", id)
	}
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	if err := t.putSetting(q.zone.ID, id, f); err != nil {
		return reply{}, err
	}
	return getSetting(t, q)
}

// editSettings sets several from {"items": [{"id", "value"}]}, all or none, and answers with those.
func editSettings(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	items := f.forms("items")
	if len(items) == 0 {
		f.fail("items", "items must be a non-empty array of objects with id and value")
	}
	if f.err != nil {
		return reply{}, f.err
	}
	for _, item := range items {
		id := item.text("id")
		if item.err == nil {
			item.err = t.putSetting(q.zone.ID, id, item)
		}
		if item.err != nil {
			return reply{}, item.err
		}
	}
	stored, err := t.storedSettings(q.zone.ID)
	out := []settingJSON{}
	for _, item := range items {
		id := item.text("id")
		out = append(out, settings()[id].json(id, stored))
	}
	return reply{result: out}, err
}

func (t *tx) putSetting(zoneID, id string, f *form) error {
	s, ok := settings()[id]
	switch {
	case !ok:
		return fieldFault(f.at+"/id", "Unrecognized zone setting name: %s", id)
	case s.readOnly:
		return fieldFault(f.at+"/id", "The setting %s is read only", id)
	case !f.has("value"):
		return fieldFault(f.at+"/value", "the value is missing")
	}
	kept, err := s.shape(f.at+"/value", f.fields["value"])
	if err != nil {
		refused, ok := errors.AsType[*Fault](err)
		if !ok {
			return err
		}
		fault := *refused
		fault.Code, fault.Message = 1007, "Invalid value for zone setting "+id+": "+fault.Message
		return &fault
	}
	text, err := marshal(inOrder(kept))
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO setting (zone_id, id, value, modified_on) VALUES (?, ?, ?, ?)
		ON CONFLICT (zone_id, id) DO UPDATE SET value = excluded.value, modified_on = excluded.modified_on`, zoneID, id, string(text), t.now)
}

func (t *tx) storedSettings(zoneID string) (map[string]settingJSON, error) {
	out := map[string]settingJSON{}
	err := t.each(`SELECT id, value, modified_on FROM setting WHERE zone_id = ?`, func(s *sqlite.Stmt) error {
		at := s.ColumnText(2)
		out[s.ColumnText(0)] = settingJSON{ID: s.ColumnText(0), Value: json.RawMessage(s.ColumnText(1)), Editable: true, ModifiedOn: &at}
		return nil
	}, zoneID)
	return out, err
}

func (s setting) json(id string, stored map[string]settingJSON) settingJSON {
	if set, ok := stored[id]; ok {
		return set
	}
	return settingJSON{ID: id, Value: inOrder(s.value), Editable: !s.readOnly}
}
