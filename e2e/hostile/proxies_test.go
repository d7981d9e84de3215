package hostile

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

func behindNginx(t *testing.T, w *edgetest.World, upstream string) string {
	return proxy(t, nginxSnippet, asked(t, w), upstream, func(dir, file string) *exec.Cmd {
		return exec.Command("/usr/sbin/nginx", "-e", "stderr", "-p", dir, "-c", file)
	})
}

func behindCaddy(t *testing.T, w *edgetest.World, upstream string) string {
	return proxy(t, caddySnippet, asked(t, w), upstream, func(dir, file string) *exec.Cmd {
		c := exec.Command("caddy", "run", "--adapter", "caddyfile", "--config", file)
		c.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		return c
	})
}

// proxy runs a proxy until the test ends.
func proxy(t *testing.T, configuration, asked, upstream string, command func(dir, file string) *exec.Cmd) (addr string) {
	t.Helper()
	dir := t.TempDir()
	addr = freeAddr(t)
	filled := strings.NewReplacer("{listen}", addr, "{port}", addr[strings.LastIndexByte(addr, 58)+1:], "{asked}", asked, "{upstream}", upstream, "{dir}", dir,
		"{name}", edgetest.CredentialName, "{value}", edgetest.CredentialValue).Replace(configuration)
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	run := command(dir, file)
	var out strings.Builder
	run.Stdout, run.Stderr = &out, &out
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = run.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			o := out.String()
			t.Log(o[:min(len(o), 4000)])
		}
	})
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr
		}
		select {
		case <-again.C:
		case <-ended:
			t.Fatalf("ended before it listened: %s", out.String())
		case <-time.After(20 * time.Second):
			t.Fatal("does not listen")
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
