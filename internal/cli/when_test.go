package cli

import (
	"testing"
	"time"
)

func TestWhen(t *testing.T) {
	now := time.Date(2030, 1, 31, 12, 30, 15, 999, time.UTC)
	for text, want := range map[string]string{
		"30d": "2030-03-02T12:30:15Z", "12h": "2030-02-01T00:30:15Z", "2w": "2030-02-14T12:30:15Z", "90m": "2030-01-31T14:00:15Z",
		"2031-01-31": "2031-01-31T00:00:00Z", "2031-01-31T01:00:00+01:00": "2031-01-31T00:00:00Z", "never": "0001-01-01T00:00:00Z",
	} {
		got, err := when(text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: got %s, %v, want %s", text, got.Format(time.RFC3339), err, want)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "1.5d", "1y", "30", "99999999d", "4294967295w", "tomorrow", "2031-02-30", "1h30m"} {
		if got, err := when(text, now); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		}
	}
}

func TestLasting(t *testing.T) {
	now := time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-time.Second: "in the past", 0: "in the past", time.Hour: "in 60 minutes", 36 * time.Hour: "in 36 hours", 30 * 24 * time.Hour: "in 30 days",
	} {
		if got := lasting(now.Add(d), now); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
