package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// when reads an instant as people write it: "30d", "12h", "2w" from now; "2030-01-31", which is
// the begin of that day in UTC; or RFC 3339. "never" is no instant, and gives the zero time.
func when(text string, now time.Time) (time.Time, error) {
	if text == "never" {
		return time.Time{}, nil
	}
	if d, ok := span(text); ok {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: want a span such as 30d, 12h or 2w, a date such as 2030-01-31, 2030-01-31T09:30:00Z, or never", text)
}

// span reads a length of time: a whole number and m, h, d or w.
func span(text string) (time.Duration, bool) {
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	for suffix, unit := range units {
		digits, ok := strings.CutSuffix(text, suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		const most = 100 * 365 * 24 * time.Hour
		if err != nil || n == 0 || n > uint64(most/unit) {
			return 0, false
		}
		return time.Duration(n) * unit, true
	}
	return 0, false
}

// lasting says in words how far off t is.
func lasting(t, now time.Time) string {
	switch d := t.Sub(now); {
	case d <= 0:
		return "in the past"
	case d < 2*time.Hour:
		return fmt.Sprintf("in %d minutes", int(d.Round(time.Minute)/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("in %d hours", int(d.Round(time.Hour)/time.Hour))
	default:
		return fmt.Sprintf("in %d days", int(d.Round(24*time.Hour)/(24*time.Hour)))
	}
}
