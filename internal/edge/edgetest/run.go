package edgetest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The upstream's own credential, which an adapter that forwards must add.
const (
	CredentialName  = "X-Upstream-Key"
	CredentialValue = "upstream-key-for-tests"
)

// Run sends every vector to the adapter that start gives the address of, and holds what comes
// back, and what the upstream saw, against it. The adapter is to decide with w.Guard and to
// forward to u with the credential above.
func Run(t *testing.T, start func(t *testing.T, w *World, u *Upstream) (addr string)) {
	w, u := NewWorld(t), StartUpstream(t)
	addr := start(t, w, u)
	for _, v := range hostile() {
		t.Run(v.name, func(t *testing.T) { w.try(t, u, addr, v) })
	}
}

// vector is one hostile request, and what is to become of it.
type vector struct {
	name string
	raw  string // bytes on the wire, with the placeholders of World.Fill
	want want
}

type want struct {
	refused []int  // statuses: the upstream sees nothing
	line    string // forwarded: the request line that the upstream sees, with placeholders
	body    string
}

const patience = 10 * time.Second

// try sends the vector and, right behind it, a request that is in order. However the first one
// ends, what follows it on the connection is either nothing or exactly the second.
func (w *World) try(t *testing.T, u *Upstream, addr string, v vector) {
	u.Take()
	statuses, cut, err := exchange(addr, w.Fill(v.raw)+w.probe())
	if err != nil {
		t.Fatal(err)
	}
	if cut != nil {
		t.Fatalf("answers %v, then: %v", statuses, cut)
	}
	requests, broken := u.Take()
	if len(broken) > 0 {
		t.Fatalf("the upstream got what is no request: %q", broken)
	}
	for _, r := range requests {
		w.inspect(t, r)
	}
	if len(statuses) == 0 || len(statuses) > 2 {
		t.Fatalf("answers %v: want one, and perhaps that of the request behind it", statuses)
	}
	if len(statuses) == 2 {
		if n := len(requests); statuses[1] != http.StatusOK || n == 0 || requests[n-1].Line() != w.Fill("GET "+probeTarget+" HTTP/1.1") {
			t.Fatalf("the request behind was answered with %d; the upstream saw %s", statuses[1], lines(requests))
		}
		requests = requests[:len(requests)-1]
	}
	w.judge(t, v.want, statuses[0], requests)
}

const probeTarget = records + "?behind=it"

// probe is the request that is in order.
func (w *World) probe() string {
	return w.Fill("GET " + probeTarget + " HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n")
}

// exchange writes the bytes on a connection of their own, and reads the statuses of the answers up
// to its end. cut is what ended them otherwise.
func exchange(addr, raw string) (statuses []int, cut, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, nil, err
	}
	_, _ = io.WriteString(c, raw) // the other side may have closed already
	statuses, cut = readAnswers(c)
	return statuses, cut, nil
}

// judge holds what happened to the vector itself against what is wanted.
func (w *World) judge(t *testing.T, want want, status int, requests []Request) {
	if want.refused != nil {
		if !slices.Contains(want.refused, status) || len(requests) > 0 {
			t.Fatalf("answered %d, and the upstream saw %s; want a refusal with %v", status, lines(requests), want.refused)
		}
		return
	}
	if status != http.StatusOK || len(requests) != 1 {
		t.Fatalf("answered %d, and the upstream saw %s; want %q forwarded", status, lines(requests), want.line)
	}
	if got := requests[0].Line(); got != w.Fill(want.line) {
		t.Errorf("the upstream saw %q; want %q", got, w.Fill(want.line))
	}
	if got := string(requests[0].Body); got != w.Fill(want.body) {
		t.Errorf("the upstream got the body %q; want %q", got, w.Fill(want.body))
	}
}

var ownedHeader = regexp.MustCompile(`(?im)^(authorization|proxy-authorization|x.auth.\w+|x.auth.user.service.key|connection|te|upgrade|expect|forwarded|x.real.ip|x.http.method.override|x.original.url|x.rewrite.url|transfer.encoding\s)[ \t]*:`)

// inspect looks for what no request may bring to the upstream.
func (w *World) inspect(t *testing.T, r Request) {
	t.Helper()
	for _, secret := range []string{w.Token.Reveal(), w.Key.Reveal()} {
		if bytes.Contains(r.Head, []byte(secret)) || bytes.Contains(r.Body, []byte(secret)) {
			t.Errorf("the upstream saw a credential: %q", r.Head)
		}
	}
	if bytes.Contains(bytes.ToLower(r.Head), []byte("forged")) {
		t.Errorf("the upstream saw something forged: %q", r.Head)
	}
	if found := ownedHeader.Find(r.Head); found != nil {
		t.Errorf("the upstream saw the header %q", found)
	}
	for name, value := range map[string]string{
		CredentialName:       CredentialValue,
		"Leastkey-Token-Id":  w.TokenID.String(),
		"Leastkey-Principal": "user " + w.UserID.String(),
		"X-Forwarded-For":    "127.0.0.1",
		"X-Forwarded-Proto":  "http",
		"X-Forwarded-Host":   "api.example",
		"Host":               "",
	} {
		if got := r.Values(name); len(got) != 1 || value != "" && got[0] != value {
			t.Errorf("the upstream saw %s %q; want %q once", name, got, value)
		}
	}
	for line := range strings.SplitSeq(strings.ToLower(string(r.Head)), "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		name = strings.NewReplacer("_", "-", ".", "-").Replace(name)
		known := name == "leastkey-token-id" || name == "leastkey-principal"
		if (strings.HasPrefix(name, "leastkey") || strings.HasPrefix(name, "x-leastkey")) && !known {
			t.Errorf("the upstream saw an identity header %q", line)
		}
	}
}

func lines(requests []Request) string {
	var all []string
	for _, r := range requests {
		all = append(all, fmt.Sprintf("%q", r.Line()))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// readAnswers reads answers up to the end of the connection.
func readAnswers(c net.Conn) (statuses []int, err error) {
	in := bufio.NewReader(c)
	for {
		if _, err := in.Peek(1); err == io.EOF {
			return statuses, nil
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses, err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return statuses, err
		}
		if answer.StatusCode != http.StatusContinue {
			statuses = append(statuses, answer.StatusCode)
		}
	}
}
