package draft

import (
	"fmt"
	"time"
)

// instantOf is a time as the form shows it: to the second.
func instantOf(t time.Time) Instant {
	if t.IsZero() {
		return Instant{}
	}
	t = t.UTC()
	clock := t.Format("15:04:05")
	if t.Second() == 0 {
		clock = t.Format("15:04")
	}
	return Instant{t.Format(time.DateOnly), clock}
}

// at reads the instant. Where no time of day was typed, a beginning is the first second of the day
// and an end its last. What is shown of a stored time means that very time.
func (i Instant) at(was time.Time, end bool) (time.Time, *misfit) {
	if i.IsZero() {
		return time.Time{}, nil
	}
	if !was.IsZero() && i == instantOf(was) {
		return was, nil
	}
	if i.Date == "" {
		return time.Time{}, &misfit{"", "Choose a date for the time, or clear the time."}
	}
	day, err := time.Parse(time.DateOnly, i.Date)
	if err != nil || day.Year() < 1970 { // the year 1 would read as no limit
		return time.Time{}, &misfit{"", fmt.Sprintf("%s is not a date that can be used. Write it as 2027-01-31.", quoted(i.Date))}
	}
	const last = 24*time.Hour - time.Second
	if i.Time == "" {
		if end {
			return day.Add(last), nil
		}
		return day, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if clock, err := time.Parse(layout, i.Time); err == nil && clock.Nanosecond()%int(time.Microsecond) == 0 {
			h, m, s := clock.Clock()
			return day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second +
				time.Duration(clock.Nanosecond())), nil
		}
	}
	return time.Time{}, &misfit{"_time", fmt.Sprintf("%s is not a time of day. Write it as 17:30.", quoted(i.Time))}
}
