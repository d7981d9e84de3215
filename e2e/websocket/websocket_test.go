// Package websocket speaks WebSocket through `leastkey serve`, with the npm package ws on both sides, unmodified.
package websocket

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const catalog = `namespace: com.example.chat
resources: {room: {}}
permission_groups: [{id: 5c0e8f0e6c1b4a7d9b0d3f4a2e1c7a01, name: Chat, resource: room}]
operations:
  - {route: "GET /rooms/{id}/chat", any_of: [Chat], target: {room: path.id}, upgrade: websocket}
`

// A WebSocket passes as long as its token may, and ends with it; a server that stops does not wait for one.
func TestWebSocket(t *testing.T) {
	install(t)
	s := harness.Serve(t, harness.Files{"catalog.yaml": catalog, "leastkey.yaml": fmt.Sprintf(`
listen: 127.0.0.1:0
data: data
catalog: catalog.yaml
upstream: {url: "http://127.0.0.1:%d", credential: {header: X-Api-Key, env: CHAT_KEY}}
`, server(t))}, "CHAT_KEY=the-one-key-of-the-chat")
	ada := s.Member(t, "ada@example.com", "Kitchen")
	for _, room := range []string{"one", "two"} {
		s.Operator(t, "resource", "add", "room:"+room, "--parent", "account:Kitchen")
	}
	token := s.Token(t, ada, "--name", "talker", "--allow", "Chat on room:one")
	other := s.Token(t, ada, "--name", "other", "--allow", "Chat on room:one")

	talker, stays := connect(t, s, "one", token), connect(t, s, "one", other)
	for _, c := range []*client{talker, stays} {
		c.want(t, event{Open: "chat"})
		if got := c.next(t); strings.Contains(got.Message, token) || strings.Contains(got.Message, other) || !strings.Contains(got.Message, ada.ID) ||
			!strings.Contains(got.Message, "the-one-key-of-the-chat") {
			t.Errorf("the server saw %s", got.Message)
		}
	}
	for _, said := range []string{"hello", strings.Repeat("a long message ", 1<<16)} {
		talker.say(t, said)
		talker.want(t, event{Message: said})
	}
	talker.say(t, "ping")
	talker.want(t, event{Pong: true})

	connect(t, s, "two", token).want(t, event{Refused: 403})
	s.CommandLine(t, ada, "token", "delete", "talker", "--yes")
	talker.want(t, event{Closed: 1006})
	connect(t, s, "one", token).want(t, event{Refused: 401})
	stays.say(t, "still there")
	stays.want(t, event{Message: "still there"})

	s.Stop(t)
	stays.want(t, event{Closed: 1006})
}

// install fetches the one package that the lock file names, unless it is there. Its install scripts do not run.
func install(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", "ws", "package.json")); err == nil {
		return
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// node starts a program that runs until its input ends.
func node(t *testing.T, script string, environment ...string) (io.Writer, *bufio.Reader) {
	t.Helper()
	command := exec.Command("node", script)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, environment...)
	command.Stderr = t.Output()
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", script, err)
		}
	})
	return in, bufio.NewReader(out)
}

// server is the port of a new server.
func server(t *testing.T) (port int) {
	t.Helper()
	_, out := node(t, "server.mjs")
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatalf("the server says no port: %v", err)
	}
	return port
}

// event is one thing that happened to a client.
type event struct {
	Open    string
	Message string
	Binary  bool
	Pong    bool
	Refused int // status
	Closed  int // code; 1006: the connection was cut
}

type client struct {
	in  io.Writer
	out *json.Decoder
}

func connect(t *testing.T, s *harness.Server, room, token string) *client {
	t.Helper()
	in, out := node(t, "client.mjs", "TARGET=ws"+strings.TrimPrefix(s.URL, "http")+"/rooms/"+room+"/chat", "TOKEN="+token)
	return &client{in, json.NewDecoder(out)}
}

func (c *client) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (c *client) next(t *testing.T) event {
	t.Helper()
	var got event
	if err := c.out.Decode(&got); err != nil {
		t.Fatalf("the client says nothing more: %v", err)
	}
	return got
}

func (c *client) want(t *testing.T, want event) {
	t.Helper()
	if got := c.next(t); got != want {
		t.Fatalf("%.200v; want %.200v", got, want)
	}
}
