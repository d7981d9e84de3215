package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/leastkey/leastkey/catalog"
)

// form is what may stand at a key of the file.
type form uint8

const (
	word  form = iota // one value
	words             // a list of values
	section
	sections // a list of them: what is in the first is at path[0], and so on
)

// key is a key that the file may have, by its dotted path.
type key struct {
	path string
	form form
}

// keys lists them in the order in which messages name them.
func keys() []key {
	return []key{
		{"listen", word}, {"url", word}, {"dashboard", section}, {"dashboard.listen", word}, {"health", word}, {"data", word}, {"catalog", word}, {"brand", word},
		{"upstream", section}, {"upstream.url", word}, {"upstream.credential", section},
		{"upstream.credential.header", word}, {"upstream.credential.env", word}, {"upstream.credential.file", word}, {"upstream.credential.prefix", word},
		{"upstream.timeouts", section}, {"upstream.timeouts.connect", word}, {"upstream.timeouts.answer", word}, {"upstream.timeouts.idle", word},
		{"upstreams", sections}, {"upstreams.name", word}, {"upstreams.hosts", words}, {"upstreams.prefix", word}, {"upstreams.url", word},
		{"upstreams.credential", section}, {"upstreams.credential.header", word}, {"upstreams.credential.env", word}, {"upstreams.credential.file", word}, {"upstreams.credential.prefix", word},
		{"upstreams.timeouts", section}, {"upstreams.timeouts.connect", word}, {"upstreams.timeouts.answer", word}, {"upstreams.timeouts.idle", word},
		{"trusted_proxies", words},
		{"ext_authz", section}, {"ext_authz.listen", word}, {"ext_authz.proxies", words}, {"ext_authz.trusted_proxies", words},
		{"forward_auth", section}, {"forward_auth.listen", word}, {"forward_auth.proxies", words},
		{"nodes", section}, {"nodes.listen", word}, {"nodes.key", section}, {"nodes.key.env", word}, {"nodes.key.file", word},
		{"leaks", section}, {"leaks.keys", word}, {"leaks.only_warn", word},
		{"sign_in", section}, {"sign_in.oidc", section}, {"sign_in.oidc.issuer", word}, {"sign_in.oidc.client_id", word},
		{"sign_in.oidc.client_secret", section}, {"sign_in.oidc.client_secret.env", word}, {"sign_in.oidc.client_secret.file", word},
		{"sign_in.oidc.name", word}, {"sign_in.oidc.scopes", words}, {"sign_in.oidc.create_users", word},
		{"sign_in.oidc.accounts", sections}, {"sign_in.oidc.accounts.account", word}, {"sign_in.oidc.accounts.roles", words},
		{"sign_in.oidc.accounts.when", section}, {"sign_in.oidc.accounts.when.claim", word}, {"sign_in.oidc.accounts.when.is", word},
		{"audit", section}, {"audit.keep_days", word}, {"audit.key", section}, {"audit.key.env", word}, {"audit.key.file", word},
		{"tls", section}, {"tls.certificate", word}, {"tls.key", word},
		{"rate", section}, {"rate.requests", word}, {"rate.per", word},
		{"discovery", section}, {"discovery.every", word},
		{"discovery.lists", sections}, {"discovery.lists.list", word}, {"discovery.lists.under", word}, {"discovery.lists.name", word},
	}
}

// field is a value of the file, and where it stands.
type field struct {
	text  string
	items []field
	line  int // 0: it is not there
}

// document is the file, read strictly, by dotted path.
type document struct {
	file     string
	fields   map[string]field
	problems []string
}

func parse(file string, text []byte) *document {
	d := &document{file: file, fields: map[string]field{}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var top, more yaml.Node
	err := decoder.Decode(&top)
	if errors.Is(err, io.EOF) {
		return d // empty: what must be there is missing
	}
	if err == nil {
		if err = decoder.Decode(&more); err == nil {
			d.wrong(more.Line, "a second YAML document begins here; keep one")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		d.problems = append(d.problems, catalog.Syntax(file, text, err).Error())
		return d
	}
	d.section("", top.Content[0])
	return d
}

func (d *document) wrong(line int, format string, args ...any) {
	at := d.file
	if line > 0 {
		at = fmt.Sprintf("%s:%d", d.file, line)
	}
	d.problems = append(d.problems, at+": "+fmt.Sprintf(format, args...))
}

// section reads the mapping at a path, of which only the known keys may occur, and each once.
func (d *document) section(path string, n *yaml.Node) {
	n = behind(n)
	within := ""
	if path != "" {
		within = path + "."
	}
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wrong(n.Line, "%s: want keys and values, such as %s", cmp.Or(path, "the file"), d.known(within)[0]+": ...")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], behind(n.Content[i+1])
		at := within + name.Value
		_, twice := d.fields[at]
		j := slices.IndexFunc(keys(), func(k key) bool { return k.path == plain(at) })
		switch {
		case name.Kind != yaml.ScalarNode || j < 0 || strings.Contains(name.Value, "."):
			d.wrong(name.Line, "unknown key %s; the keys here are %s", name.Value, strings.Join(d.known(within), ", "))
			continue
		case twice:
			d.wrong(name.Line, "%s is there twice; keep one", at)
			continue
		}
		f := field{line: name.Line}
		switch form := keys()[j].form; {
		case form == section:
			d.section(at, value)
		case isNull(value):
		case form == sections && value.Kind == yaml.SequenceNode:
			for i, item := range value.Content {
				f.items = append(f.items, field{line: item.Line})
				d.fields[fmt.Sprintf("%s[%d]", at, i)] = field{line: item.Line}
				d.section(fmt.Sprintf("%s[%d]", at, i), item)
			}
		case form == sections:
			d.wrong(value.Line, "%s: want a list, such as [{%s: ...}]", at, d.known(at + ".")[0])
		case form == words && value.Kind == yaml.SequenceNode:
			for _, item := range value.Content {
				if item = behind(item); item.Kind != yaml.ScalarNode {
					d.wrong(item.Line, "%s: want a list of single values", at)
					continue
				}
				f.items = append(f.items, field{text: item.Value, line: item.Line})
			}
		case form == words:
			d.wrong(value.Line, "%s: want a list, such as [%s]", at, cmp.Or(value.Value, "..."))
		case value.Kind != yaml.ScalarNode:
			d.wrong(value.Line, "%s: want one value", at)
		default:
			f.text = value.Value
		}
		d.fields[at] = f
	}
}

// known are the keys directly within a path, which ends with a dot or is empty.
func (d *document) known(within string) []string {
	var names []string
	for _, k := range keys() {
		if name, ok := strings.CutPrefix(k.path, plain(within)); ok && !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	return names
}

// plain is a path without the numbers in lists.
func plain(path string) string {
	for {
		before, rest, found := strings.Cut(path, "[")
		_, after, closed := strings.Cut(rest, "]")
		if !found || !closed {
			return path
		}
		path = before + after
	}
}

// behind is what an alias stands for.
func behind(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }
