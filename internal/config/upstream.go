package config

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Upstream is an API behind the gateway.
type Upstream struct {
	Name       string
	Hosts      []string // in lower case, without ports; none for any that no other names
	Prefix     string   // of routes, "/v1"; empty for all
	URL        *url.URL
	Credential Credential
	Timeouts   Timeouts
}

// Credential is the header by which the upstream knows the gateway. The value never stands in
// the file itself.
type Credential struct{ Header, Value string }

// Timeouts of an upstream; zero for the default.
type Timeouts struct{ Connect, Answer, Idle time.Duration }

// upstreams reads upstream, which is one for everything, or upstreams, which are several.
func (r *reader) upstreams() []Upstream {
	one, several := r.fields["upstream"].line > 0, r.fields["upstreams"].line > 0
	switch {
	case one && several:
		r.wrongAt("upstreams", "there is upstream as well: keep upstream for one API, or upstreams for several")
		return nil
	case !one && !several && (r.fields["forward_auth"].line > 0 || r.fields["ext_authz"].line > 0 || r.fields["nodes"].line > 0):
		return nil // requests come to the API another way
	case !several:
		u := r.upstream("upstream")
		u.Name = "upstream"
		return []Upstream{u}
	case len(r.fields["upstreams"].items) == 0:
		r.wrongAt("upstreams", "name at least one, such as [{name: dns, url: \"http://127.0.0.1:8081\", credential: {header: X-Api-Key, env: DNS_KEY}}]")
	}
	var list []Upstream
	for i := range r.fields["upstreams"].items {
		at := fmt.Sprintf("upstreams[%d]", i)
		u := r.upstream(at)
		u.Name, u.Prefix = r.at(at+".name"), r.at(at+".prefix")
		switch {
		case u.Name == "":
			r.wrongAt(at+".name", "give it a name, for messages")
		case slices.ContainsFunc(list, func(other Upstream) bool { return other.Name == u.Name }):
			r.wrongAt(at+".name", "%q is the name of another one", u.Name)
		}
		if p := u.Prefix; p != "" && (p[0] != '/' || strings.HasSuffix(p, "/") || strings.ContainsAny(p, "{}?#% ")) {
			r.wrongAt(at+".prefix", "%q is not the beginning of a path, such as /v1", p)
		}
		for _, item := range r.fields[at+".hosts"].items {
			host := strings.ToLower(item.text)
			if host == "" || strings.ContainsAny(host, "/: *") {
				r.wrong(item.line, "%s.hosts: %q is not the name of a host, such as api.example.com", at, item.text)
			}
			u.Hosts = append(u.Hosts, host)
		}
		list = append(list, u)
	}
	return list
}

func (r *reader) upstream(at string) Upstream {
	return Upstream{
		URL: r.upstreamURL(at + ".url"), Credential: r.credential(at + ".credential"),
		Timeouts: Timeouts{r.timeout(at + ".timeouts.connect"), r.timeout(at + ".timeouts.answer"), r.timeout(at + ".timeouts.idle")},
	}
}

func (r *reader) timeout(at string) time.Duration {
	text := r.at(at)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d > 24*time.Hour {
		r.wrongAt(at, "%q is not a time from 1ms to 24h; want one such as 5s or 10m", text)
	}
	return d
}

func (r *reader) upstreamURL(at string) *url.URL {
	text := r.at(at)
	if text == "" {
		r.wrongAt(at, "say where the API is, such as http://127.0.0.1:8081")
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		r.wrongAt(at, "%q is not a URL such as http://127.0.0.1:8081, without user, query and fragment", text)
		return nil
	}
	return u
}

func (r *reader) credential(at string) Credential {
	header, env, file := r.at(at+".header"), r.at(at+".env"), r.at(at+".file")
	switch {
	case header == "" && env == "" && file == "":
		r.wrongAt(at, "without one the upstream cannot tell this gateway from anyone; give header, and env or file for its value")
		return Credential{}
	case header == "" || (env == "") == (file == ""):
		r.wrongAt(at, "give header, and exactly one of env and file for its value")
		return Credential{}
	}
	r.checkHeader(at+".header", header)
	prefix := r.at(at + ".prefix")
	if strings.ContainsFunc(prefix, unprintable) {
		r.wrongAt(at+".prefix", "want printable ASCII characters, such as 'Bearer '")
	}
	from, where := at+".env", env
	var value string
	if env != "" {
		if value = r.getenv(env); value == "" {
			r.wrongAt(from, "%s is not set in the environment", env)
			return Credential{}
		}
	} else {
		from, where = at+".file", file
		text, err := os.ReadFile(r.path(file))
		if err != nil {
			r.wrongAt(from, "%s", err)
			return Credential{}
		}
		value = strings.TrimRight(string(text), "\r\n")
	}
	if value == "" || strings.ContainsFunc(value, unprintable) {
		r.wrongAt(from, "%s must hold one line of printable ASCII characters", where)
	}
	return Credential{Header: header, Value: prefix + value}
}

func unprintable(c rune) bool { return c < ' ' || c > '~' }

// checkHeader refuses a header that would not arrive, or that says something else to the upstream.
func (r *reader) checkHeader(at, header string) {
	const advice = ", such as Authorization or X-Api-Key"
	notToken := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	}
	if strings.ContainsFunc(header, notToken) {
		r.wrongAt(at, "%q is not the name of a header field"+advice, header)
		return
	}
	name := strings.ToLower(header)
	taken := []string{"host", "connection", "proxy-connection", "keep-alive", "upgrade", "te", "trailer", "transfer-encoding", "content-length",
		"expect", "accept-encoding", "range", "if-range", "if-none-match", "if-modified-since"}
	if slices.Contains(taken, name) || strings.HasPrefix(name, "leastkey") || strings.HasPrefix(name, "x-forwarded-") {
		r.wrongAt(at, "%s says something else already; name a field of the credential's own"+advice, header)
	}
}
