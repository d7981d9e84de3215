package api

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// Condition limits from where a token works. The wire has two spellings for it, "request.ip" and
// "request_ip": either is read, both only when they agree, and both are written, because each
// kind of client reads just one.
type Condition leastkey.Condition

// IsZero reports whether there is no limit.
func (c Condition) IsZero() bool { return leastkey.Condition(c).IsZero() }

// MarshalJSON writes both spellings, and leaves out a list that is empty.
func (c Condition) MarshalJSON() ([]byte, error) {
	if c.IsZero() {
		return []byte("{}"), nil
	}
	limit := leastkey.Condition(c)
	return json.Marshal(struct {
		Dotted leastkey.Condition `json:"request.ip"`
		Snake  leastkey.Condition `json:"request_ip"`
	}{limit, limit})
}

// UnmarshalJSON reads either spelling. A restriction it does not know is an error: to ignore it
// would make a token wider than its owner meant.
func (c *Condition) UnmarshalJSON(data []byte) error {
	*c = Condition{}
	if isNull(data) {
		return nil
	}
	members, err := object(data)
	if err != nil {
		return err
	}
	var limits []Condition
	for _, name := range []string{"request.ip", "request_ip"} {
		raw, present := members[name]
		delete(members, name)
		if !present || isNull(raw) {
			continue
		}
		limit, err := readLimit(raw)
		if err != nil {
			return at(err, name)
		}
		limits = append(limits, limit)
	}
	if err := onlyNull(members, "request_ip"); err != nil {
		return err
	}
	if len(limits) == 2 && !limits[0].same(limits[1]) {
		return &FieldError{"/request_ip", "request.ip and request_ip differ: give one of them, or the same in both"}
	}
	if len(limits) > 0 {
		*c = limits[0]
	}
	return nil
}

func readLimit(data []byte) (Condition, error) {
	members, err := object(data)
	if err != nil {
		return Condition{}, err
	}
	var c Condition
	for name, list := range map[string]*[]leastkey.AddressRange{"in": &c.In, "not_in": &c.NotIn} {
		raw, present := members[name]
		delete(members, name)
		if !present || isNull(raw) {
			continue
		}
		if *list, err = readRanges(raw); err != nil {
			return Condition{}, at(err, name)
		}
	}
	return c, onlyNull(members, "in and not_in")
}

func readRanges(data []byte) ([]leastkey.AddressRange, error) {
	items, err := array(data)
	if err != nil {
		return nil, err
	}
	var ranges []leastkey.AddressRange
	seen := map[leastkey.AddressRange]bool{}
	for i, item := range items {
		s, err := text(item)
		if err != nil {
			return nil, at(err, index(i))
		}
		r, err := leastkey.ParseAddressRange(s)
		if err != nil {
			return nil, at(err, index(i))
		}
		if !seen[r] {
			seen[r] = true
			ranges = append(ranges, r)
		}
	}
	return ranges, nil
}

// onlyNull refuses members that say something.
func onlyNull(members map[string]json.RawMessage, known string) error {
	for name, raw := range members {
		if !isNull(raw) {
			return &FieldError{token(name), "no such condition: known is " + known}
		}
	}
	return nil
}

// same reports whether both say the same, in whatever order.
func (c Condition) same(other Condition) bool {
	return sameRanges(c.In, other.In) && sameRanges(c.NotIn, other.NotIn)
}

func sameRanges(a, b []leastkey.AddressRange) bool {
	sorted := func(list []leastkey.AddressRange) []leastkey.AddressRange {
		return slices.SortedFunc(slices.Values(list), func(x, y leastkey.AddressRange) int {
			return strings.Compare(x.String(), y.String())
		})
	}
	return slices.Equal(sorted(a), sorted(b))
}
