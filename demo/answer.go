package demo

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const maxChain = 16 // aliases followed within a zone

// answerer fills in one DNS answer from one view of the data.
type answerer struct {
	*tx
	zone Zone
	m    *dns.Msg
}

// answer answers the one question of m, which is in class IN. A name in no zone of ours is refused.
func (t *tx) answer(m *dns.Msg) error {
	question := m.Question[0]
	zone, ok, err := t.zoneOf(question.Name)
	if err != nil {
		return err
	}
	if !ok {
		m.Rcode = dns.RcodeRefused
		return nil
	}
	m.Authoritative = true
	a := answerer{tx: t, zone: zone, m: m}
	if err := a.resolve(question.Name, question.Qtype); err != nil {
		return err
	}
	return a.additional()
}

// zoneOf finds the zone that answers for a name: the one with the longest name that it ends in.
func (t *tx) zoneOf(name string) (Zone, bool, error) {
	name = lowerASCII(name)
	for _, i := range dns.Split(name) {
		zone, ok, err := t.zoneBy("name", strings.TrimSuffix(name[i:], "."))
		if err != nil || ok {
			return zone, ok, err
		}
	}
	return Zone{}, false, nil
}

// ours reports whether the zone answers for a name: it may be in no zone here, or in one below this.
func (a *answerer) ours(name string) (bool, error) {
	zone, ok, err := a.zoneOf(name)
	return ok && zone.ID == a.zone.ID, err
}

// resolve answers for a name, following aliases as long as they stay inside the zone.
func (a *answerer) resolve(owner string, qtype uint16) error {
	seen := map[string]bool{}
	for range maxChain {
		name := strings.TrimSuffix(lowerASCII(owner), ".")
		if seen[name] {
			return nil // an alias that leads back to itself: the chain is all there is to say
		}
		seen[name] = true
		if cut, err := a.referral(name, qtype); err != nil || cut {
			return err
		}
		records, exists, err := a.at(name)
		if err != nil {
			return err
		}
		rrs, alias, err := a.pick(records, owner, name, qtype)
		if err != nil {
			return err
		}
		a.m.Answer = append(a.m.Answer, rrs...)
		if alias == "" {
			if len(rrs) == 0 {
				a.none(exists)
			}
			return nil
		}
		owner = alias
		if ours, err := a.ours(alias); err != nil || !ours {
			return err
		}
	}
	return nil
}

// at returns the records of a name, or of the wildcard that covers it, and whether the name exists.
func (a *answerer) at(name string) ([]Record, bool, error) {
	exact, err := a.records(a.zone, "record.node = ?", "ORDER BY record.seq", node(name))
	if err != nil || len(exact) > 0 {
		return exact, true, err
	}
	// The closest name above that exists, if only because something is below it, is the one whose wildcard counts.
	for up := name; ; _, up, _ = strings.Cut(up, ".") {
		exists, err := a.exists(up)
		if err != nil {
			return nil, false, err
		}
		if exists && up == name {
			return nil, true, nil
		}
		if exists {
			wild, err := a.records(a.zone, "record.node = ?", "ORDER BY record.seq", node("*."+up))
			return wild, len(wild) > 0, err
		}
	}
}

// exists reports whether a name, or anything below it, has records. The zone itself always exists.
func (a *answerer) exists(name string) (bool, error) {
	if name == a.zone.Name {
		return true, nil
	}
	from := node(name)
	n, err := a.count(`SELECT EXISTS (SELECT 1 FROM record WHERE zone_id = ? AND node >= ? AND node < ?)`,
		a.zone.ID, from, strings.TrimSuffix(from, ".")+"/") // '/' comes right after '.'
	return n == 1, err
}

// pick turns the records of the type asked for into answers. If there are none but an alias, it answers
// with that and returns its target.
func (a *answerer) pick(records []Record, owner, name string, qtype uint16) (rrs []dns.RR, alias string, err error) {
	apex := name == a.zone.Name
	ownServers := false
	for _, r := range records {
		ownServers = ownServers || r.Type == "NS"
		if qtype != dns.TypeANY && dns.TypeToString[qtype] != r.Type {
			continue
		}
		rr, err := r.rr(owner)
		if err != nil {
			return nil, "", err
		}
		rrs = append(rrs, rr)
	}
	if apex && (qtype == dns.TypeNS || qtype == dns.TypeANY) && !ownServers {
		rrs = append(rrs, nameServers(owner)...)
	}
	if apex && (qtype == dns.TypeSOA || qtype == dns.TypeANY) {
		rrs = append(rrs, soa(a.zone))
	}
	if len(rrs) > 0 {
		return rrs, "", nil
	}
	for _, r := range records {
		if r.Type == "CNAME" {
			rr, err := r.rr(owner)
			if err != nil {
				return nil, "", err
			}
			return []dns.RR{rr}, rr.(*dns.CNAME).Target, nil
		}
	}
	return nil, "", nil
}

// none says that the name does not exist, or has nothing of that type.
func (a *answerer) none(exists bool) {
	if !exists {
		a.m.Rcode = dns.RcodeNameError
	}
	rr := soa(a.zone)
	rr.Header().Ttl = negativeTTL
	a.m.Ns = append(a.m.Ns, rr)
}

// referral answers with the name servers of a delegated part of the zone, if the name is in one.
func (a *answerer) referral(name string, qtype uint16) (bool, error) {
	below := strings.TrimSuffix(strings.TrimSuffix(name, a.zone.Name), ".")
	labels := strings.Split(below, ".")
	if below == "" {
		return false, nil
	}
	cut := a.zone.Name
	for _, label := range slices.Backward(labels) {
		cut = label + "." + cut
		if cut == name && qtype == dns.TypeDS {
			return false, nil // about the delegation itself: ours to answer
		}
		servers, err := a.records(a.zone, "record.node = ? AND record.type = 'NS'", "ORDER BY record.seq", node(cut))
		if err != nil {
			return false, err
		}
		for _, r := range servers {
			rr, err := r.rr(cut + ".")
			if err != nil {
				return false, err
			}
			a.m.Ns = append(a.m.Ns, rr)
		}
		if len(servers) > 0 {
			a.m.Authoritative = len(a.m.Answer) > 0
			return true, nil
		}
	}
	return false, nil
}

// additional adds the addresses, where this zone has them, of the hosts the answer names.
func (a *answerer) additional() error {
	done := map[string]bool{}
	for _, rr := range append(slices.Clip(a.m.Answer), a.m.Ns...) {
		host := ""
		switch rr := rr.(type) {
		case *dns.NS:
			host = rr.Ns
		case *dns.MX:
			host = rr.Mx
		case *dns.SRV:
			host = rr.Target
		}
		if host == "" || done[host] {
			continue
		}
		done[host] = true
		if ours, err := a.ours(host); err != nil {
			return err
		} else if !ours {
			continue
		}
		found, err := a.records(a.zone, "record.node = ? AND record.type IN ('A', 'AAAA')", "ORDER BY record.seq", node(strings.TrimSuffix(host, ".")))
		if err != nil {
			return err
		}
		for _, r := range found {
			extra, err := r.rr(host)
			if err != nil {
				return err
			}
			a.m.Extra = append(a.m.Extra, extra)
		}
	}
	return nil
}
