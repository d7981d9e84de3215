package hostile

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"testing"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// upstream is a program that reports what it parsed.
type upstream struct {
	addr string
	take func() ([]edgetest.Report, error)
}

// upstreams are how to start each of them.
var upstreams = map[string]func(t *testing.T) upstream{
	"Go": func(t *testing.T) upstream {
		r := &edgetest.Reporter{}
		return upstream{r.Start(t), r.Take}
	},
	"Node":   func(t *testing.T) upstream { return program(t, "node", "upstreams/report.mjs") },
	"Python": func(t *testing.T) upstream { return program(t, "python3", "upstreams/report.py") },
}

// program starts a reporting upstream that runs until its input ends.
func program(t *testing.T, name, script string) upstream {
	t.Helper()
	command := exec.Command(name, script)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", script, err)
		}
	})
	var port, control int
	if _, err := fmt.Fscan(out, &port, &control); err != nil {
		t.Fatalf("%s says no ports: %v", script, err)
	}
	return upstream{
		addr: fmt.Sprintf("127.0.0.1:%d", port),
		take: func() ([]edgetest.Report, error) {
			answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", control))
			if err != nil {
				return nil, err
			}
			defer answer.Body.Close()
			var reports []edgetest.Report
			return reports, json.NewDecoder(answer.Body).Decode(&reports)
		},
	}
}
