// Package config reads leastkey.yaml, the configuration of `leastkey serve`.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/edge/throttle"
)

// Config is a checked configuration.
type Config struct {
	Listen         string // host:port of the API
	Health         string // host:port of the health checks; empty for none
	Data           string // directory of the database and the operator's socket
	CatalogFile    string // empty: the default catalogue
	Brand          leastkey.Brand
	Upstream       *url.URL
	Credential     Credential
	TrustedProxies []netip.Prefix
	Certificate    string // PEM files; empty: plain HTTP
	Key            string
	Quota          throttle.Quota
}

// Credential is the header by which the upstream knows the gateway. The value never stands in
// the file itself.
type Credential struct{ Header, Value string }

// file is leastkey.yaml as it is written.
type file struct {
	Listen   string `yaml:"listen"`
	Health   string `yaml:"health"`
	Data     string `yaml:"data"`
	Catalog  string `yaml:"catalog"`
	Brand    string `yaml:"brand"`
	Upstream struct {
		URL        string `yaml:"url"`
		Credential struct {
			Header string `yaml:"header"`
			Env    string `yaml:"env"`
			File   string `yaml:"file"`
			Prefix string `yaml:"prefix"`
		} `yaml:"credential"`
	} `yaml:"upstream"`
	TrustedProxies []string `yaml:"trusted_proxies"`
	TLS            struct {
		Certificate string `yaml:"certificate"`
		Key         string `yaml:"key"`
	} `yaml:"tls"`
	Rate *struct {
		Requests int           `yaml:"requests"`
		Per      time.Duration `yaml:"per"`
	} `yaml:"rate"`
}

// Load reads and checks the file. Relative paths in it are relative to it. Every problem is
// reported, not just the first.
func Load(path string, getenv func(string) string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	var f file
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	r := reader{dir: filepath.Dir(path), getenv: getenv}
	c := r.read(f)
	if len(r.problems) > 0 {
		return Config{}, fmt.Errorf("%s:\n  %s", path, strings.Join(r.problems, "\n  "))
	}
	return c, nil
}

// reader collects problems while it checks.
type reader struct {
	dir      string
	getenv   func(string) string
	problems []string
}

func (r *reader) wrong(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

func (r *reader) read(f file) Config {
	c := Config{
		Listen: orDefault(f.Listen, "127.0.0.1:8787"), Health: f.Health,
		Data: r.path(orDefault(f.Data, "data")), CatalogFile: r.path(f.Catalog),
		Certificate: r.path(f.TLS.Certificate), Key: r.path(f.TLS.Key),
		Brand: leastkey.DefaultBrand, Quota: throttle.DefaultQuota,
	}
	r.address("listen", c.Listen)
	if c.Health != "" {
		r.address("health", c.Health)
	}
	if f.Brand != "" {
		brand, err := leastkey.ParseBrand(f.Brand)
		if err != nil {
			r.wrong("brand: %s", err)
		}
		c.Brand = brand
	}
	c.Upstream = r.upstream(f.Upstream.URL)
	c.Credential = r.credential(f)
	for _, text := range f.TrustedProxies {
		prefix, err := parsePrefix(text)
		if err != nil {
			r.wrong("trusted_proxies: %q is not an address or range such as 10.0.0.0/8", text)
			continue
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	if (c.Certificate == "") != (c.Key == "") {
		r.wrong("tls: give both certificate and key, or neither")
	}
	if f.Rate != nil {
		c.Quota = throttle.Quota{Requests: f.Rate.Requests, Per: f.Rate.Per}
		if f.Rate.Requests < 0 || f.Rate.Requests > 0 && f.Rate.Per <= 0 {
			r.wrong("rate: want requests and per, such as {requests: 1200, per: 5m}; requests: 0 is no limit")
		}
	}
	return c
}

func (r *reader) upstream(text string) *url.URL {
	if text == "" {
		r.wrong("upstream.url: say where the API is, such as http://127.0.0.1:8081")
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		r.wrong("upstream.url: %q is not a URL such as http://127.0.0.1:8081, without user, query and fragment", text)
		return nil
	}
	return u
}

func (r *reader) credential(f file) Credential {
	from := f.Upstream.Credential
	switch {
	case from.Header == "" && from.Env == "" && from.File == "":
		r.wrong("upstream.credential: without one the upstream cannot tell this gateway from anyone; give header, and env or file for its value")
		return Credential{}
	case from.Header == "" || (from.Env == "") == (from.File == ""):
		r.wrong("upstream.credential: give header, and exactly one of env and file for its value")
		return Credential{}
	}
	var value, where string
	if from.Env != "" {
		where = "the environment variable " + from.Env
		value = r.getenv(from.Env)
	} else {
		where = "the file " + from.File
		text, err := os.ReadFile(r.path(from.File))
		if err != nil {
			r.wrong("upstream.credential.file: %s", err)
			return Credential{}
		}
		value = strings.TrimRight(string(text), "\r\n")
	}
	if value == "" || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) {
		r.wrong("upstream.credential: %s must hold one line of printable characters", where)
	}
	return Credential{Header: from.Header, Value: from.Prefix + value}
}

func (r *reader) address(name, text string) {
	if _, _, err := net.SplitHostPort(text); err != nil {
		r.wrong("%s: %q is not host:port", name, text)
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
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}
