package harness

import (
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Resolve asks the demo's DNS server, over UDP and over TCP, and returns the data of the answer as sorted text in
// presentation form, empty if there is none. Both must agree and be authoritative.
func (d *Demo) Resolve(t *testing.T, name string, kind uint16) []string {
	t.Helper()
	udp, tcp := d.exchange(t, "udp", name, kind), d.exchange(t, "tcp", name, kind)
	if !slices.Equal(udp, tcp) {
		t.Errorf("%s %s: UDP says %q, TCP %q", name, dns.TypeToString[kind], udp, tcp)
	}
	return udp
}

// WantDNS fails the test unless the DNS server answers with exactly these data.
func (d *Demo) WantDNS(t *testing.T, name string, kind uint16, want ...string) {
	t.Helper()
	slices.Sort(want)
	if have := d.Resolve(t, name, kind); !slices.Equal(have, want) {
		t.Errorf("DNS says %s %s is %q; want %q", name, dns.TypeToString[kind], have, want)
	}
}

func (d *Demo) exchange(t *testing.T, network, name string, kind uint16) []string {
	t.Helper()
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), kind)
	client := dns.Client{Net: network}
	answer, _, err := client.ExchangeContext(t.Context(), question, d.DNS)
	if err != nil {
		t.Fatalf("DNS over %s: %v", network, err)
	}
	if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
		t.Fatalf("DNS over %s: %s is %s", network, name, dns.RcodeToString[answer.Rcode])
	}
	if !answer.Authoritative {
		t.Errorf("DNS over %s: the answer for %s is not authoritative", network, name)
	}
	var data []string
	for _, record := range answer.Answer {
		if record.Header().Rrtype == kind {
			data = append(data, strings.TrimPrefix(record.String(), record.Header().String()))
		}
	}
	slices.Sort(data)
	return data
}
