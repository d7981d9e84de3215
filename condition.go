package leastkey

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// AddressRange is a block of client addresses, written as a CIDR or as one bare address.
type AddressRange struct {
	prefix netip.Prefix
	bare   bool // written without a length; kept so that it reads back as it was written
}

// ParseAddressRange reads "192.0.2.0/24", "2001:db8::/32" or a bare address. Host bits are
// masked. An IPv4 address in IPv6 clothes becomes IPv4, so that one client has one spelling.
func ParseAddressRange(s string) (AddressRange, error) {
	bad := func() (AddressRange, error) {
		return AddressRange{}, fmt.Errorf("%q is not an IP address or CIDR range such as 192.0.2.0/24 or 2001:db8::/32", clip(s))
	}
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return bad()
		}
		addr = addr.Unmap()
		return AddressRange{netip.PrefixFrom(addr, addr.BitLen()), true}, nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return bad()
	}
	if prefix.Addr().Is4In6() {
		if prefix.Bits() < 96 {
			return bad()
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return AddressRange{prefix.Masked(), false}, nil
}

// RangeOf is the range of a prefix, host bits masked: the inverse of [AddressRange.Prefix] and
// [AddressRange.IsBare]. An invalid prefix gives the zero range.
func RangeOf(prefix netip.Prefix, bare bool) AddressRange {
	if !prefix.IsValid() {
		return AddressRange{}
	}
	return AddressRange{prefix.Masked(), bare}
}

// Contains reports whether the address is in the range.
func (r AddressRange) Contains(a netip.Addr) bool {
	return r.prefix.IsValid() && r.prefix.Contains(a.Unmap().WithZone(""))
}

// Prefix is the block itself, host bits masked; invalid for the zero range, which contains nothing.
func (r AddressRange) Prefix() netip.Prefix { return r.prefix }

// IsBare reports whether the range was written as one address, without a length.
func (r AddressRange) IsBare() bool { return r.bare }

// Covers reports whether every address of other is in r.
func (r AddressRange) Covers(other AddressRange) bool {
	return r.prefix.IsValid() && other.prefix.IsValid() &&
		r.prefix.Bits() <= other.prefix.Bits() && r.prefix.Contains(other.prefix.Addr())
}

// String gives the range as it was written, host bits masked.
func (r AddressRange) String() string {
	if r.bare {
		return r.prefix.Addr().String()
	}
	return r.prefix.String()
}

// MarshalText implements encoding.TextMarshaler.
func (r AddressRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *AddressRange) UnmarshalText(text []byte) error {
	parsed, err := ParseAddressRange(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// Condition limits from where a credential works. The zero Condition is no limit.
type Condition struct {
	In    []AddressRange `json:"in,omitempty"`     // when not empty: only from here
	NotIn []AddressRange `json:"not_in,omitempty"` // never from here
}

// IsZero reports whether there is no limit.
func (c Condition) IsZero() bool { return len(c.In) == 0 && len(c.NotIn) == 0 }

// admits reports whether a client at addr may use the credential. An unknown address is
// admitted only where there is no limit.
func (c Condition) admits(addr netip.Addr) bool {
	if c.IsZero() {
		return true
	}
	contains := func(r AddressRange) bool { return r.Contains(addr) }
	if !addr.IsValid() || slices.ContainsFunc(c.NotIn, contains) {
		return false
	}
	return len(c.In) == 0 || slices.ContainsFunc(c.In, contains)
}

// within reports whether every address that c admits is admitted by outer. It errs on the side
// of no.
func (c Condition) within(outer Condition) bool {
	if len(outer.In) > 0 {
		if len(c.In) == 0 {
			return false
		}
		for _, r := range c.In {
			if !slices.ContainsFunc(outer.In, func(o AddressRange) bool { return o.Covers(r) }) {
				return false
			}
		}
	}
	for _, forbidden := range outer.NotIn {
		kept := slices.ContainsFunc(c.NotIn, func(r AddressRange) bool { return r.Covers(forbidden) })
		apart := len(c.In) > 0 && !slices.ContainsFunc(c.In, func(r AddressRange) bool { return r.prefix.Overlaps(forbidden.prefix) })
		if !kept && !apart {
			return false
		}
	}
	return true
}

// Validity limits when a credential works. A zero time is no limit.
type Validity struct {
	NotBefore time.Time `json:"not_before,omitzero"` // works from this instant on
	ExpiresOn time.Time `json:"expires_on,omitzero"` // no longer works from this instant on
}

// endsWithin reports whether v ends no later than outer does. Beginnings need no such rule: what
// is made now cannot have been used before.
func (v Validity) endsWithin(outer Validity) bool {
	return outer.ExpiresOn.IsZero() || (!v.ExpiresOn.IsZero() && !v.ExpiresOn.After(outer.ExpiresOn))
}
