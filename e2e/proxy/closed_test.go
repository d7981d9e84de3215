package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// While Leastkey hangs, or is not there, nothing gets to the API; when it goes on, what is allowed does.
func TestLeastkeyAway(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			w := newWorld(t)
			behind := newAPI(t)
			front := f.start(t, w.at(t), behind.addr)
			allowed := request{target: own, header: w.bearer(t, "reader")}
			closed := func(when string) {
				t.Helper()
				if answer := front.send(t, allowed); answer.StatusCode < 500 {
					t.Errorf("%s: %d %s", when, answer.StatusCode, answer.text)
				}
				w.check(t, behind.take(), "", "", "")
			}
			open := func(when string) {
				t.Helper()
				if answer := front.send(t, allowed); answer.StatusCode != http.StatusOK {
					t.Errorf("%s: %d %s", when, answer.StatusCode, answer.text)
				}
				w.check(t, behind.take(), "GET "+own, "reader", "127.0.0.1")
			}
			open("at first")
			goOn := w.Hang(t)
			closed("hanging")
			goOn()
			open("after it hung")
			w.Stop(t)
			closed("gone")
		})
	}
}

// nobody is a token id that looks like one.
const nobody = "0123456789abcdef0123456789abcdef"

// What is no answer of Leastkey opens nothing, also not with an identity that the client brings along.
func TestAnswersOfOthers(t *testing.T) {
	for name, bytes := range map[string]string{
		"nothing":                      "",
		"one line":                     "allowed\r\n",
		"a line that begins well":      "HTTP/1.1\r\n\r\n",
		"a page":                       "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
		"no content":                   "HTTP/1.1 204 No Content\r\n\r\n",
		"no content, and no identity":  "HTTP/1.1 204 No Content\r\nLeastkey-Token-Id:\r\nLeastkey-Principal: user 1\r\n\r\n",
		"an identity of another form":  "HTTP/1.1 204 No Content\r\nLeastkey-Token-Id: anybody\r\n\r\n",
		"an identity that goes on":     "HTTP/1.1 204 No Content\r\nLeastkey-Token-Id: " + nobody + "0\r\n\r\n",
		"a redirect":                   "HTTP/1.1 302 Found\r\nLocation: /auth/caddy\r\nLeastkey-Token-Id: " + nobody + "\r\nContent-Length: 0\r\n\r\n",
		"a failure":                    "HTTP/1.1 500 Oops\r\nLeastkey-Token-Id: " + nobody + "\r\nContent-Length: 0\r\n\r\n",
		"a refusal with an identity":   "HTTP/1.1 403 Forbidden\r\nLeastkey-Token-Id: " + nobody + "\r\nContent-Length: 0\r\n\r\n",
		"a status of no kind":          "HTTP/1.1 999 What\r\nLeastkey-Token-Id: " + nobody + "\r\nContent-Length: 0\r\n\r\n",
		"a head that never ends":       "HTTP/1.1 204 No Content\r\nLeastkey-Token-Id: " + nobody + "\r\n",
		"a status that says otherwise": "HTTP/1.1 403 Forbidden\r\nLeastkey-Status: 200\r\nLeastkey-Body: {}\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			at := answering(t, bytes)
			for _, f := range fronts {
				t.Run(f.name, func(t *testing.T) {
					behind := newAPI(t)
					front := f.start(t, at, behind.addr)
					for _, header := range [][]string{nil, {"Leastkey-Token-Id: " + nobody, "Leastkey-Principal: user 1"}} {
						answer := front.send(t, request{target: own, header: append(header, "Authorization: Bearer any")})
						if answer.StatusCode < 300 {
							t.Errorf("answered %d %s", answer.StatusCode, answer.text)
						}
						for _, r := range behind.take() {
							t.Errorf("the API saw %s %s %v", r.Method, r.RequestURI, r.Header)
						}
					}
				})
			}
		})
	}
}

// answering is where something listens that reads a request, says this, and hangs up.
func answering(t *testing.T, bytes string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, bytes)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// Who is no proxy may not ask, whatever it says of itself.
func TestOnlyProxiesAsk(t *testing.T) {
	w := newWorld(t)
	nginx := []string{"X-Original-Method: GET", "X-Original-URI: " + own, "X-Original-Host: " + site}
	others := []string{"X-Forwarded-Method: GET", "X-Forwarded-Uri: " + own, "X-Forwarded-Host: " + site}
	for path, header := range map[string][]string{"/auth/nginx": nginx, "/auth/caddy": others, "/auth/traefik": others} {
		for from, want := range map[string]int{"127.0.0.1": http.StatusNoContent, "127.0.0.2": http.StatusForbidden} {
			header := append(append([]string{"X-Forwarded-For: 127.0.0.1, 127.0.0.3"}, header...), w.bearer(t, "reader")...)
			answer := front{"itself", w.at(t)}.send(t, request{from: from, target: path, header: header})
			if answer.StatusCode != want || (want == http.StatusNoContent) != (answer.Header.Get("Leastkey-Token-Id") == w.ids["reader"]) {
				t.Errorf("%s from %s: %d %v %s; want %d", path, from, answer.StatusCode, answer.Header, answer.text, want)
			}
			if want == http.StatusForbidden && !strings.Contains(answer.text, "Only a proxy may ask here") {
				t.Errorf("%s from %s: %s", path, from, answer.text)
			}
		}
	}
}
