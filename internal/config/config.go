// Package config reads leastkey.yaml, the configuration of `leastkey serve`.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/edge/throttle"
	"github.com/leastkey/leastkey/internal/leak"
)

// Config is a checked configuration.
type Config struct {
	Listen         string // host:port of the API
	URL            string // how people reach it, "https://tokens.example.com"; empty: as each request says
	Dashboard      string // host:port of the dashboard; empty: where the API is
	Health         string // host:port of the health checks; empty for none
	Data           string // directory of the database and the operator's socket
	CatalogFile    string // empty: the default catalogue
	Brand          leastkey.Brand
	Upstreams      []Upstream // one or more
	TrustedProxies []netip.Prefix
	Certificate    string // PEM files; empty: plain HTTP
	Key            string
	Quota          throttle.Quota
	Discovery      Discovery
	ForwardAuth    ForwardAuth
	ExtAuthz       ExtAuthz
	Nodes          Nodes
	AuditKey       string        // that signs checkpoints; empty: one in Data
	AuditKeep      time.Duration // how long audit rows are kept; 0: for ever
	OIDC           OIDC
	LeakKeys       leak.Keys // of who may report leaked secrets; none: nobody
	LeakWarnOnly   bool      // reported secrets are not ended, their owners are told
}

// Load reads and checks the file. Relative paths in it are relative to it. Every problem is
// reported, not just the first.
func Load(path string, getenv func(string) string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	r := reader{document: parse(path, text), dir: filepath.Dir(path), getenv: getenv}
	if len(r.problems) > 0 { // what follows from a key that was not understood is no help
		return Config{}, errors.New(strings.Join(r.problems, "\n"))
	}
	c := r.read()
	if len(r.problems) > 0 {
		return Config{}, errors.New(strings.Join(r.problems, "\n"))
	}
	return c, nil
}

// reader checks what the file says.
type reader struct {
	*document
	dir    string
	getenv func(string) string
}

// at is the value at a dotted path; the zero field when there is none.
func (r *reader) at(path string) string { return r.fields[path].text }

// wrongAt reports a problem with the value at a dotted path, or with the lack of it.
func (r *reader) wrongAt(path, format string, args ...any) {
	line := r.fields[path].line
	for parent := path; line == 0; line = r.fields[parent].line {
		i := strings.LastIndexByte(parent, '.')
		if i < 0 {
			break
		}
		parent = parent[:i]
	}
	r.wrong(line, "%s: %s", path, fmt.Sprintf(format, args...))
}

func (r *reader) read() Config {
	c := Config{
		Listen: cmp.Or(r.at("listen"), "127.0.0.1:8787"), Health: r.at("health"),
		Data: r.path(cmp.Or(r.at("data"), "data")), CatalogFile: r.path(r.at("catalog")),
		Certificate: r.path(r.at("tls.certificate")), Key: r.path(r.at("tls.key")),
		Brand: leastkey.DefaultBrand, Quota: throttle.DefaultQuota,
	}
	r.address("listen", c.Listen)
	c.URL = r.url("url")
	if c.Dashboard = r.at("dashboard.listen"); c.Dashboard != "" {
		r.address("dashboard.listen", c.Dashboard)
		if c.Dashboard == c.Listen {
			r.wrongAt("dashboard.listen", "the API listens there; leave this out to have both on one address")
		}
	}
	if c.Health != "" {
		r.address("health", c.Health)
	}
	if text := r.at("brand"); text != "" {
		brand, err := leastkey.ParseBrand(text)
		if err != nil {
			r.wrongAt("brand", "%s", err)
		}
		c.Brand = brand
	}
	c.Upstreams = r.upstreams()
	c.TrustedProxies = r.proxies("trusted_proxies")
	if (c.Certificate == "") != (c.Key == "") {
		r.wrongAt("tls", "give both certificate and key, or neither")
	}
	if r.fields["rate"].line > 0 {
		c.Quota = r.rate()
	}
	c.Discovery = r.discovery()
	c.ForwardAuth = r.forwardAuth()
	c.ExtAuthz = r.extAuthz()
	c.Nodes = r.nodes()
	r.audit(&c)
	r.leaks(&c)
	c.OIDC = r.signIn(c.URL)
	return c
}

// rate reads requests and per. Zero requests are no limit.
func (r *reader) rate() (q throttle.Quota) {
	const form = "want {requests: 1200, per: 5m} or the like; requests: 0 is no limit"
	requests, per := r.at("rate.requests"), r.at("rate.per")
	var err error
	if q.Requests, err = strconv.Atoi(requests); err != nil || q.Requests < 0 {
		if requests == "" {
			r.wrongAt("rate", form)
			return q
		}
		r.wrongAt("rate.requests", "%q is not a whole number; "+form, requests)
		return q
	}
	if per == "" && q.Requests > 0 {
		r.wrongAt("rate", form)
		return q
	}
	if per != "" {
		if q.Per, err = time.ParseDuration(per); err != nil || q.Per < time.Second {
			r.wrongAt("rate.per", "%q is not a time of a second or more; want one such as 90s, 5m or 1h", per)
		}
	}
	return q
}

// proxies reads whose X-Forwarded-For is believed. Networks in which clients may live are refused:
// a client that is taken for a proxy says itself where it comes from.
func (r *reader) proxies(at string) []netip.Prefix {
	const least4, least6 = 8, 16
	var proxies []netip.Prefix
	for _, item := range r.fields[at].items {
		prefix, err := parsePrefix(item.text)
		switch {
		case err != nil:
			r.wrong(item.line, "%s: %q is not an address such as 10.0.0.5, or a range such as 10.0.0.0/28", at, item.text)
		case prefix.Bits() < least4 || !prefix.Addr().Is4() && prefix.Bits() < least6:
			r.wrong(item.line, "%s: %s is so wide that clients are in it, and could claim any address; name the proxies themselves", at, item.text)
		default:
			proxies = append(proxies, prefix)
		}
	}
	return proxies
}

func (r *reader) address(name, text string) {
	if _, _, err := net.SplitHostPort(text); err != nil {
		r.wrongAt(name, "%q is not host:port, such as 127.0.0.1:8787", text)
	}
}

// path is a path of the file, relative to it.
func (r *reader) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr.Unmap().WithZone(""), addr.Unmap().BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err == nil && prefix.Addr().Is4In6() && prefix.Bits() >= 96 { // peers are compared unmapped
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), err
}

// url reads the address at which people reach the dashboard, without a slash at its end.
func (r *reader) url(path string) string {
	text := r.at(path)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		r.wrongAt(path, "%q is not the address of a site; write something like https://tokens.example.com", text)
		return ""
	}
	return u.Scheme + "://" + u.Host
}
