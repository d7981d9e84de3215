package demo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestAnswers: rcode, data of the answer and of the authority section, for a zone with one of everything.
func TestAnswers(t *testing.T) {
	w := start(t)
	for _, body := range []string{
		`{"type":"A","name":"@","content":"192.0.2.1"}`,
		`{"type":"A","name":"www","content":"192.0.2.2","ttl":600}`,
		`{"type":"A","name":"www","content":"192.0.2.3","ttl":600}`,
		`{"type":"CNAME","name":"alias","content":"www.staging.example"}`,
		`{"type":"CNAME","name":"alias2","content":"alias.staging.example"}`,
		`{"type":"CNAME","name":"away","content":"elsewhere.example.net"}`,
		`{"type":"CNAME","name":"broken","content":"nothing.staging.example"}`,
		`{"type":"CNAME","name":"loop1","content":"loop2.staging.example"}`,
		`{"type":"CNAME","name":"loop2","content":"loop1.staging.example"}`,
		`{"type":"A","name":"deep.under.here","content":"192.0.2.4"}`,
		`{"type":"A","name":"*.wild","content":"192.0.2.5"}`,
		`{"type":"TXT","name":"real.wild","content":"x"}`,
		`{"type":"CNAME","name":"*.walias","content":"www.staging.example"}`,
		`{"type":"NS","name":"sub","content":"ns.sub.staging.example"}`,
		`{"type":"A","name":"ns.sub","content":"192.0.2.6"}`,
		`{"type":"MX","name":"@","content":"www.staging.example","priority":1}`,
	} {
		w.post(body)
	}
	if _, err := w.p.SeedZone(t.Context(), account, "child.staging.example", nil); err != nil {
		t.Fatal(err)
	}
	w.post(`{"type":"CNAME","name":"tochild","content":"x.child.staging.example"}`)
	const soa = "ns1.leastkey-demo.example. hostmaster.staging.example."
	for _, c := range []struct {
		name, kind string
		rcode      int
		answer     []string
		ns         string // start of the one record in the authority section
	}{
		{"staging.example", "A", dns.RcodeSuccess, []string{"300 A 192.0.2.1"}, ""},
		{"www.staging.example", "A", dns.RcodeSuccess, []string{"600 A 192.0.2.2", "600 A 192.0.2.3"}, ""},
		{"WwW.sTaGiNg.ExAmPlE", "A", dns.RcodeSuccess, []string{"600 A 192.0.2.2", "600 A 192.0.2.3"}, ""},
		{"www.staging.example", "AAAA", dns.RcodeSuccess, nil, soa},
		{"staging.example", "NS", dns.RcodeSuccess, []string{"3600 NS ns1.leastkey-demo.example.", "3600 NS ns2.leastkey-demo.example."}, ""},
		{"staging.example", "SOA", dns.RcodeSuccess, []string{"3600 SOA " + soa}, ""},
		{"none.staging.example", "A", dns.RcodeNameError, nil, soa},
		{"under.here.staging.example", "A", dns.RcodeSuccess, nil, soa},
		{"here.staging.example", "TXT", dns.RcodeSuccess, nil, soa},
		{"ere.staging.example", "TXT", dns.RcodeNameError, nil, soa},
		{"alias2.staging.example", "A", dns.RcodeSuccess, []string{"300 CNAME alias.staging.example.", "300 CNAME www.staging.example.", "600 A 192.0.2.2", "600 A 192.0.2.3"}, ""},
		{"alias.staging.example", "CNAME", dns.RcodeSuccess, []string{"300 CNAME www.staging.example."}, ""},
		{"alias.staging.example", "AAAA", dns.RcodeSuccess, []string{"300 CNAME www.staging.example."}, soa},
		{"away.staging.example", "A", dns.RcodeSuccess, []string{"300 CNAME elsewhere.example.net."}, ""},
		{"broken.staging.example", "A", dns.RcodeNameError, []string{"300 CNAME nothing.staging.example."}, soa},
		{"loop1.staging.example", "A", dns.RcodeSuccess, []string{"300 CNAME loop2.staging.example.", "300 CNAME loop1.staging.example."}, ""},
		{"tochild.staging.example", "A", dns.RcodeSuccess, []string{"300 CNAME x.child.staging.example."}, ""},
		{"any.wild.staging.example", "A", dns.RcodeSuccess, []string{"300 A 192.0.2.5"}, ""},
		{"two.labels.wild.staging.example", "A", dns.RcodeSuccess, []string{"300 A 192.0.2.5"}, ""},
		{"any.wild.staging.example", "MX", dns.RcodeSuccess, nil, soa},
		{"real.wild.staging.example", "A", dns.RcodeSuccess, nil, soa},
		{"below.real.wild.staging.example", "A", dns.RcodeNameError, nil, soa},
		{"wild.staging.example", "A", dns.RcodeSuccess, nil, soa},
		{"*.wild.staging.example", "A", dns.RcodeSuccess, []string{"300 A 192.0.2.5"}, ""},
		{"x.walias.staging.example", "A", dns.RcodeSuccess, []string{"300 CNAME www.staging.example.", "600 A 192.0.2.2", "600 A 192.0.2.3"}, ""},
		{"sub.staging.example", "A", dns.RcodeSuccess, nil, "ns.sub.staging.example."},
		{"x.y.sub.staging.example", "A", dns.RcodeSuccess, nil, "ns.sub.staging.example."},
		{"sub.staging.example", "DS", dns.RcodeSuccess, nil, soa},
		{"nope.child.staging.example", "A", dns.RcodeNameError, nil, "ns1.leastkey-demo.example. hostmaster.child."},
		{"production.example", "A", dns.RcodeRefused, nil, ""},
		{"example", "A", dns.RcodeRefused, nil, ""},
		{".", "NS", dns.RcodeRefused, nil, ""},
		{"notstaging.example", "A", dns.RcodeRefused, nil, ""},
		{`a\.b.staging.example`, "A", dns.RcodeNameError, nil, soa},
		{`a\.staging.example`, "A", dns.RcodeRefused, nil, ""},
	} {
		in := w.query(c.name, c.kind)
		var got []string
		for _, rr := range in.Answer {
			h := rr.Header()
			data := strings.TrimPrefix(rr.String(), h.String())
			if soa, ok := rr.(*dns.SOA); ok {
				data = soa.Ns + " " + soa.Mbox
			}
			got = append(got, fmt.Sprintf("%d %s %s", h.Ttl, dns.TypeToString[h.Rrtype], data))
		}
		if in.Rcode != c.rcode || !slices.Equal(got, c.answer) {
			t.Errorf("%s %s: %s %q, want %s %q", c.name, c.kind, dns.RcodeToString[in.Rcode], got, dns.RcodeToString[c.rcode], c.answer)
		}
		ns := ""
		if len(in.Ns) > 0 {
			ns = strings.TrimPrefix(in.Ns[0].String(), in.Ns[0].Header().String())
		}
		if c.ns == "" && ns != "" || !strings.HasPrefix(ns, c.ns) || len(in.Ns) > 1 {
			t.Errorf("%s %s: authority %q, want %q", c.name, c.kind, ns, c.ns)
		}
		referral := strings.HasPrefix(c.ns, "ns.sub")
		if want := c.rcode != dns.RcodeRefused && !referral; in.Authoritative != want {
			t.Errorf("%s %s: authoritative %v", c.name, c.kind, in.Authoritative)
		}
		if referral && (len(in.Extra) != 1 || in.Extra[0].(*dns.A).A.String() != "192.0.2.6") {
			t.Errorf("%s %s: no glue: %v", c.name, c.kind, in.Extra)
		}
		if in.RecursionAvailable {
			t.Errorf("%s: offers recursion", c.name)
		}
		if len(in.Answer) > 0 && in.Answer[0].Header().Name != dns.Fqdn(c.name) {
			t.Errorf("asked for %s, answered for %s", c.name, in.Answer[0].Header().Name)
		}
	}
	if in := w.query("staging.example", "MX"); len(in.Extra) != 2 {
		t.Errorf("the addresses of a mail host of the zone come along: %v", in.Extra)
	}
	if in := w.query("staging.example", "ANY"); len(in.Answer) != 5 {
		t.Errorf("A, MX, two NS and SOA: %v", in.Answer)
	}
}

// TestOwnNameServers: records replace the name servers that are made up, in answers and in the export.
func TestOwnNameServers(t *testing.T) {
	w := start(t)
	w.post(`{"type":"NS","name":"@","content":"ns.example.net"}`)
	if got := w.answers("staging.example", "NS"); !slices.Equal(got, []string{"ns.example.net."}) {
		t.Error(got)
	}
	if out := w.do("GET", "{z}/dns_records/export", ""); strings.Contains(out.raw, "NS\tns1.leastkey-demo") {
		t.Error(out.raw)
	}
}

// TestSerial grows with every change of records, and with nothing else.
func TestSerial(t *testing.T) {
	w := start(t)
	serial := func() uint32 { return w.query("staging.example", "SOA").Answer[0].(*dns.SOA).Serial }
	last := serial()
	step := func(what string, grows bool) {
		t.Helper()
		if now := serial(); (now > last) != grows {
			t.Errorf("%s: serial %d, then %d", what, last, now)
		} else {
			last = now
		}
	}
	r := w.post(`{"type":"A","name":"a","content":"192.0.2.1"}`)
	step("create", true)
	w.ok("PATCH", "{z}/dns_records/"+r.ID, `{"ttl":60}`, nil)
	step("edit", true)
	w.ok("GET", "{z}/dns_records", "", nil)
	step("list", false)
	w.fails("POST", "{z}/dns_records", `{"type":"A","name":"a","content":"192.0.2.1"}`, 400, 81058)
	step("refusal", false)
	w.ok("DELETE", "{z}/dns_records/"+r.ID, "", nil)
	step("delete", true)
}

// TestTruncation: UDP answers fit what the client takes, and TCP has all of it.
func TestTruncation(t *testing.T) {
	w := start(t)
	for i := range 30 {
		w.post(fmt.Sprintf(`{"type":"TXT","name":"big","content":"%d %s"}`, i, strings.Repeat("x", 90)))
	}
	m := new(dns.Msg).SetQuestion("big.staging.example.", dns.TypeTXT)
	for _, c := range []struct {
		network   string
		size      uint16
		truncated bool
	}{{"udp", 0, true}, {"udp", 1232, true}, {"udp", 4096, false}, {"tcp", 0, false}} {
		q := m.Copy()
		if c.size > 0 {
			q.SetEdns0(c.size, false)
		}
		in := w.exchange(c.network, q)
		if in.Truncated != c.truncated || !c.truncated && len(in.Answer) != 30 {
			t.Errorf("%s %d: truncated %v with %d answers", c.network, c.size, in.Truncated, len(in.Answer))
		}
		in.Compress = true
		if limit := max(int(c.size), 512); c.network == "udp" && in.Len() > limit {
			t.Errorf("%d bytes, over %d", in.Len(), limit)
		}
		if (in.IsEdns0() != nil) != (c.size > 0) {
			t.Errorf("%s %d: EDNS answered: %v", c.network, c.size, in.IsEdns0())
		}
	}
}

func TestOddQueries(t *testing.T) {
	w := start(t)
	ask := func(change func(*dns.Msg)) int {
		m := new(dns.Msg).SetQuestion("staging.example.", dns.TypeA)
		change(m)
		return w.exchange("tcp", m).Rcode
	}
	for name, c := range map[string]struct {
		change func(*dns.Msg)
		rcode  int
	}{
		"transfer":             {func(m *dns.Msg) { m.SetAxfr("staging.example.") }, dns.RcodeRefused},
		"incremental transfer": {func(m *dns.Msg) { m.SetIxfr("staging.example.", 1, "a.", "b.") }, dns.RcodeRefused},
		"chaos":                {func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, dns.RcodeRefused},
		"update":               {func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, dns.RcodeNotImplemented},
		"notify":               {func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, dns.RcodeNotImplemented},
		"EDNS version 1":       {func(m *dns.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }, dns.RcodeBadVers},
	} {
		if got := ask(c.change); got != c.rcode {
			t.Errorf("%s: %s, want %s", name, dns.RcodeToString[got], dns.RcodeToString[c.rcode])
		}
	}
}
