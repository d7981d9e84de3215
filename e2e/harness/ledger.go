package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Ledger remembers every secret that was handed out and finds them where they must not be: in files, logs, and answers
// other than the one that first showed them. It is safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	minted   []string // from create and roll, and whatever a test presents
	seeds    []string // passwords and keys from the ready file
	findings []string
}

// NewLedger is empty.
func NewLedger() *Ledger { return &Ledger{} }

// Add remembers a secret that must not be seen from now on.
func (l *Ledger) Add(secret string) { l.remember(&l.minted, secret) }

// AddSeed remembers a secret that the ready file hands out. The greeting on standard output may repeat it; nothing else.
func (l *Ledger) AddSeed(secret string) { l.remember(&l.seeds, secret) }

func (l *Ledger) remember(list *[]string, secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if secret != "" && !slices.Contains(*list, secret) {
		*list = append(*list, secret)
	}
}

// Secrets is how many secrets are known.
func (l *Ledger) Secrets() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.minted) + len(l.seeds)
}

// Observe reads one answer: it must contain no secret that is known, must not be a failure of the server, and may, on
// the token routes, hand out a new secret, which is known from then on.
func (l *Ledger) Observe(method, path string, status int, header http.Header, body []byte) {
	l.mu.Lock()
	seen := append(found(body, l.minted, l.seeds), found(headerText(header), l.minted, l.seeds)...)
	for _, secret := range seen {
		l.findings = append(l.findings, fmt.Sprintf("%s %s answered %d with the secret %s", method, path, status, hint(secret)))
	}
	if status >= http.StatusInternalServerError {
		l.findings = append(l.findings, fmt.Sprintf("%s %s answered %d: %s", method, path, status, body))
	}
	l.mu.Unlock()
	if status == http.StatusOK && strings.Contains(path, "/tokens") {
		l.Add(handedOut(body))
	}
}

// handedOut is the secret in an answer to create (`result.value`) or roll (`result`), or "".
func handedOut(body []byte) string {
	var envelope struct{ Result json.RawMessage }
	if json.Unmarshal(body, &envelope) != nil {
		return ""
	}
	var secret string
	if json.Unmarshal(envelope.Result, &secret) == nil {
		return secret
	}
	var token struct{ Value string }
	if json.Unmarshal(envelope.Result, &token) == nil {
		return token.Value
	}
	return ""
}

// Transport shows every answer to the ledger on its way to the client, which gets it unchanged.
func (l *Ledger) Transport(next http.RoundTripper) http.RoundTripper {
	return observer{ledger: l, next: next}
}

func (l *Ledger) client() *http.Client {
	return &http.Client{Transport: l.Transport(http.DefaultTransport)}
}

type observer struct {
	ledger *Ledger
	next   http.RoundTripper
}

// RoundTrip sends the request and reads the whole answer before it is passed on.
func (o observer) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := o.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	o.ledger.Observe(request.Method, request.URL.Path, response.StatusCode, response.Header, body)
	return response, nil
}

// searchTree looks into every file under root.
func (l *Ledger) searchTree(t *testing.T, root string) {
	t.Helper()
	if err := l.searchFiles(root); err != nil {
		t.Errorf("searching for secrets: %v", err)
	}
}

func (l *Ledger) searchFiles(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		l.search("the file "+name, content, true)
		return nil
	})
}

// searchLog looks into what the program logged.
func (l *Ledger) searchLog(t *testing.T, name string, content []byte) {
	t.Helper()
	l.search(name, content, true)
}

// searchGreeting looks into standard output, where a demo may tell its user the seeds, but never a token.
func (l *Ledger) searchGreeting(t *testing.T, content []byte) {
	t.Helper()
	l.search("standard output", content, false)
}

func (l *Ledger) search(place string, content []byte, seeds bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lists := [][]string{l.minted}
	if seeds {
		lists = append(lists, l.seeds)
	}
	for _, secret := range found(content, lists...) {
		finding := fmt.Sprintf("%s contains the secret %s", place, hint(secret))
		if !slices.Contains(l.findings, finding) {
			l.findings = append(l.findings, finding)
		}
	}
}

// report fails the test for each finding.
func (l *Ledger) report(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, finding := range l.findings {
		t.Error(finding)
	}
	if len(l.minted)+len(l.seeds) == 0 {
		t.Error("the ledger saw no secret at all: the search proved nothing")
	}
}

// found lists the secrets of which the content has the whole, or, of a long one, the middle: a secret that was cut
// short or lost its prefix is still a leak.
func found(content []byte, lists ...[]string) []string {
	var hits []string
	for _, list := range lists {
		for _, secret := range list {
			if bytes.Contains(content, []byte(needle(secret))) {
				hits = append(hits, secret)
			}
		}
	}
	return hits
}

func needle(secret string) string {
	const long, cut = 32, 8
	if len(secret) < long {
		return secret
	}
	return secret[cut : len(secret)-cut]
}

// hint tells secrets apart in a test's output without printing them.
func hint(secret string) string {
	if len(secret) < 12 {
		return fmt.Sprintf("of %d bytes", len(secret))
	}
	return fmt.Sprintf("%s... of %d bytes", secret[:6], len(secret))
}

func headerText(header http.Header) []byte {
	var text bytes.Buffer
	_ = header.Write(&text) // a bytes.Buffer takes everything
	return text.Bytes()
}

// Search looks for every known secret in content from a place where none may be.
func (l *Ledger) Search(place string, content []byte) { l.search(place, content, true) }

// tokenShape is what a token looks like that is not known yet.
var tokenShape = regexp.MustCompile(`\blk[ua]t_[0-9A-Za-z]{30,}`)

// Redact is the text without secrets, for the output of a test.
func (l *Ledger) Redact(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, secret := range slices.Concat(l.minted, l.seeds) {
		text = strings.ReplaceAll(text, secret, "["+hint(secret)+"]")
	}
	return tokenShape.ReplaceAllString(text, "[a token]")
}

// Findings is what was found so far.
func (l *Ledger) Findings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.findings)
}
