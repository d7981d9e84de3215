package config

import (
	"strconv"
	"time"

	"github.com/leastkey/leastkey/internal/audit"
)

// longestKept bounds keep_days: a hundred years.
const longestKept = 36_500

func (r *reader) audit(c *Config) {
	if text := r.at("audit.keep_days"); text != "" {
		days, err := strconv.Atoi(text)
		if err != nil || days < 1 || days > longestKept {
			r.wrongAt("audit.keep_days", "%q is not a number of days from 1 to %d; leave it out to keep all", text, longestKept)
		}
		c.AuditKeep = time.Duration(days) * 24 * time.Hour
	}
	if r.fields["audit.key"].line == 0 {
		return
	}
	key, from := r.secret("audit.key")
	if key == "" {
		return
	}
	if _, err := audit.NewSigner(key); err != nil {
		r.wrongAt(from, "%s; the first start makes one in the data directory, audit.key", err)
	}
	c.AuditKey = key
}
