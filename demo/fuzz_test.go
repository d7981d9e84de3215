package demo

import (
	"context"
	"reflect"
	"testing"

	"github.com/miekg/dns"
)

// FuzzRecord: normalising twice is normalising once, and whatever is accepted can be served and says on the wire what it says stored.
func FuzzRecord(f *testing.F) {
	f.Add("A", "www", "192.0.2.1", 0)
	f.Add("aaaa", "@", "2001:db8::1", 0)
	f.Add("CNAME", "*.a", "Host.example.com..", 0)
	f.Add("MX", "m", "10 mail.example.com.", 5)
	f.Add("SRV", "_sip._tcp", "1 2 target.example.com", 65535)
	f.Add("CAA", "c", `128 issue "a\"b\\c; d"`, 0)
	f.Add("TXT", "t", `"one" "t\119\o"`, 0)
	f.Add("TXT", "t", "bare \\ \x00 text", 0)
	f.Add("NS", "n", "ns.example.net", 0)
	zone := Zone{ID: "z", Name: "staging.example"}
	f.Fuzz(func(t *testing.T, kind, name, content string, priority int) {
		once, err := draft{Type: kind, Name: name, Content: content, Priority: &priority}.record(zone)
		if err != nil {
			return
		}
		again := once.draft()
		again.keep = &once
		twice, err := again.record(zone)
		if err != nil {
			t.Fatalf("%+v is not accepted again: %v", once, err)
		}
		if !reflect.DeepEqual(once, twice) {
			t.Fatalf("normalised twice:\n%+v\n%+v", once, twice)
		}
		rr, err := once.rr(dns.Fqdn(once.Name))
		if err != nil {
			t.Fatal(err)
		}
		if got := rdata(rr); got != once.wire {
			t.Fatalf("stored %s, read %s", once.wire, got)
		}
		m := &dns.Msg{Answer: []dns.RR{rr}}
		packed, err := m.Pack()
		if err != nil {
			t.Fatalf("%s: %v", rr, err)
		}
		var in dns.Msg
		if err := in.Unpack(packed); err != nil {
			t.Fatal(err)
		}
		got := in.Answer[0]
		if caa, ok := got.(*dns.CAA); ok { // the library reads its value from the wire without the escapes that it prints
			caa.Value = escapeText(caa.Value)
		}
		if rdata(got) != once.wire {
			t.Fatalf("stored %s, on the wire %s", once.wire, rdata(got))
		}
	})
}

// FuzzName: a name that is accepted stays itself, is inside the zone, and its node sorts below the zone's.
func FuzzName(f *testing.F) {
	for _, s := range []string{"www", "@", "*", "WWW.Staging.Example.", "a.b.", "..", "*.*", "xn--bcher-kva", "bücher", "K", `a\.b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const zone = "staging.example"
		once, err := recordName(zone, s)
		if err != nil {
			return
		}
		twice, err := recordName(zone, once)
		if err != nil || twice != once {
			t.Fatalf("%q became %q, then %q (%v)", s, once, twice, err)
		}
		if n, top := node(once), node(zone); len(n) < len(top) || n[:len(top)] != top {
			t.Fatalf("%q has node %q, not under %q", once, n, top)
		}
		if _, ok := dns.IsDomainName(once); !ok || once != lowerASCII(once) {
			t.Fatalf("%q became %q", s, once)
		}
	})
}

// FuzzBody: what is read from a body and printed again reads the same, with its objects' names unique.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[true,null,"x"],"id":"i"}`, `{"a":{"a":{}}}`, `{"a":1,"a":2}`, `{"a":1}x`, `[1e400]`, "\xff", `{"\u0061":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := parseJSON(body)
		if err != nil {
			return
		}
		text, err := marshal(inOrder(v))
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseJSON(text)
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%s became %s (%v)", body, text, err)
		}
	})
}

// FuzzQuery: any query that can be read gets an answer that can be sent, within its limit, to that query.
func FuzzQuery(f *testing.F) {
	p, err := Open(context.Background(), Config{Dir: f.TempDir(), UpstreamKey: "k"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { p.Close() })
	records := []Record{{Type: "A", Name: "*", Content: "192.0.2.1"}, {Type: "CNAME", Name: "c", Content: "c.c"}, {Type: "NS", Name: "sub", Content: "ns.sub.staging.example"}}
	for range 9 {
		records = append(records, Record{Type: "TXT", Name: "big", Content: string(make([]byte, 200+len(records)))})
	}
	if _, err := p.SeedZone(context.Background(), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "staging.example", records); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"staging.example.", "c.staging.example.", "x.sub.staging.example.", `\000\..staging.example.`, "big.staging.example.", "."} {
		for _, kind := range []uint16{dns.TypeA, dns.TypeTXT, dns.TypeANY, dns.TypeSOA, dns.TypeDS, 0, 65535} {
			m := new(dns.Msg).SetQuestion(name, kind)
			if kind == dns.TypeANY {
				m.SetEdns0(1232, true)
			}
			packed, err := m.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(packed, false)
		}
	}
	f.Fuzz(func(t *testing.T, packet []byte, tcp bool) {
		query := new(dns.Msg)
		if query.Unpack(packet) != nil {
			return
		}
		m := p.reply(t.Context(), query, tcp)
		packed, err := m.Pack()
		if err != nil {
			t.Fatalf("%v\n%v", err, m)
		}
		limit := minUDP
		if edns := query.IsEdns0(); edns != nil {
			limit = maxUDP
		}
		if !tcp && len(packed) > limit {
			t.Fatalf("%d bytes", len(packed))
		}
		if m.Id != query.Id || !m.Response || m.Rcode == dns.RcodeServerFailure {
			t.Fatalf("%v", m)
		}
	})
}
