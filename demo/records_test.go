package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/demo"
)

// TestRecordTypes: what each type accepts, how the API prints it back, and what DNS answers.
func TestRecordTypes(t *testing.T) {
	w := start(t)
	for _, c := range []struct{ name, body, content, data, served string }{
		{"A", `{"type":"A","name":"a","content":"192.0.2.1"}`, "192.0.2.1", "", "192.0.2.1"},
		{"lower-case type", `{"type":"a","name":"a2","content":"192.0.2.1"}`, "192.0.2.1", "", "192.0.2.1"},
		{"AAAA is shortened", `{"type":"AAAA","name":"q","content":"2001:DB8:0:0::1"}`, "2001:db8::1", "", "2001:db8::1"},
		{"AAAA mapped", `{"type":"AAAA","name":"q4","content":"::ffff:192.0.2.1"}`, "::ffff:192.0.2.1", "", "::ffff:192.0.2.1"},
		{"CNAME loses its dot", `{"type":"CNAME","name":"c","content":"Target.example.com."}`, "Target.example.com", "", "target.example.com."},
		{"CNAME to the zone", `{"type":"CNAME","name":"c2","content":"@"}`, "staging.example", "", "staging.example."},
		{"NS", `{"type":"NS","name":"n","content":"ns.example.net.."}`, "ns.example.net", "", ""},
		{"MX", `{"type":"MX","name":"m","content":"mail.example.com.","priority":10}`, "mail.example.com", "", "10 mail.example.com."},
		{"MX priority 0", `{"type":"MX","name":"m0","content":"mail.example.com","priority":0}`, "mail.example.com", "", "0 mail.example.com."},
		{"MX null", `{"type":"MX","name":"mn","content":".","priority":0}`, ".", "", "0 ."},
		{"MX in one text", `{"type":"MX","name":"m1","content":"20 mail.example.com."}`, "mail.example.com", "", "20 mail.example.com."},
		{"MX in parts", `{"type":"MX","name":"mp","data":{"priority":5,"target":"mail.example.com."}}`, "mail.example.com", `{"priority":5,"target":"mail.example.com"}`, "5 mail.example.com."},
		{"SRV in parts", `{"type":"SRV","name":"_sip._tcp.s","data":{"priority":1,"weight":2,"port":5060,"target":"sip.example.com."}}`,
			"2 5060 sip.example.com", `{"priority":1,"weight":2,"port":5060,"target":"sip.example.com"}`, "1 2 5060 sip.example.com."},
		{"SRV as content", `{"type":"SRV","name":"_sip._tcp.s2","content":"2 5060 sip.example.com.","priority":3}`,
			"2 5060 sip.example.com", `{"priority":3,"weight":2,"port":5060,"target":"sip.example.com"}`, "3 2 5060 sip.example.com."},
		{"SRV in one text", `{"type":"SRV","name":"_sip._tcp.s3","content":"4 2 5060 sip.example.com"}`,
			"2 5060 sip.example.com", `{"priority":4,"weight":2,"port":5060,"target":"sip.example.com"}`, "4 2 5060 sip.example.com."},
		{"SRV name in parts", `{"type":"SRV","data":{"service":"_xmpp","proto":"_tcp","name":"s4","priority":1,"weight":2,"port":5222,"target":"x.example.com","flags":"","tag":""}}`,
			"2 5222 x.example.com", `{"service":"_xmpp","proto":"_tcp","name":"s4","priority":1,"weight":2,"port":5222,"target":"x.example.com"}`, "1 2 5222 x.example.com."},
		{"CAA in parts", `{"type":"CAA","name":"ca","data":{"flags":"0","tag":"issue","value":"letsencrypt.org","priority":0,"target":""}}`,
			`0 issue "letsencrypt.org"`, `{"flags":0,"tag":"issue","value":"letsencrypt.org"}`, `0 issue "letsencrypt.org"`},
		{"CAA as content", `{"type":"CAA","name":"ca2","content":"128 Issue letsencrypt.org; validationmethods=dns-01"}`,
			`128 issue "letsencrypt.org; validationmethods=dns-01"`, `{"flags":128,"tag":"issue","value":"letsencrypt.org; validationmethods=dns-01"}`,
			`128 issue "letsencrypt.org; validationmethods=dns-01"`},
		{"TXT bare", `{"type":"TXT","name":"t","content":"v=spf1 -all"}`, "v=spf1 -all", "", `"v=spf1 -all"`},
		{"TXT quoted", `{"type":"TXT","name":"t2","content":"\"v=spf1 -all\""}`, `"v=spf1 -all"`, "", `"v=spf1 -all"`},
		{"TXT in two", `{"type":"TXT","name":"t3","content":"\"one\" \"two\""}`, `"one" "two"`, "", `"one" "two"`},
		{"TXT escapes", `{"type":"TXT","name":"t4","content":"\"a\\\"b\\\\c\\100\""}`, `"a\"b\\c\100"`, "", `"a\"b\\cd"`},
		{"TXT bare backslash", `{"type":"TXT","name":"t5","content":"a\\b k=\"v\""}`, `a\b k="v"`, "", `"a\\b k=\"v\""`},
		{"TXT UTF-8", `{"type":"TXT","name":"t6","content":"é"}`, "é", "", `"\195\169"`},
		{"TXT long", `{"type":"TXT","name":"t7","content":"` + strings.Repeat("x", 300) + `"}`, strings.Repeat("x", 300), "",
			`"` + strings.Repeat("x", 255) + `" "` + strings.Repeat("x", 45) + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := *w
			w.TB = t
			r := w.post(c.body)
			if r.Content != c.content || string(r.Data) != c.data {
				t.Errorf("content %q data %s, want %q %s", r.Content, r.Data, c.content, c.data)
			}
			var again demo.Record
			w.ok("GET", "{z}/dns_records/"+r.ID, "", &again)
			if a, b := fmt.Sprintf("%+v", printed(t, r)), fmt.Sprintf("%+v", printed(t, again)); a != b {
				t.Errorf("created as %s, read as %s", a, b)
			}
			if c.served == "" {
				return
			}
			if got := w.answers(r.Name, r.Type); !slices.Equal(got, []string{c.served}) {
				t.Errorf("served %q, want %q", got, c.served)
			}
		})
	}
}

func printed(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordRefusals(t *testing.T) {
	w := start(t)
	w.post(`{"type":"A","name":"taken","content":"192.0.2.1"}`)
	w.post(`{"type":"CNAME","name":"alias","content":"example.com"}`)
	w.post(`{"type":"TXT","name":"text","content":"hello"}`)
	for _, c := range []struct {
		body string
		code int
	}{
		{`{"type":"A","name":"x","content":"192.0.2.256"}`, 9005},
		{`{"type":"A","name":"x","content":"2001:db8::1"}`, 9005},
		{`{"type":"A","name":"x","content":"010.0.0.1"}`, 9005},
		{`{"type":"A","name":"x"}`, 9005},
		{`{"type":"AAAA","name":"x","content":"192.0.2.1"}`, 9006},
		{`{"type":"AAAA","name":"x","content":"fe80::1%eth0"}`, 9006},
		{`{"type":"CNAME","name":"x","content":"not a host"}`, 9007},
		{`{"type":"CNAME","name":"x","content":"."}`, 9007},
		{`{"type":"CNAME","name":"x","content":"X.staging.example."}`, 9039},
		{`{"type":"NS","name":"x","content":""}`, 9008},
		{`{"type":"MX","name":"x","content":"mail.example.com"}`, 1004},
		{`{"type":"MX","name":"x","content":"mail.example.com","priority":65536}`, 1004},
		{`{"type":"MX","name":"x","content":"http://example.com","priority":1}`, 9009},
		{`{"type":"TXT","name":"x","content":""}`, 1004},
		{`{"type":"TXT","name":"x","content":"\"unbalanced"}`, 9010},
		{`{"type":"TXT","name":"x","content":"\"a\" b"}`, 9010},
		{`{"type":"SRV","name":"x","content":"1 2"}`, 9101},
		{`{"type":"SRV","name":"x","content":"1 2 target.example.com"}`, 1004},
		{`{"type":"SRV","name":"x","data":{"priority":1,"weight":1,"port":99999,"target":"a.b"}}`, 1004},
		{`{"type":"CAA","name":"x","content":"issue letsencrypt.org"}`, 9103},
		{`{"type":"CAA","name":"x","data":{"flags":0,"tag":"is sue","value":"a"}}`, 1004},
		{`{"type":"LOC","name":"x","content":"51 30 0 N 0 7 0 W"}`, 1004},
		{`{"name":"x","content":"192.0.2.1"}`, 1004},
		{`{"type":"A","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"www.elsewhere.example.","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"a..b","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"a b","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"w.*.b","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"bücher","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"` + strings.Repeat("a", 64) + `","content":"192.0.2.1"}`, 9000},
		{`{"type":"A","name":"x","content":"192.0.2.1","ttl":59}`, 9021},
		{`{"type":"A","name":"x","content":"192.0.2.1","ttl":86401}`, 9021},
		{`{"type":"A","name":"x","content":"192.0.2.1","ttl":-1}`, 9021},
		{`{"type":"A","name":"x","content":"192.0.2.1","ttl":"soon"}`, 1004},
		{`{"type":"TXT","name":"x","content":"a","proxied":true}`, 9004},
		{`{"type":"A","name":"x","content":"192.0.2.1","proxied":"yes"}`, 1004},
		{`{"type":"A","name":"x","content":7}`, 1004},
		{`{"type":"A","name":"x","content":"192.0.2.1","tags":["a",1]}`, 1004},
		{`{"type":"A","name":"x","content":"192.0.2.1","comment":"` + strings.Repeat("c", 501) + `"}`, 1004},
		{`{"type":"A","name":"taken","content":"192.0.2.1"}`, 81058},
		{`{"type":"A","name":"TAKEN.staging.example.","content":"192.0.2.1","ttl":600}`, 81058},
		{`{"type":"TXT","name":"text","content":"\"hello\""}`, 81058},
		{`{"type":"CNAME","name":"alias","content":"EXAMPLE.com."}`, 81058},
		{`{"type":"CNAME","name":"taken","content":"example.com"}`, 81053},
		{`{"type":"CNAME","name":"alias","content":"example.net"}`, 81053},
		{`{"type":"A","name":"alias","content":"192.0.2.1"}`, 81053},
		{`{"type":"A","type":"AAAA","name":"x","content":"192.0.2.1"}`, 6007},
		{`{"type":"A"`, 6007},
		{`[]`, 6007},
		{``, 6007},
		{`{} {}`, 6007},
	} {
		w.fails("POST", "{z}/dns_records", c.body, 400, c.code)
	}
	if r := w.fails("POST", "{z}/dns_records", `{"type":"A","name":"taken","content":"192.0.2.1"}`, 400, 81058); r.Errors[0].Message != "An identical record already exists." {
		t.Error(r.raw)
	}
	if r := w.fails("GET", "{z}/dns_records/"+absent, "", 404, 81044); r.Errors[0].Message != "Record does not exist." {
		t.Error(r.raw)
	}
	w.fails("PUT", "{z}/dns_records/"+absent, `{}`, 404, 81044)
	w.fails("PATCH", "{z}/dns_records/"+absent, `{}`, 404, 81044)
	w.fails("DELETE", "{z}/dns_records/"+absent, ``, 404, 81044)
	var all []demo.Record
	if w.ok("GET", "{z}/dns_records", "", &all); len(all) != 3 {
		t.Errorf("refused requests left something behind: %d records", len(all))
	}
}

// TestTXTBesideAlias: registries of syncing tools put a TXT record at the name of a CNAME.
func TestTXTBesideAlias(t *testing.T) {
	w := start(t)
	w.post(`{"type":"CNAME","name":"app","content":"example.com"}`)
	w.post(`{"type":"TXT","name":"app","content":"heritage=external-dns"}`)
	if got := w.answers("app.staging.example", "TXT"); !slices.Equal(got, []string{`"heritage=external-dns"`}) {
		t.Error(got)
	}
	if got := w.answers("app.staging.example", "CNAME"); !slices.Equal(got, []string{"example.com."}) {
		t.Error(got)
	}
}

func TestRecordNames(t *testing.T) {
	w := start(t)
	for i, c := range []struct{ sent, full string }{
		{"www", "www.staging.example"}, {"WWW.Staging.Example.", "www.staging.example"}, {"www.staging.example", "www.staging.example"},
		{"@", "staging.example"}, {"staging.example.", "staging.example"}, {"*", "*.staging.example"}, {"*.a.staging.example", "*.a.staging.example"},
		{"_acme-challenge.www", "_acme-challenge.www.staging.example"}, {"a.elsewhere.example", "a.elsewhere.example.staging.example"},
	} {
		r := w.post(fmt.Sprintf(`{"type":"TXT","name":%q,"content":"%d"}`, c.sent, i))
		if r.Name != c.full {
			t.Errorf("%q became %q, want %q", c.sent, r.Name, c.full)
		}
		for _, ask := range []string{c.full, c.full + ".", strings.ToUpper(c.full)} {
			var found []demo.Record
			w.ok("GET", "{z}/dns_records?content="+fmt.Sprint(i)+"&name="+url.QueryEscape(ask), "", &found)
			if len(found) != 1 || found[0].ID != r.ID {
				t.Errorf("name=%s finds %v", ask, found)
			}
		}
	}
}

// TestShape: "id" and "name" come first, nested things last; nothing is shown that was not set.
func TestShape(t *testing.T) {
	w := start(t)
	raw := compact(t, w.ok("POST", "{z}/dns_records", `{"type":"A","name":"www","content":"192.0.2.1","created_on":"0001-01-01T00:00:00Z",
		"modified_on":"","priority":0,"tags":null,"data":null,"settings":{},"id":"","zone_id":"junk","locked":false,"proxiable":false,"meta":{"auto_added":false},"ttl":0}`, nil).Result)
	if !strings.HasPrefix(raw, `{"id":"`) || strings.Index(raw, `,"name":"www.staging.example"`) != len(`{"id":""`)+32 {
		t.Error(raw)
	}
	if !strings.HasSuffix(raw, `"tags":[],"settings":{},"meta":{}}`) {
		t.Error(raw)
	}
	for _, part := range []string{`"proxiable":true,"proxied":false,"ttl":1,"comment":null`, `"created_on":"20`} {
		if !strings.Contains(raw, part) {
			t.Errorf("no %s in %s", part, raw)
		}
	}
	for _, part := range []string{`"priority"`, `"data"`, `"comment_modified_on"`, `"tags_modified_on"`, "0001-01-01", `""`} {
		if strings.Contains(raw, part) {
			t.Errorf("%s in %s", part, raw)
		}
	}
}

func TestCommentAndTags(t *testing.T) {
	w := start(t)
	r := w.post(`{"type":"A","name":"www","content":"192.0.2.1","comment":"mine","tags":["owner:dns-team","x"],"settings":{"ipv4_only":true}}`)
	if r.Commented == nil || r.Tagged == nil || *r.Comment != "mine" || !slices.Equal(r.Tags, []string{"owner:dns-team", "x"}) {
		t.Fatalf("%+v", r)
	}
	var changed demo.Record
	w.ok("PATCH", "{z}/dns_records/"+r.ID, `{"ttl":"120","tags":null}`, &changed)
	if *changed.Commented != *r.Commented || *changed.Tagged != *r.Tagged || changed.TTL != 120 || changed.Settings.IPv4Only == nil {
		t.Errorf("%+v", changed)
	}
	for query, want := range map[string]int{"comment=MINE": 1, "comment.contains=in": 1, "comment.absent=true": 0, "comment.present=true": 1,
		"tag=x": 1, "tag=owner:dns-team": 1, "tag.present=owner": 1, "tag.absent=owner": 0, "tag.exact=owner": 0, "search=STAGING": 1} {
		var found []demo.Record
		if w.ok("GET", "{z}/dns_records?"+query, "", &found); len(found) != want {
			t.Errorf("%s finds %d", query, len(found))
		}
	}
	w.ok("PUT", "{z}/dns_records/"+r.ID, `{"type":"A","name":"www","content":"192.0.2.1"}`, &changed)
	if changed.Comment != nil || changed.Commented != nil || changed.Tagged != nil || len(changed.Tags) != 0 || changed.TTL != 1 {
		t.Errorf("a replacement keeps what it should not: %+v", changed)
	}
	if changed.ID != r.ID || changed.Created != r.Created {
		t.Errorf("a replacement loses what it should keep: %+v", changed)
	}
}

// TestEdit: a PATCH changes what it has and leaves the rest, parts and content staying in step.
func TestEdit(t *testing.T) {
	w := start(t)
	srv := w.post(`{"type":"SRV","data":{"service":"_sip","proto":"_tcp","name":"@","priority":1,"weight":2,"port":5060,"target":"a.example.com"}}`)
	mx := w.post(`{"type":"MX","name":"@","content":"mail.example.com","priority":10}`)
	for _, c := range []struct{ id, body, content, data, served, name string }{
		{srv.ID, `{"content":"3 5061 b.example.com."}`, "3 5061 b.example.com", `{"service":"_sip","proto":"_tcp","name":"@","priority":1,"weight":3,"port":5061,"target":"b.example.com"}`, "1 3 5061 b.example.com.", ""},
		{srv.ID, `{"priority":9}`, "3 5061 b.example.com", `{"service":"_sip","proto":"_tcp","name":"@","priority":9,"weight":3,"port":5061,"target":"b.example.com"}`, "9 3 5061 b.example.com.", ""},
		{srv.ID, `{"data":{"priority":4,"weight":5,"port":6,"target":"c.example.com"}}`, "5 6 c.example.com", `{"priority":4,"weight":5,"port":6,"target":"c.example.com"}`, "4 5 6 c.example.com.", ""},
		{srv.ID, `{"name":"_sip._udp"}`, "5 6 c.example.com", `{"priority":4,"weight":5,"port":6,"target":"c.example.com"}`, "4 5 6 c.example.com.", "_sip._udp.staging.example"},
		{mx.ID, `{"priority":20}`, "mail.example.com", "", "20 mail.example.com.", ""},
		{mx.ID, `{"data":{"priority":30,"target":"m.example.com"}}`, "m.example.com", `{"priority":30,"target":"m.example.com"}`, "30 m.example.com.", ""},
		{mx.ID, `{"content":"n.example.com"}`, "n.example.com", `{"priority":30,"target":"n.example.com"}`, "30 n.example.com.", ""},
		{mx.ID, `{"type":"TXT","content":"was mail"}`, "was mail", "", `"was mail"`, ""},
	} {
		var r demo.Record
		w.ok("PATCH", "{z}/dns_records/"+c.id, c.body, &r)
		if r.Content != c.content || string(r.Data) != c.data || c.name != "" && c.name != r.Name {
			t.Errorf("%s: %s", c.body, printed(t, r))
		}
		if got := w.answers(r.Name, r.Type); !slices.Equal(got, []string{c.served}) {
			t.Errorf("%s: served %q", c.body, got)
		}
	}
	raw := w.ok("DELETE", "{z}/dns_records/"+mx.ID, "", nil)
	if got := compact(t, raw.Result); got != `{"id":"`+mx.ID+`"}` {
		t.Error(got)
	}
	if got := w.answers("staging.example", "TXT"); len(got) != 0 {
		t.Errorf("deleted, and still served: %q", got)
	}
}

func TestRecordFilters(t *testing.T) {
	w := start(t)
	w.post(`{"type":"A","name":"a","content":"192.0.2.1","proxied":true}`)
	w.post(`{"type":"A","name":"b","content":"192.0.2.2","ttl":600}`)
	w.post(`{"type":"TXT","name":"a","content":"\"quoted text\""}`)
	w.post(`{"type":"TXT","name":"b","content":"bare text"}`)
	w.post(`{"type":"CNAME","name":"c","content":"a.staging.example."}`)
	w.post(`{"type":"MX","name":"@","content":"mail.example.com","priority":1}`)
	for _, c := range []struct {
		query string
		want  []string // type and first label
	}{
		{"", []string{"A a", "A b", "TXT a", "TXT b", "CNAME c", "MX staging"}},
		{"type=A", []string{"A a", "A b"}},
		{"type=a&name=b.staging.example", []string{"A b"}},
		{"name=a", []string{"A a", "TXT a"}},
		{"name=@", []string{"MX staging"}},
		{"name.exact=A.staging.example.", []string{"A a", "TXT a"}},
		{"name.contains=b.stag", []string{"A b", "TXT b"}},
		{"name.startswith=c.", []string{"CNAME c"}},
		{"name.endswith=staging.example", []string{"A a", "A b", "TXT a", "TXT b", "CNAME c", "MX staging"}},
		{"name=nowhere.elsewhere.example.", nil},
		{"content=192.0.2.1", []string{"A a"}},
		{"content.exact=quoted%20text", []string{"TXT a"}},
		{"content=%22quoted%20text%22", []string{"TXT a"}},
		{"content=%22bare%20text%22", []string{"TXT b"}},
		{"content.contains=quoted", []string{"TXT a"}},
		{"content.contains=%22bare%20text%22", []string{"TXT b"}},
		{"content.contains=TEXT", []string{"TXT a", "TXT b"}},
		{"content.endswith=text", []string{"TXT a", "TXT b"}},
		{"content=a.staging.example.", []string{"CNAME c"}},
		{"content=a.staging.example", []string{"CNAME c"}},
		{"proxied=true", []string{"A a"}},
		{"type=MX&type=A", []string{"MX staging"}},
		{"match=any&type=MX&name=c", []string{"CNAME c", "MX staging"}},
		{"order=type&direction=desc&match=all", []string{"TXT b", "TXT a", "MX staging", "CNAME c", "A b", "A a"}},
		{"order=ttl&direction=desc&per_page=1", []string{"A b"}},
		{"per_page=5000000&page=1", []string{"A a", "A b", "TXT a", "TXT b", "CNAME c", "MX staging"}},
		{"page=2&per_page=4", []string{"CNAME c", "MX staging"}},
		{"page=3&per_page=4", nil},
		{"page=999999999999&per_page=5000000", nil},
		{"what_is_this=1", []string{"A a", "A b", "TXT a", "TXT b", "CNAME c", "MX staging"}},
	} {
		var found []demo.Record
		r := w.ok("GET", "{z}/dns_records?"+c.query, "", &found)
		var got []string
		for _, r := range found {
			label, _, _ := strings.Cut(r.Name, ".")
			got = append(got, r.Type+" "+label)
		}
		if !slices.Equal(got, c.want) || r.Info.Count != len(c.want) {
			t.Errorf("%s: %q, want %q; %+v", c.query, got, c.want, r.Info)
		}
		if !strings.HasPrefix(r.raw, `{"result":[`) {
			t.Errorf("%s: a list is an array even when empty: %s", c.query, r.raw)
		}
	}
	r := w.ok("GET", "{z}/dns_records?page=2&per_page=4", "", nil)
	if i := r.Info; i.Page != 2 || i.PerPage != 4 || i.Count != 2 || i.TotalCount != 6 || i.TotalPages != 2 {
		t.Errorf("%+v", i)
	}
	for _, query := range []string{"page=x", "order=secret", "direction=up", "match=some", "proxied=1"} {
		w.fails("GET", "{z}/dns_records?"+query, "", 400, 1004)
	}
}

// TestPagesEnd: SDKs that ignore the totals ask for the next page until one is empty.
func TestPagesEnd(t *testing.T) {
	w := start(t)
	for i := range 25 {
		w.post(fmt.Sprintf(`{"type":"A","name":"n%d","content":"192.0.2.%d"}`, i, i))
	}
	seen := map[string]bool{}
	for page := 1; ; page++ {
		var found []demo.Record
		w.ok("GET", fmt.Sprintf("{z}/dns_records?page=%d&per_page=10&order=type", page), "", &found)
		if len(found) == 0 {
			break
		}
		for _, r := range found {
			if seen[r.ID] {
				t.Fatalf("page %d repeats %s", page, r.Name)
			}
			seen[r.ID] = true
		}
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25 seen", len(seen))
	}
}

func TestBatch(t *testing.T) {
	w := start(t)
	a := w.post(`{"type":"A","name":"a","content":"192.0.2.1"}`)
	b := w.post(`{"type":"A","name":"b","content":"192.0.2.2"}`)
	c := w.post(`{"type":"A","name":"c","content":"192.0.2.3"}`)
	var out struct{ Deletes, Patches, Puts, Posts []demo.Record }
	r := w.ok("POST", "{z}/dns_records/batch", `{
		"posts":[{"type":"CNAME","name":"a","content":"example.com"},{"type":"TXT","name":"new","content":"x"}],
		"puts":[{"id":"`+c.ID+`","type":"A","name":"c","content":"192.0.2.30"}],
		"patches":[{"id":"`+b.ID+`","content":"192.0.2.20"}],
		"deletes":[{"id":"`+a.ID+`"}]}`, &out)
	if len(out.Deletes) != 1 || out.Deletes[0].ID != a.ID || len(out.Patches) != 1 || out.Patches[0].Content != "192.0.2.20" ||
		len(out.Puts) != 1 || out.Puts[0].Content != "192.0.2.30" || len(out.Posts) != 2 || out.Posts[0].Name != "a.staging.example" {
		t.Fatal(r.raw)
	}
	if got := w.answers("a.staging.example", "CNAME"); !slices.Equal(got, []string{"example.com."}) {
		t.Error(got)
	}
	// Two records may trade places: only the outcome has to stand.
	w.post(`{"type":"A","name":"b","content":"192.0.2.99"}`)
	var found []demo.Record
	w.ok("GET", "{z}/dns_records?type=A&name=b", "", &found)
	w.ok("POST", "{z}/dns_records/batch", fmt.Sprintf(`{"patches":[{"id":%q,"content":%q},{"id":%q,"content":%q}]}`,
		found[0].ID, found[1].Content, found[1].ID, found[0].Content), nil)

	before := w.ok("GET", "{z}/dns_records", "", nil).raw
	for _, c := range []struct {
		body    string
		status  int
		code    int
		pointer string
	}{
		{`{"posts":[{"type":"A","name":"p","content":"192.0.2.7"},{"type":"A","name":"p","content":"nope"}]}`, 400, 9005, "/posts/1"},
		{`{"deletes":[{"id":"` + b.ID + `"}],"posts":[{"type":"A","name":"p","content":"192.0.2.7","ttl":"x"}]}`, 400, 1004, "/posts/0/ttl"},
		{`{"deletes":[{"id":"` + b.ID + `"}],"patches":[{"id":"` + b.ID + `","ttl":60}]}`, 404, 81044, "/patches/0"},
		{`{"deletes":[{"id":"` + b.ID + `"},{"id":"` + absent + `"}]}`, 404, 81044, "/deletes/1"},
		{`{"deletes":[{"id":"` + b.ID + `"},{}]}`, 404, 81044, "/deletes/1"},
		{`{"posts":[{"type":"TXT","name":"new","content":"x"}]}`, 400, 81058, ""},
		{`{"posts":{}}`, 400, 1004, "/posts"},
	} {
		if r := w.fails("POST", "{z}/dns_records/batch", c.body, c.status, c.code); r.Errors[0].Source.Pointer != c.pointer {
			t.Errorf("%s: %s", c.body, r.raw)
		}
	}
	if after := w.ok("GET", "{z}/dns_records", "", nil).raw; after != before {
		t.Errorf("a refused batch changed something:\n%s\n%s", before, after)
	}
	w.ok("POST", "{z}/dns_records/batch", `{"posts":null}`, nil)
}

func TestExportImport(t *testing.T) {
	w := start(t)
	for _, body := range []string{
		`{"type":"A","name":"@","content":"192.0.2.1","ttl":600}`, `{"type":"MX","name":"@","content":"mail","priority":5}`,
		`{"type":"TXT","name":"t","content":"semi;colon \\ \"quote\""}`, `{"type":"CAA","name":"@","content":"0 issue \"ca.example\""}`,
		`{"type":"SRV","name":"_s._tcp","content":"1 2 3 host.example."}`, `{"type":"CNAME","name":"*","content":"staging.example"}`,
	} {
		w.post(body)
	}
	out := w.do("GET", "{z}/dns_records/export", "")
	if out.status != 200 || !strings.HasPrefix(out.header.Get("Content-Type"), "text/plain") || !strings.Contains(out.raw, "IN\tSOA\t") {
		t.Fatalf("%d %v %s", out.status, out.header, out.raw)
	}

	other, err := w.p.SeedZone(t.Context(), account, "other.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	first := w.zone
	w.zone = other
	file := strings.ReplaceAll(out.raw, "staging.example", "other.example")
	importFile := func(file string) reply {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		part, err := m.CreateFormFile("file", "zone.txt")
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(file))
		m.WriteField("proxied", "true")
		m.Close()
		return w.send("POST", "{z}/dns_records/import", m.FormDataContentType(), &b)
	}
	if r := importFile(file); r.status != 200 || compact(t, r.Result) != `{"recs_added":6,"total_records_parsed":9}` {
		t.Fatal(r.raw)
	}
	again := w.do("GET", "{z}/dns_records/export", "").raw
	strip := func(s string) []string { // the SOA has the serial
		return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.Contains(l, "\tSOA\t") })
	}
	if !slices.Equal(strip(again), strip(file)) {
		t.Errorf("exported:\n%s\nimported, and exported again:\n%s", file, again)
	}
	if r := importFile(file); r.status != 200 || compact(t, r.Result) != `{"recs_added":0,"total_records_parsed":9}` {
		t.Error("a second import adds what is there: " + r.raw)
	}
	for _, bad := range []string{"a 60 IN A 192.0.2.1\nb 60 IN A oops\n", "a 60 IN A 192.0.2.1\nx.elsewhere.example. 60 IN A 192.0.2.1\n",
		"a 60 IN LOC 51 30 0 N 0 7 0 W 0\n", "$INCLUDE /etc/passwd\n", "$GENERATE 1-65000 h$ A 192.0.2.1\n"} {
		if r := importFile(bad); r.status != 400 {
			t.Errorf("%q: %s", bad, r.raw)
		}
	}
	if w.do("GET", "{z}/dns_records/export", "").raw != again {
		t.Error("a refused import changed something")
	}
	w.fails("POST", "{z}/dns_records/import", file, 400, 6007)
	w.zone = first
}
