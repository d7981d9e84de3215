package contender

import (
	"net/netip"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// front is what stands in front of an engine that knows policies and no credentials, written by hand: it finds the
// token of a secret, and holds it to its status, its end and its addresses. Engines are given less to do by it.
type front struct {
	index   map[[16]byte]int32
	tokens  []fronted
	now     int64
	secrets []string
	addrs   []netip.Addr
}

type fronted struct {
	ends     int64 // Unix seconds; 0: never
	disabled bool
	in       []netip.Prefix
}

// add takes in the i-th token.
func (f *front) add(w *workload.Workload, i int) leastkey.Credential {
	if f.index == nil {
		f.index, f.now = make(map[[16]byte]int32, w.Tokens), workload.Now().Unix()
		f.tokens = make([]fronted, 0, w.Tokens)
	}
	c := w.Token(i).Credential
	f.index[keyOf(w.Secret(i))] = int32(len(f.tokens)) // #nosec G115 -- millions at most
	f.tokens = append(f.tokens, fronted{ends: ends(c), disabled: c.Status != leastkey.Active, in: prefixes(c)})
	return c
}

func (f *front) prepare(cases []workload.Case) {
	f.secrets = secretsOf(cases)
	f.addrs = make([]netip.Addr, len(cases))
	for i := range cases {
		f.addrs[i] = cases[i].Addr
	}
}

// admit finds the token of the i-th request; false when there is none, or it is not usable from there.
func (f *front) admit(i int) (token int32, ok bool) {
	token, known := f.index[keyOf(f.secrets[i])]
	if !known {
		return 0, false
	}
	t := &f.tokens[token]
	if t.disabled || t.ends != 0 && f.now >= t.ends || !within(t.in, f.addrs[i]) {
		return 0, false
	}
	return token, true
}

func within(in []netip.Prefix, addr netip.Addr) bool {
	for _, p := range in {
		if p.Contains(addr) {
			return true
		}
	}
	return len(in) == 0
}

func ends(c leastkey.Credential) int64 {
	if c.Validity.ExpiresOn.IsZero() {
		return 0
	}
	return c.Validity.ExpiresOn.Unix()
}

func prefixes(c leastkey.Credential) []netip.Prefix {
	var all []netip.Prefix
	for _, r := range c.Condition.In {
		all = append(all, netip.MustParsePrefix(r.String()))
	}
	return all
}
