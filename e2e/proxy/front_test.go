// Package proxy runs nginx and Caddy with the configurations of examples/, in front of an API that says what it saw, and
// with a real `leastkey serve` to ask.
package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const (
	site = "api.example.com"
	key  = "the-one-key-of-this-api" // as in the examples
)

// front is a proxy that runs.
type front struct{ name, addr string }

// fronts are the proxies, each with its own way to start.
var fronts = []struct {
	name  string
	start func(t *testing.T, ask, api string) front
}{{"nginx", nginx}, {"caddy", caddy}}

// nginx runs examples/nginx. Of its files, the addresses of Leastkey and the API are replaced in api.conf, and
// leastkey/listen.conf, which is about TLS, is another.
func nginx(t *testing.T, ask, api string) front {
	t.Helper()
	addr := harness.FreeAddress(t)
	return nginxWith(t, ask, api, addr, "listen "+addr+";")
}

func nginxWith(t *testing.T, ask, api, addr, listen string) front {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "nginx"))); err != nil {
		t.Fatal(err)
	}
	conf := read(t, filepath.Join(dir, "api.conf"))
	for from, to := range map[string]string{"127.0.0.1:8791": ask, "127.0.0.1:8081": api} {
		if strings.Count(conf, from) != 1 {
			t.Fatalf("the example does not have the address %s once", from)
		}
		conf = strings.Replace(conf, from, to, 1)
	}
	write(t, filepath.Join(dir, "api.conf"), conf)
	write(t, filepath.Join(dir, "leastkey", "listen.conf"), listen)
	// What a distribution's nginx.conf has around the example, for a user who is not root.
	write(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(`
pid %[1]s/nginx.pid;
daemon off;
worker_processes 1;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
	include api.conf;
}
`, dir))
	harness.Run(t, addr, nil, "/usr/sbin/nginx", "-e", "stderr", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	return front{"nginx", addr}
}

// caddy runs examples/caddy as it is: the environment says all that is to be said. A name with http:// has no TLS.
func caddy(t *testing.T, ask, api string) front {
	t.Helper()
	addr := harness.FreeAddress(t)
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	file, err := filepath.Abs(filepath.Join("..", "..", "examples", "caddy", "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	harness.Run(t, addr, []string{"HOME=" + dir, "API_SITE=http://" + site + ":" + port, "API_AT=" + api, "LEASTKEY=" + ask, "API_KEY=" + key},
		"/usr/bin/caddy", "run", "--config", file, "--adapter", "caddyfile")
	return front{"caddy", addr}
}

// request is what a client sends, byte for byte.
type request struct {
	from   string // address of the client; "": 127.0.0.1
	method string // "": GET
	target string
	host   string // "": the site
	header []string
	body   string // after the empty line, as it is
}

// reply is an answer that was read whole.
type reply struct {
	*http.Response
	text string
}

// send writes the request to the proxy and reads the answer.
func (f front) send(t *testing.T, r request) reply {
	t.Helper()
	from := &net.TCPAddr{IP: net.ParseIP(orElse(r.from, "127.0.0.1"))}
	c, err := (&net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return exchange(t, c, r)
}

func exchange(t *testing.T, c net.Conn, r request) reply {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	method := orElse(r.method, "GET")
	lines := append([]string{method + " " + r.target + " HTTP/1.1", "Host: " + orElse(r.host, site)}, r.header...)
	_, _ = io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n\r\n"+r.body) // a refusal may come before the whole is written
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, r.target, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, r.target, err)
	}
	return reply{answer, string(text)}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
