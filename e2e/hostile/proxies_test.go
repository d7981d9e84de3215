package hostile

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// What the examples are told by hand: the name of the API and the header of its own key.
const (
	site   = "api.example.com"
	header = "X-Api-Key"
	key    = "the-one-key-of-this-api"
)

// behindNginx runs examples/nginx, with what a distribution's nginx.conf has around it.
func behindNginx(t *testing.T, w *edgetest.World, upstream string) string {
	addr, dir := harness.FreeAddress(t), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/nginx")); err != nil {
		t.Fatal(err)
	}
	change(t, filepath.Join(dir, "api.conf"), map[string]string{"127.0.0.1:8791": asked(t, w), "127.0.0.1:8081": upstream, site: "api.example"})
	change(t, filepath.Join(dir, "leastkey", "key.conf"), map[string]string{header: edgetest.CredentialName, key: edgetest.CredentialValue})
	write(t, filepath.Join(dir, "leastkey", "listen.conf"), "listen "+addr+";")
	write(t, filepath.Join(dir, "nginx.conf"), strings.ReplaceAll(`
pid DIR/pid;
daemon off;
events {}
http {
	access_log off;
	client_header_timeout 1s;
	client_body_timeout 1s;
	client_body_temp_path DIR/1; proxy_temp_path DIR/2; fastcgi_temp_path DIR/3; uwsgi_temp_path DIR/4; scgi_temp_path DIR/5;
	include api.conf;
}
`, "DIR", dir))
	harness.Run(t, addr, nil, "/usr/sbin/nginx", "-e", "stderr", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	return addr
}

// behindCaddy runs examples/caddy. For names that it does not serve Caddy has an empty 200; this one
// has 421, so that every 200 is the upstream's.
func behindCaddy(t *testing.T, w *edgetest.World, upstream string) string {
	addr, dir := harness.FreeAddress(t), t.TempDir()
	_, port, _ := net.SplitHostPort(addr)
	file := filepath.Join(dir, "Caddyfile")
	example, err := os.ReadFile("../../examples/caddy/Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(example)+"\nhttp://:"+port+" {\n\trespond 421\n}\n")
	change(t, file, map[string]string{header: edgetest.CredentialName})
	harness.Run(t, addr, []string{"HOME=" + dir, "API_SITE=http://api.example:" + port, "API_AT=" + upstream, "LEASTKEY=" + asked(t, w), "API_KEY=" + edgetest.CredentialValue},
		"/usr/bin/caddy", "run", "--config", file, "--adapter", "caddyfile")
	return addr
}

// change replaces in a file what must be there once.
func change(t *testing.T, file string, pairs map[string]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for from, to := range pairs {
		if n := strings.Count(text, from); n != 1 {
			t.Fatalf("%s has %q %d times", file, from, n)
		}
		text = strings.Replace(text, from, to, 1)
	}
	write(t, file, text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
