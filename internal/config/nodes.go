package config

import (
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/leastkey/leastkey/guard"
)

// Nodes says where other processes follow what is known here, and decide by it. Without Listen they
// cannot.
type Nodes struct {
	Listen string // host:port
	Key    string // shared with them
}

func (r *reader) nodes() Nodes {
	const at = "nodes"
	if r.fields[at].line == 0 {
		return Nodes{}
	}
	n := Nodes{Listen: r.at(at + ".listen")}
	r.address(at+".listen", n.Listen)
	if host, _, err := net.SplitHostPort(n.Listen); err == nil && !isLoopback(host) && r.at("tls.certificate") == "" {
		r.wrongAt(at+".listen", "beyond loopback this needs tls: whoever can answer in its place can make tokens; set tls, or listen at 127.0.0.1")
	}
	key, from := r.secret(at + ".key")
	if n.Key = key; key == "" {
		return n
	}
	if err := guard.CheckFeedKey(key); err != nil {
		r.wrongAt(from, "%s", err)
	}
	return n
}

// secret reads the value of a section with env or file, and says at which of them; "" when there is
// none, which is reported.
func (r *reader) secret(at string) (value, from string) {
	env, file := r.at(at+".env"), r.at(at+".file")
	if (env == "") == (file == "") {
		r.wrongAt(at, "give exactly one of env and file")
		return "", at
	}
	if env != "" {
		if value = r.getenv(env); value == "" {
			r.wrongAt(at+".env", "%s is not set in the environment", env)
		}
		return value, at + ".env"
	}
	text, err := os.ReadFile(r.path(file))
	if err != nil {
		r.wrongAt(at+".file", "%s", err)
		return "", at
	}
	if value = strings.TrimRight(string(text), "\r\n"); value == "" {
		r.wrongAt(at+".file", "%s is empty", file)
	}
	return value, at + ".file"
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
