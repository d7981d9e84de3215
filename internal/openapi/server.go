package openapi

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// server is where the document says that its API is.
type server struct{ host, base string }

// server reads the first of servers, or host and basePath of Swagger 2.0.
func (d *document) server() server {
	if d.version == "2.0" {
		return server{d.top.key("host").string(), strings.TrimRight(d.top.key("basePath").string(), "/")}
	}
	return firstOf(d.top.key("servers"))
}

func firstOf(servers *node) server {
	if servers == nil || len(servers.items) == 0 {
		return server{}
	}
	text := servers.items[0].key("url").string()
	variables := servers.items[0].key("variables")
	if variables != nil {
		for _, name := range variables.keys {
			text = strings.ReplaceAll(text, "{"+name+"}", variables.at[name].key("default").string())
		}
	}
	u, err := url.Parse(text)
	if err != nil {
		return server{base: text} // which is no base, as will be said
	}
	return server{u.Hostname(), strings.TrimRight(u.Path, "/")}
}

// at reports whether servers of an operation, if there are any, are those of the document.
func (d *document) at(home server, servers *node) bool {
	return servers == nil || servers.list && len(servers.items) == 0 || firstOf(servers) == home
}

// checkBase holds a base to what a catalogue can say.
func checkBase(base string) error {
	if base == "" {
		return nil
	}
	segments, why := segmentsOf(base)
	if why != "" || hasParams(segments) || "/"+strings.Join(texts(segments), "/") != base {
		return fmt.Errorf("the path %s of the server cannot be a base; say one with --base, such as --base /v1", strconv.Quote(shorten(base)))
	}
	return nil
}

func texts(segments []segment) []string {
	var out []string
	for _, s := range segments {
		out = append(out, s.text)
	}
	return out
}

var (
	namespaceText = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
	hostText      = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

// namespace makes com.example.api of the host api.example.com, and else one word of the title.
func (d *document) namespace(home server) string {
	host, _, _ := strings.Cut(strings.ToLower(home.host), ":")
	if hostText.MatchString(host) && net.ParseIP(host) == nil {
		parts := strings.Split(host, ".")
		slices.Reverse(parts)
		return strings.Join(parts, ".")
	}
	if word := snake(d.top.key("info").key("title").string()); word != "" && len(word) <= 60 {
		return word
	}
	return "com.example.api"
}
