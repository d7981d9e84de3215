package demo

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

const (
	automaticTTL = 300  // seconds; what a TTL of 1 is served as
	apexTTL      = 3600 // of SOA and name servers that nobody stored
	negativeTTL  = 300  // how long "there is no such thing" may be kept
)

// rr is the record as it is served, for the owner name that was asked for.
func (r Record) rr(owner string) (dns.RR, error) {
	ttl := r.TTL
	if ttl == 1 {
		ttl = automaticTTL
	}
	rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", owner, ttl, r.Type, r.wire))
	if err != nil {
		return nil, fmt.Errorf("demo: record %s cannot be served: %w", r.ID, err)
	}
	return rr, nil
}

// rdata is the zone-file form of a resource record without its header.
func rdata(rr dns.RR) string { return strings.TrimPrefix(rr.String(), rr.Header().String()) }

func soa(z Zone) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: dns.Fqdn(z.Name), Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: apexTTL},
		Ns:  nameServer1 + ".", Mbox: "hostmaster." + z.Name + ".",
		Serial: z.Serial, Refresh: 10000, Retry: 2400, Expire: 604800, Minttl: negativeTTL,
	}
}

func nameServers(owner string) []dns.RR {
	var out []dns.RR
	for _, ns := range []string{nameServer1, nameServer2} {
		out = append(out, &dns.NS{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: apexTTL}, Ns: ns + "."})
	}
	return out
}
