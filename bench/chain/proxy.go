package chain

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/leastkey/leastkey/bench/harness"
)

// at are the addresses of what is measured, by name.
type at map[string]string

// nginxSite is one server of nginx. auth and to are addresses, or empty.
type nginxSite struct{ name, auth, to string }

// nginx starts one with all the sites, each on a port of its own.
func nginx(dir string, sites []nginxSite, where at) (*harness.Process, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `pid %[1]s/nginx.pid;
daemon off;
worker_processes 1;
events { worker_connections 4096; }
http {
access_log off;
keepalive_requests 100000000;
client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
proxy_http_version 1.1;
`, dir)
	last := ""
	for _, s := range sites {
		addr, err := harness.FreeAddress()
		if err != nil {
			return nil, err
		}
		where[s.name], last = addr, addr
		b.WriteString(s.text(addr))
	}
	b.WriteString("}\n")
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return harness.Start(nil, harness.Listens(last), nginxBinary(), "-e", "stderr", "-p", dir, "-c", file)
}

// text is the site in nginx's words: what is said to the program that is asked is the least that Leastkey takes, for
// whoever is asked.
func (s nginxSite) text(addr string) string {
	var b strings.Builder
	id := strings.NewReplacer("-", "_", " ", "_").Replace(s.name)
	for name, to := range map[string]string{"auth": s.auth, "to": s.to} {
		if to != "" {
			fmt.Fprintf(&b, "upstream %s_%s { server %s; keepalive 256; keepalive_requests 100000000; }\n", name, id, strings.TrimPrefix(to, "http://"))
		}
	}
	fmt.Fprintf(&b, "server {\nlisten %s;\nmerge_slashes off;\n", addr)
	if s.auth != "" {
		fmt.Fprintf(&b, `auth_request /_ask;
auth_request_set $token $upstream_http_leastkey_token_id;
location = /_ask {
	internal;
	auth_request off;
	proxy_pass http://auth_%s/auth/nginx;
	proxy_pass_request_body off;
	proxy_set_header Connection "";
	proxy_set_header Content-Length "";
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_set_header X-Original-Method $request_method;
	proxy_set_header X-Original-URI $request_uri;
	proxy_set_header X-Original-Host $host;
}
`, id)
	}
	switch {
	case s.to != "":
		fmt.Fprintf(&b, "location / { proxy_pass http://to_%s; proxy_set_header Connection \"\"; proxy_set_header Host $host; proxy_set_header X-Api-Key %q; proxy_set_header Authorization \"\"; }\n", id, apiKey)
	case s.auth != "":
		b.WriteString("location / { empty_gif; }\n") // the one answer that comes behind auth_request, and from memory
	default:
		fmt.Fprintf(&b, "location / { default_type application/json; return 200 '%s'; }\n", small)
	}
	b.WriteString("}\n")
	return b.String()
}

// gif is the length of the answer of empty_gif.
const gif = 43

const apiKey = "the-one-key-of-this-api"

func nginxBinary() string { return find("nginx", "/usr/sbin/nginx") }

func find(name, other string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if _, err := os.Stat(other); err == nil {
		return other
	}
	return ""
}

// caddySite is one of Caddy, as nginxSite.
type caddySite struct{ name, auth, to string }

func caddy(dir string, sites []caddySite, where at) (*harness.Process, error) {
	var b strings.Builder
	b.WriteString("{\n\tadmin off\n\tauto_https off\n}\n")
	last := ""
	for _, s := range sites {
		addr, err := harness.FreeAddress()
		if err != nil {
			return nil, err
		}
		where[s.name], last = addr, addr
		fmt.Fprintf(&b, "http://:%s {\n\tbind 127.0.0.1\n\troute {\n", addr[strings.LastIndexByte(addr, ':')+1:])
		if s.auth != "" {
			fmt.Fprintf(&b, "\t\tforward_auth %s {\n\t\t\turi /auth/caddy\n\t\t\tcopy_headers Leastkey-Token-Id Leastkey-Principal\n\t\t}\n", s.auth)
		}
		if s.to != "" {
			fmt.Fprintf(&b, "\t\trequest_header -Authorization\n\t\treverse_proxy %s {\n\t\t\theader_up X-Api-Key %s\n\t\t}\n", s.to, apiKey)
		} else {
			fmt.Fprintf(&b, "\t\theader Content-Type application/json\n\t\trespond `%s` 200\n", small)
		}
		b.WriteString("\t}\n}\n")
	}
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return nil, err
	}
	return harness.Start([]string{"HOME=" + dir, "GOMAXPROCS=1"}, harness.Listens(last), caddyBinary(), "run", "--config", file, "--adapter", "caddyfile")
}

func caddyBinary() string { return find("caddy", "/usr/bin/caddy") }

// own starts this program as one of its servers, on so many cores.
func own(role, to string, cores int) (*harness.Process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	p, err := harness.Start([]string{fmt.Sprint("GOMAXPROCS=", cores)}, harness.Says("listens at "), self, "serve", role, to)
	if err != nil {
		return nil, "", err
	}
	where, _ := p.Said("listens at ")
	return p, where, nil
}

var errNoPort = errors.New("leastkey serve did not say where it listens")

// leastkey starts `leastkey serve` on the data in dir, in front of an upstream.
func leastkey(binary, dir, upstream string, cores int) (p *harness.Process, gateway, forwardAuth, extAuthz string, err error) {
	file := filepath.Join(dir, "leastkey.yaml")
	config := fmt.Sprintf(`listen: 127.0.0.1:0
data: data
rate: {requests: 0, per: 1m}
upstream: {url: "http://%s", credential: {header: X-Api-Key, env: API_KEY}}
forward_auth: {listen: "127.0.0.1:0", proxies: [127.0.0.1]}
ext_authz: {listen: "127.0.0.1:0", proxies: [127.0.0.1]}
`, upstream)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, "", "", "", err
	}
	p, err = harness.Start([]string{fmt.Sprint("GOMAXPROCS=", cores), "API_KEY=" + apiKey}, harness.Says("The dashboard is at "), binary, "serve", "--config", file)
	if err != nil {
		return nil, "", "", "", err
	}
	serves, _ := p.Said("Leastkey serves http://")
	asks, _ := p.Said("Proxies ask at http://")
	extAuthz, said := p.Said("Envoy asks at ")
	gateway, _, _ = strings.Cut(serves, " ")
	forwardAuth, _, _ = strings.Cut(asks, "/")
	if !said || gateway == "" || forwardAuth == "" {
		return nil, "", "", "", errors.Join(errNoPort, p.Stop())
	}
	return p, gateway, forwardAuth, extAuthz, nil
}
