package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNodes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := strings.Repeat("k", 32)
	good, short, empty := file("good", key+"\n"), file("short", "secret"), file("empty", "\n")
	for _, text := range []string{
		"nodes: {listen: 127.0.0.1:8793, key: {file: " + good + "}}\n",
		"nodes: {listen: '[::1]:0', key: {file: " + good + "}}\n",
		"nodes: {listen: 0.0.0.0:8793, key: {file: " + good + "}}\ntls: {certificate: a, key: b}\n",
	} {
		if c, problem := load(t, sound+text); problem != "" || c.Nodes.Key != key || c.Nodes.Listen == "" {
			t.Errorf("%s: %s %q", text, problem, c.Nodes.Listen)
		}
	}
	if c, problem := load(t, sound); problem != "" || c.Nodes.Listen != "" || c.Nodes.Key != "" {
		t.Error(problem, c.Nodes)
	}
	const at = "leastkey.yaml:6: nodes."
	beyond := at + "listen: beyond loopback this needs tls: whoever can answer in its place can make tokens; set tls, or listen at 127.0.0.1"
	for text, want := range map[string]string{
		"nodes: {key: {file: " + good + "}}\n":                             at + `listen: "" is not host:port, such as 127.0.0.1:8787`,
		"nodes: {listen: ':8793', key: {file: " + good + "}}\n":            beyond,
		"nodes: {listen: 'node:8793', key: {file: " + good + "}}\n":        beyond,
		"nodes: {listen: 127.0.0.1:1}\n":                                   at + "key: give exactly one of env and file",
		"nodes: {listen: 127.0.0.1:1, key: {env: KEY, file: x}}\n":         at + "key: give exactly one of env and file",
		"nodes: {listen: 127.0.0.1:1, key: {env: NOT_SET}}\n":              at + "key.env: NOT_SET is not set in the environment",
		"nodes: {listen: 127.0.0.1:1, key: {file: " + empty + "}}\n":       at + "key.file: " + empty + " is empty",
		"nodes: {listen: 127.0.0.1:1, key: {file: " + short + "}}\n":       at + "key.file: the key of the feed must have at least 32 printable ASCII characters and no space; openssl rand -hex 32 makes one",
		"nodes: {listen: 127.0.0.1:1, key: {file: " + dir + "/nothing}}\n": at + "key.file: open " + dir + "/nothing: no such file or directory",
		"nodes: {listen: 127.0.0.1:1, key: " + key + "}\n":                 at + "key: want keys and values, such as env: ...",
	} {
		if _, got := load(t, sound+text); !strings.HasPrefix(got, want) {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
