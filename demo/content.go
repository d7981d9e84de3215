package demo

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// value is the checked data of a record.
type value struct {
	content  string
	priority *int   // MX, SRV
	data     any    // the parts, where the API shows them
	plain    string // content without TXT quotes
	wire     string // canonical zone-file form
}

type mxParts struct {
	Priority int    `json:"priority"`
	Target   string `json:"target"`
}

type srvParts struct {
	Service  string `json:"service,omitempty"` // service, proto and name are echoed to clients that send them
	Proto    string `json:"proto,omitempty"`
	Name     string `json:"name,omitempty"`
	Priority int    `json:"priority"`
	Weight   int    `json:"weight"`
	Port     int    `json:"port"`
	Target   string `json:"target"`
}

type caaParts struct {
	Flags int    `json:"flags"`
	Tag   string `json:"tag"`
	Value string `json:"value"`
}

func (v value) dataJSON() (json.RawMessage, error) {
	if v.data == nil {
		return nil, nil
	}
	return marshal(v.data)
}

// proxiable types are those whose traffic a proxy could take over.
func proxiable(kind string) bool { return kind == "A" || kind == "AAAA" || kind == "CNAME" }

const (
	maxContent = 4096 // bytes
	maxCAA     = 512  // of its value; the DNS library packs no more than twice that, escapes counted
)

// parse checks the data of a draft by its type.
func (d draft) parse(zone, name string) (value, error) {
	if len(d.Content) > maxContent {
		return value{}, fieldFault("/content", "the content is longer than %d bytes", maxContent)
	}
	switch strings.ToUpper(d.Type) {
	case "A":
		ip, err := netip.ParseAddr(d.Content)
		if err != nil || !ip.Is4() {
			return value{}, bad(9005, "Content for A record must be a valid IPv4 address, not %q.", d.Content)
		}
		return plainValue(ip.String(), ip.String()), nil
	case "AAAA":
		ip, err := netip.ParseAddr(d.Content)
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return value{}, bad(9006, "Content for AAAA record must be a valid IPv6 address, not %q.", d.Content)
		}
		return plainValue(ip.String(), ip.String()), nil
	case "CNAME":
		return d.alias(zone, name)
	case "NS":
		host, reason := hostName(zone, d.Content)
		if reason != "" || host == "." {
			return value{}, bad(9008, "Content for NS record is invalid: %q is not a host name.", d.Content)
		}
		return plainValue(host, fqdn(host)), nil
	case "TXT":
		return d.text()
	case "MX":
		return d.exchanger(zone)
	case "SRV":
		return d.service(zone)
	case "CAA":
		return d.authority()
	case "":
		return value{}, fieldFault("/type", "the record type is missing")
	}
	return value{}, bad(codeInvalid, "DNS Validation Error: records of type %q are not served here; use A, AAAA, CNAME, MX, TXT, NS, SRV or CAA", d.Type)
}

func plainValue(content, wire string) value {
	return value{content: content, plain: content, wire: wire}
}

func fqdn(host string) string { return dns.Fqdn(lowerASCII(host)) }

func (d draft) alias(zone, name string) (value, error) {
	host, reason := hostName(zone, d.Content)
	if reason != "" || host == "." {
		return value{}, bad(9007, "Content for CNAME record is invalid: %q is not a host name.", d.Content)
	}
	if lowerASCII(host) == name {
		return value{}, bad(9039, "CNAME content cannot reference itself.")
	}
	return plainValue(host, fqdn(host)), nil
}

func (d draft) exchanger(zone string) (value, error) {
	priority, target := d.Priority, d.Content
	asParts := d.Data != nil && d.Data.text("target") != ""
	if asParts {
		target = d.Data.text("target")
		if p := d.Data.number("priority"); p != nil {
			priority = p
		}
	} else if words := strings.Fields(d.Content); len(words) == 2 { // "10 mail.example.com", as some clients write it
		if n, err := strconv.Atoi(words[0]); err == nil {
			priority, target = &n, words[1]
		}
	}
	if d.Data != nil && d.Data.err != nil {
		return value{}, d.Data.err
	}
	if priority == nil {
		return value{}, fieldFault("/priority", "an MX record needs a priority, 0 to 65535")
	}
	if !isUint16(*priority) {
		return value{}, fieldFault("/priority", "the priority must be 0 to 65535")
	}
	host, reason := hostName(zone, target)
	if reason != "" {
		return value{}, bad(9009, "Content for MX record must be a host name, not %q.", target)
	}
	v := plainValue(host, fmt.Sprintf("%d %s", *priority, fqdn(host)))
	v.priority = priority
	// Parts are shown to those who sent parts only: others would see them as a difference.
	if asParts || d.keep != nil && d.keep.Type == "MX" && d.keep.Data != nil {
		v.data = mxParts{*priority, host}
	}
	return v, nil
}

// service reads an SRV record: parts, or content "weight port target" with the priority beside or before it.
func (d draft) service(zone string) (value, error) {
	var p srvParts
	var numbers [3]*int // priority, weight, port
	if d.Data != nil && d.Data.text("target") != "" {
		p = srvParts{Service: d.Data.text("service"), Proto: d.Data.text("proto"), Name: d.Data.text("name"), Target: d.Data.text("target")}
		numbers = [3]*int{d.Data.number("priority"), d.Data.number("weight"), d.Data.number("port")}
	} else {
		words := strings.Fields(d.Content)
		if len(words) != 3 && len(words) != 4 {
			return value{}, bad(9101, `Content for SRV record must be "weight port target" with a priority beside it, or data with priority, weight, port and target; not %q.`, d.Content)
		}
		p.Target = words[len(words)-1]
		words = words[:len(words)-1]
		for i, w := range words {
			n, err := strconv.Atoi(w)
			if err != nil {
				n = -1
			}
			numbers[3-len(words)+i] = &n
		}
		if d.keep != nil && d.keep.Type == "SRV" && d.keep.Data != nil {
			var old srvParts
			if err := json.Unmarshal(d.keep.Data, &old); err != nil {
				return value{}, err
			}
			p.Service, p.Proto, p.Name = old.Service, old.Proto, old.Name
		}
	}
	if d.Data != nil && d.Data.err != nil {
		return value{}, d.Data.err
	}
	if numbers[0] == nil {
		numbers[0] = d.Priority
	}
	for i, name := range []string{"priority", "weight", "port"} {
		if numbers[i] == nil || !isUint16(*numbers[i]) {
			return value{}, fieldFault("/data/"+name, "an SRV record needs a %s, 0 to 65535", name)
		}
	}
	host, reason := hostName(zone, p.Target)
	if reason != "" {
		return value{}, bad(9102, "The target of an SRV record must be a host name, not %q.", p.Target)
	}
	p.Priority, p.Weight, p.Port, p.Target = *numbers[0], *numbers[1], *numbers[2], host
	v := plainValue(fmt.Sprintf("%d %d %s", p.Weight, p.Port, host), fmt.Sprintf("%d %d %d %s", p.Priority, p.Weight, p.Port, fqdn(host)))
	v.priority, v.data = &p.Priority, p
	return v, nil
}

// serviceName builds the name of an SRV record from parts that carry it.
func serviceName(data *form) string {
	if data.text("service") == "" || data.text("proto") == "" {
		return ""
	}
	name := data.text("service") + "." + data.text("proto")
	if data.text("name") != "" && data.text("name") != "@" {
		name += "." + data.text("name")
	}
	return name
}

// authority reads a CAA record: parts, or content `flags tag "value"`.
func (d draft) authority() (value, error) {
	var p caaParts
	var flags *int
	if d.Data != nil && d.Data.text("tag") != "" {
		flags, p.Tag, p.Value = d.Data.number("flags"), d.Data.text("tag"), d.Data.text("value")
		if d.Data.err != nil {
			return value{}, d.Data.err
		}
	} else {
		words := strings.SplitN(strings.TrimSpace(d.Content), " ", 3)
		if n, err := strconv.Atoi(words[0]); err == nil && len(words) == 3 {
			flags, p.Tag, p.Value = &n, words[1], strings.TrimSpace(words[2])
			if text, quoted := unquote(p.Value); quoted {
				p.Value = text
			}
		}
	}
	if flags == nil || *flags < 0 || *flags > 255 {
		return value{}, bad(9103, `Content for CAA record must be flags (0 to 255), tag and "value", or data with these three; not %q.`, d.Content)
	}
	p.Flags, p.Tag = *flags, lowerASCII(p.Tag)
	if len(p.Tag) > 15 || strings.Trim(p.Tag, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || p.Tag == "" {
		return value{}, fieldFault("/data/tag", "the tag of a CAA record is 1 to 15 letters or digits, such as issue, issuewild or iodef")
	}
	if strings.IndexFunc(p.Value, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 || len(p.Value) > maxCAA {
		return value{}, fieldFault("/data/value", "the value of a CAA record is printable ASCII, up to %d characters", maxCAA)
	}
	text := `"` + escapeText(p.Value) + `"`
	v := plainValue(fmt.Sprintf("%d %s %s", p.Flags, p.Tag, text), "")
	v.wire, v.data = v.content, p
	return v, nil
}

func isUint16(n int) bool { return n >= 0 && n <= 65535 }
