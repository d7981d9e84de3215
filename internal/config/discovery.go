package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/leastkey/leastkey/catalog"
)

// Discovery says which lists of the upstream the registry is kept by. Without lists there is none.
type Discovery struct {
	Every time.Duration
	Lists []DiscoveryList
}

// DiscoveryList is one list.
type DiscoveryList struct {
	Method string          // "GET"
	Host   string          // empty for any
	Path   string          // "/servers/localhost/zones"
	Under  string          // "server:localhost", "account:NAME"
	Name   catalog.Pointer // where an item has its name; nil: as the catalogue says
}

func (r *reader) discovery() Discovery {
	d := Discovery{Every: time.Minute}
	if text := r.at("discovery.every"); text != "" {
		var err error
		if d.Every, err = time.ParseDuration(text); err != nil || d.Every < time.Second {
			r.wrongAt("discovery.every", "%q is not a time of a second or more; want one such as 1m", text)
		}
	}
	if r.fields["discovery"].line > 0 && len(r.fields["discovery.lists"].items) == 0 {
		r.wrongAt("discovery.lists", "say which lists, such as [{list: GET /zones, under: \"account:Main\"}]")
	}
	for i := range r.fields["discovery.lists"].items {
		at := fmt.Sprintf("discovery.lists[%d]", i)
		list := DiscoveryList{Under: r.at(at + ".under")}
		var target string
		list.Method, target, _ = strings.Cut(r.at(at+".list"), " ")
		slash := strings.IndexByte(target, '/')
		if slash < 0 || list.Method == "" {
			r.wrongAt(at+".list", "%q is not a method and a path, such as GET /zones", r.at(at+".list"))
			continue
		}
		list.Host, list.Path = target[:slash], target[slash:]
		if kind, id, ok := strings.Cut(list.Under, ":"); !ok || kind == "" || id == "" {
			r.wrongAt(at+".under", "%q is not TYPE:ID or account:NAME, such as account:Main", list.Under)
		}
		if text := r.at(at + ".name"); text != "" {
			var err error
			if list.Name, err = catalog.ParsePointer(text); err != nil {
				r.wrongAt(at+".name", "%s; want one such as /name", err)
			}
		}
		d.Lists = append(d.Lists, list)
	}
	return d
}
