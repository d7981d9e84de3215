package bodyless

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
)

// Request is one request. It is the connection's: whoever answers keeps neither it nor its Header.
// The strings in it may be kept.
type Request struct {
	Peer           netip.Addr // at the other end of the connection; invalid when unknown
	Method, Target string     // as they came
	Header         http.Header

	head bool // the answer has no body, whatever it is
	last bool // the peer reads no other answer

	fields []framing.Field
	values []string
}

// maxFields bounds the fields of a request.
const maxFields = 256

// read takes a head apart.
func (r *Request) read(head string) framing.Fault {
	got, fault := framing.ReadHead(head, r.fields[:0])
	if fault != 0 {
		return fault
	}
	r.fields = got.Fields
	switch {
	case len(got.Fields) > maxFields:
		return manyFields
	case got.Length > 0 || got.Chunked:
		return hasBody
	}
	r.Method, r.Target, r.head, r.last = got.Method, got.Target, got.Method == http.MethodHead, got.HTTP10
	for _, f := range got.Fields {
		r.add(f)
	}
	delete(r.Header, "Host") // it names us
	return 0
}

// reset leaves nothing of the request before.
func (r *Request) reset() {
	if len(r.values) > maxFields/4 || r.Header == nil {
		r.Header = http.Header{} // many fields once do not make every request slow
	}
	clear(r.Header)
	r.Method, r.Target, r.head, r.last = "", "", false, true
	r.values = r.values[:0]
}

// add puts a field into the header. Fields that come once, as nearly all do, share one list of values.
func (r *Request) add(f framing.Field) {
	name := canonical(f.Name)
	if name == "Connection" && asksClose(f.Value) {
		r.last = true
	}
	if before, twice := r.Header[name]; twice {
		r.Header[name] = append(before, f.Value)
		return
	}
	r.values = append(r.values, f.Value)
	n := len(r.values)
	r.Header[name] = r.values[n-1 : n : n] // one more goes elsewhere
}

// canonical is http.CanonicalHeaderKey.
func canonical(name string) string {
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			return http.CanonicalHeaderKey(name)
		}
		upper = c == '-'
	}
	return name
}

// asksClose reports whether a Connection field has the option close.
func asksClose(value string) bool {
	for option := range strings.SplitSeq(value, ",") {
		if strings.EqualFold(strings.Trim(option, " \t"), "close") {
			return true
		}
	}
	return false
}
