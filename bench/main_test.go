package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The processes that are measured are this program, so the test is it too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "decide" || os.Args[1] == "start" || os.Args[1] == "serve") {
		main()
		return
	}
	os.Exit(m.Run())
}

// Everything is measured once, with little; and every answer that comes is the right one, or the run fails.
func TestShortRun(t *testing.T) {
	binary := os.Getenv("LEASTKEY_E2E_BINARY")
	if binary == "" {
		binary = filepath.Join(t.TempDir(), "leastkey")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/leastkey")
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	docs := t.TempDir()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"run", "-short", "-leastkey", binary, "-docs", docs}, nil, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if err := run(t.Context(), []string{"page", "-docs", docs}, nil, &out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(docs, "performance.md"))
	if err != nil || !strings.Contains(string(text), "short trial") {
		t.Errorf("%v: the page does not say that it is a trial", err)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{nil, {"walk"}, {"decide"}} {
		if err := run(context.Background(), args, nil, nil); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
