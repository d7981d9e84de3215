package tell

import (
	"fmt"
	"time"

	"github.com/leastkey/leastkey"
)

// Where says from where a token works.
func Where(c leastkey.Condition) string {
	switch {
	case c.IsZero():
		return "From any address"
	case len(c.In) == 0:
		return "From any address but " + ranges(c.NotIn)
	case len(c.NotIn) == 0:
		return "Only from " + ranges(c.In)
	default:
		return "Only from " + ranges(c.In) + ", but never from " + ranges(c.NotIn)
	}
}

func ranges(list []leastkey.AddressRange) string {
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = r.String()
	}
	return listed(texts)
}

// When says from when and until when a token works.
func When(v leastkey.Validity, now time.Time) string {
	begins, ends := v.NotBefore, v.ExpiresOn
	begun := begins.IsZero() || !begins.After(now)
	switch {
	case begun && ends.IsZero():
		return "Now, and without an end"
	case !ends.IsZero() && !ends.After(now):
		return "Ended " + instant(ends, now)
	case begun:
		return "Until " + instant(ends, now)
	case ends.IsZero():
		return "From " + instant(begins, now) + ", without an end"
	default:
		return "From " + instant(begins, now) + " until " + instant(ends, now)
	}
}

// instant is a time and how far off it is: "2026-12-01 00:00 UTC (in 8 days)".
func instant(at, now time.Time) string {
	layout := "2006-01-02 15:04 UTC"
	if !at.Truncate(time.Minute).Equal(at) {
		layout = "2006-01-02 15:04:05.999999 UTC"
	}
	return at.UTC().Format(layout) + " (" + distance(at, now) + ")"
}

// distance says in words how far off a time is.
func distance(at, now time.Time) string {
	d := at.Sub(now)
	if d <= 0 {
		return lasting(-d) + " ago"
	}
	return "in " + lasting(d)
}

func lasting(d time.Duration) string {
	const day = 24 * time.Hour
	count := func(unit time.Duration, name string) string {
		n := int(d.Round(unit) / unit)
		if n == 1 {
			return "1 " + name
		}
		return fmt.Sprintf("%d %ss", n, name)
	}
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return count(time.Minute, "minute")
	case d < 2*day:
		return count(time.Hour, "hour")
	case d < 90*day:
		return count(day, "day")
	case d < 2*365*day:
		return "about " + count(365*day/12, "month")
	default:
		return "about " + count(365*day, "year")
	}
}
