package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// client connects with the credential of the environment: a token, else e-mail and key.
func (a *app) client() (*client.Client, error) {
	credential, err := a.credential()
	if err != nil {
		return nil, err
	}
	return a.clientWith(credential)
}

// clientWith connects with this credential.
func (a *app) clientWith(credential client.Credential) (*client.Client, error) {
	base := a.url
	if base == "" {
		base = a.getenv("LEASTKEY_URL")
	}
	if base == "" {
		return nil, errors.New("which API? Set LEASTKEY_URL or give --url, such as http://127.0.0.1:8080/client/v4")
	}
	c, err := client.New(base, credential)
	if err != nil {
		return nil, err
	}
	if exposed(base) {
		_, _ = fmt.Fprintln(a.stderr, "warning: the address is http:// and not of this machine: whoever is on the way reads the credential")
	}
	return c, nil
}

// exposed reports whether a credential sent there could be read on the way.
func exposed(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

func (a *app) credential() (client.Credential, error) {
	email, key := a.getenv("LEASTKEY_EMAIL"), a.getenv("LEASTKEY_KEY")
	if token := a.getenv("LEASTKEY_TOKEN"); token != "" {
		if key != "" {
			_, _ = fmt.Fprintln(a.stderr, "note: LEASTKEY_TOKEN and LEASTKEY_KEY are both set; the token is used")
		}
		return bearer(token, "LEASTKEY_TOKEN")
	}
	switch {
	case email != "" && key != "":
		return globalKey(email, key)
	case email != "" || key != "":
		return client.Credential{}, errors.New("LEASTKEY_EMAIL and LEASTKEY_KEY go together: set both")
	default:
		return client.Credential{}, errors.New("who is asking? Set LEASTKEY_TOKEN to an API token, or LEASTKEY_EMAIL and LEASTKEY_KEY to a Global API Key")
	}
}

// globalKey reads a Global API Key as it was pasted. It never repeats it.
func globalKey(email, pasted string) (client.Credential, error) {
	key := strings.TrimSpace(pasted)
	if len(key) != 37 || strings.ContainsFunc(key, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') }) {
		return client.Credential{}, errors.New("LEASTKEY_KEY holds no Global API Key, which has 37 characters of 0-9 and a-f; an API token goes into LEASTKEY_TOKEN")
	}
	return client.Key(strings.TrimSpace(email), key), nil
}

// bearer reads a token as it was pasted. It never repeats it.
func bearer(pasted, from string) (client.Credential, error) {
	token := strings.TrimSpace(pasted)
	if token == "" {
		return client.Credential{}, fmt.Errorf("%s holds no token", from)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return client.Credential{}, fmt.Errorf("%s holds more than a token: it has spaces or other characters that no token has", from)
	}
	return client.Bearer(token), nil
}

// dataFlag says where a running server keeps its data, and its socket.
type dataFlag struct {
	Data string `placeholder:"DIR" help:"Data directory of the running server. Default: $$LEASTKEY_DATA, else ./data."`
}

// operator connects to the server that runs on the data directory.
func (d dataFlag) operator(a *app) (*client.Operator, error) {
	dir := a.dataDir(d.Data)
	socket := filepath.Join(dir, api.OperatorSocket)
	_, err := os.Stat(socket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("no server runs on %s: there is no %s. Start one, or give its directory with --data", dir, socket)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("you may not open %s: be the user that the server runs as", socket)
	case err != nil:
		return nil, err
	}
	return client.NewOperator(dir)
}

func (a *app) dataDir(flag string) string {
	if flag != "" {
		return flag
	}
	if dir := a.getenv("LEASTKEY_DATA"); dir != "" {
		return dir
	}
	return "data"
}
