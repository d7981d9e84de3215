package config

import (
	"os"

	"github.com/leastkey/leastkey/internal/leak"
)

func (r *reader) leaks(c *Config) {
	if r.fields["leaks"].line == 0 {
		return
	}
	switch text := r.at("leaks.only_warn"); text {
	case "", "false":
	case "true":
		c.LeakWarnOnly = true
	default:
		r.wrongAt("leaks.only_warn", "%q is neither true nor false", text)
	}
	file := r.path(r.at("leaks.keys"))
	if file == "" {
		r.wrongAt("leaks.keys", "name the file with the public keys of who may report leaked secrets; docs/leaks.md says where to get it")
		return
	}
	text, err := os.ReadFile(file)
	if err == nil {
		c.LeakKeys, err = leak.ParseKeys(text)
	}
	if err != nil {
		r.wrongAt("leaks.keys", "%s: %s", file, err)
	}
}
