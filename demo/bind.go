package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/miekg/dns"
)

// exportRecords prints the zone as a BIND file: the SOA, the name servers when none are stored, then the records.
func exportRecords(t *tx, q *request) (reply, error) {
	records, err := t.records(q.zone, "1", "ORDER BY record.node, record.type, record.seq")
	if err != nil {
		return reply{}, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, ";; Domain: %s.\n$ORIGIN %s.\n%s\n", q.zone.Name, q.zone.Name, soa(q.zone))
	ownServers := false
	for _, r := range records {
		ownServers = ownServers || r.Type == "NS" && r.Name == q.zone.Name
	}
	if !ownServers {
		for _, rr := range nameServers(dns.Fqdn(q.zone.Name)) {
			fmt.Fprintln(&b, rr)
		}
	}
	for _, r := range records {
		rr, err := r.rr(dns.Fqdn(r.Name))
		if err != nil {
			return reply{}, err
		}
		fmt.Fprintln(&b, rr)
	}
	return reply{text: b.String()}, nil
}

const maxImport = 20_000 // records of one file; $GENERATE makes many out of a line

type importResult struct {
	Added  int `json:"recs_added"`
	Parsed int `json:"total_records_parsed"`
}

// importRecords adds the records of a BIND file, sent as the multipart field "file"; "proxied" says whether
// those that can be proxied are marked so. The SOA and the zone's own NS records are left out, as are records that are there
// already. Anything else that cannot be added refuses the whole file.
func importRecords(t *tx, q *request) (reply, error) {
	file, proxied, err := importForm(q)
	if err != nil {
		return reply{}, err
	}
	rrs, err := parseFile(q.zone.Name, file)
	if err != nil {
		return reply{}, err
	}
	out := importResult{Parsed: len(rrs)}
	var added []Record
	for i, rr := range rrs {
		h := rr.Header()
		if h.Rrtype == dns.TypeSOA || h.Rrtype == dns.TypeNS && dns.CanonicalName(h.Name) == dns.Fqdn(q.zone.Name) {
			continue
		}
		d := draftOf(rr)
		d.Proxied = proxied && proxiable(d.Type)
		r, isNew, err := t.importRecord(q.zone, d)
		if err != nil {
			return reply{}, fmt.Errorf("record %d of the file (%s %s): %w", i+1, h.Name, d.Type, err)
		}
		if isNew {
			added = append(added, r)
		}
	}
	if out.Added = len(added); out.Added == 0 {
		return reply{result: out}, nil
	}
	return reply{result: out}, t.settle(q.zone, added...)
}

// parseFile reads all of a file before any of it is added: a bad end must not have cost the work of a long start.
func parseFile(zone, file string) ([]dns.RR, error) {
	zp := dns.NewZoneParser(strings.NewReader(file), dns.Fqdn(zone), "")
	zp.SetDefaultTTL(automaticTTL)
	var out []dns.RR
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		if out = append(out, rr); len(out) > maxImport {
			return nil, bad(codeInvalid, "The file has more than %d records", maxImport)
		}
	}
	if err := zp.Err(); err != nil {
		return nil, bad(codeInvalid, "The file is not a BIND zone file: %v", err)
	}
	return out, nil
}

// importRecord adds a record unless it is there already.
func (t *tx) importRecord(zone Zone, d draft) (r Record, isNew bool, err error) {
	if r, err = d.record(zone); err != nil {
		return r, false, err
	}
	there, err := t.count(`SELECT count(*) FROM record WHERE zone_id = ? AND node = ? AND type = ? AND wire = ?`, zone.ID, node(r.Name), r.Type, r.wire)
	if err != nil || there > 0 {
		return r, false, err
	}
	r, err = t.insertRecord(zone, d)
	return r, true, err
}

// draftOf reads a resource record whose TTL the file says; those outside what a record may have are brought to its bounds.
func draftOf(rr dns.RR) draft {
	ttl := min(max(int(rr.Header().Ttl), 60), 86400)
	d := draft{Type: dns.TypeToString[rr.Header().Rrtype], Name: rr.Header().Name, TTL: &ttl, Content: rdata(rr)}
	return d // the numbers of MX and SRV stand before the target, which is one of the forms content may have
}

// importForm reads the multipart body.
func importForm(q *request) (file string, proxied bool, err error) {
	kind, params, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return "", false, bad(codeMalformed, "An import is multipart/form-data with a field named file")
	}
	parts := multipart.NewReader(bytes.NewReader(q.body), params["boundary"])
	found := false
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", false, bad(codeMalformed, "The multipart body is broken: %v", err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return "", false, bad(codeMalformed, "The multipart body is broken: %v", err)
		}
		switch part.FormName() {
		case "file":
			file, found = string(text), true
		case "proxied":
			proxied = string(text) == "true"
		}
	}
	if !found {
		return "", false, &Fault{Status: http.StatusBadRequest, Code: codeInvalid, Message: "The multipart body has no field named file"}
	}
	return file, proxied, nil
}
