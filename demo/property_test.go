package demo_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/demo"
)

// TestServedIsStored: whatever was accepted is what a DNS query returns, and sending a record
// back as it was read changes nothing. What has to be served is known from how the record was made up, not from the code under test.
func TestServedIsStored(t *testing.T) {
	w := start(t)
	rapid.Check(t, func(rt *rapid.T) {
		kind, body, want := anyRecord(rt)
		name := anyName(rt)
		body["type"], body["name"] = kind, name.sent
		r := w.post(string(mustJSON(t, body)))
		defer w.ok("DELETE", "{z}/dns_records/"+r.ID, "", nil)
		if r.Name != name.full {
			rt.Fatalf("%q became %q, want %q", name.sent, r.Name, name.full)
		}
		in := w.query(r.Name, kind)
		if len(in.Answer) != 1 {
			rt.Fatalf("%s: %v", body, in)
		}
		if got := facts(in.Answer[0]); got != want {
			rt.Fatalf("%s is served as %s, want %s", mustJSON(t, body), got, want)
		}
		var again demo.Record
		w.ok("PUT", "{z}/dns_records/"+r.ID, string(mustJSON(t, r)), &again)
		r.Modified, again.Modified = "", ""
		if a, b := string(mustJSON(t, r)), string(mustJSON(t, again)); a != b {
			rt.Fatalf("sent back, %s became %s", a, b)
		}
	})
}

func mustJSON(t *testing.T, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type sentName struct{ sent, full string }

func anyName(t *rapid.T) sentName {
	labels := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9])?`), 0, 4).Draw(t, "labels")
	if rapid.Bool().Draw(t, "wildcard") {
		labels = append([]string{"*"}, labels...)
	}
	full := strings.ToLower(strings.Join(append(slices.Clone(labels), "staging.example"), "."))
	relative := strings.Join(labels, ".")
	if relative == "" {
		relative = "@"
	}
	return sentName{rapid.SampledFrom([]string{relative, full, full + ".", strings.ToUpper(full)}).Draw(t, "spelling"), full}
}

// anyRecord makes up a record, in one of the ways clients write them, and what a query must then return.
func anyRecord(t *rapid.T) (kind string, body map[string]any, want string) {
	short := func(name string) int { return int(rapid.Uint16().Draw(t, name)) }
	host := rapid.StringMatching(`[a-zA-Z0-9_]{1,10}\.[a-z]{2,5}`).Draw(t, "host")
	dotted := host + rapid.SampledFrom([]string{"", "."}).Draw(t, "dot")
	served := strings.ToLower(host) + "."
	kind = rapid.SampledFrom([]string{"A", "AAAA", "CNAME", "MX", "TXT", "SRV", "CAA"}).Draw(t, "type")
	switch kind {
	case "A":
		b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")
		want = fmt.Sprintf("%d.%d.%d.%d", b[0], b[1], b[2], b[3])
		return kind, map[string]any{"content": want, "proxied": rapid.Bool().Draw(t, "proxied")}, fmt.Sprintf("%x", b)
	case "AAAA":
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ip")
		var groups []string
		for i := 0; i < 16; i += 2 {
			groups = append(groups, fmt.Sprintf("%02X%02x", b[i], b[i+1]))
		}
		return kind, map[string]any{"content": strings.Join(groups, ":")}, fmt.Sprintf("%x", b)
	case "CNAME":
		return kind, map[string]any{"content": dotted}, served
	case "MX":
		p := short("priority")
		if rapid.Bool().Draw(t, "parts") {
			return kind, map[string]any{"data": map[string]any{"priority": p, "target": dotted}}, fmt.Sprint(p, " ", served)
		}
		return kind, map[string]any{"content": dotted, "priority": p}, fmt.Sprint(p, " ", served)
	case "SRV":
		p, weight, port := short("priority"), short("weight"), short("port")
		want = fmt.Sprint(p, " ", weight, " ", port, " ", served)
		if rapid.Bool().Draw(t, "parts") {
			return kind, map[string]any{"data": map[string]any{"priority": p, "weight": weight, "port": port, "target": dotted}}, want
		}
		return kind, map[string]any{"content": fmt.Sprint(weight, " ", port, " ", dotted), "priority": p}, want
	case "CAA":
		flags := int(rapid.Byte().Draw(t, "flags"))
		tag := rapid.SampledFrom([]string{"issue", "issuewild", "iodef"}).Draw(t, "tag")
		value := rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "value")
		return kind, map[string]any{"data": map[string]any{"flags": flags, "tag": tag, "value": value}}, fmt.Sprint(flags, " ", tag, " ", value)
	}
	text := rapid.StringOfN(rapid.Rune(), 1, 400, 1200).Draw(t, "text")
	text = strings.ToValidUTF8(text, "?")
	if strings.HasPrefix(text, `"`) || rapid.Bool().Draw(t, "quoted") {
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		return kind, map[string]any{"content": quoted}, text
	}
	return kind, map[string]any{"content": text}, text
}

// facts are what a record says on the wire, in the terms of anyRecord.
func facts(rr dns.RR) string {
	switch rr := rr.(type) {
	case *dns.A:
		return fmt.Sprintf("%x", []byte(rr.A.To4()))
	case *dns.AAAA:
		return fmt.Sprintf("%x", []byte(rr.AAAA.To16()))
	case *dns.CNAME:
		return rr.Target
	case *dns.MX:
		return fmt.Sprint(rr.Preference, " ", rr.Mx)
	case *dns.SRV:
		return fmt.Sprint(rr.Priority, " ", rr.Weight, " ", rr.Port, " ", rr.Target)
	case *dns.CAA:
		return fmt.Sprint(rr.Flag, " ", rr.Tag, " ", rr.Value) // read without escapes, unlike texts
	case *dns.TXT:
		return unescape(strings.Join(rr.Txt, ""))
	}
	return rr.String()
}

// unescape undoes the escapes the DNS library reads texts with.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; s[i] >= '0' && s[i] <= '9' {
			b.WriteByte((s[i]-'0')*100 + (s[i+1]-'0')*10 + s[i+2] - '0')
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
