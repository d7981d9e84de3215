package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// guess tries a password once, from an address.
func guess(t *testing.T, n *nodetest.Node, from, email, password string) nodetest.Answer {
	b := n.Browser(t)
	b.From = from
	return b.Send(b.Request(http.MethodPost, "/sign-in", credentials(email, password, "/")))
}

// TestGuessing shows that an answer to a guess, and the work behind it, say nothing about who there
// is; and that guesses run out, from one address and at one e-mail address.
func TestGuessing(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	withPassword(t, n, "known@example.com")
	limit := login.DefaultLimits()
	address := 0
	next := func() string { address++; return fmt.Sprintf("198.51.100.%d", address) }
	// Of each of these the answers are compared, with the address that was typed taken out.
	people := []string{"known@example.com", "nobody@example.com", n.Ada.Email /* has no password */, "not an address"}
	var answers []string
	for _, email := range people {
		var all strings.Builder
		for i := range limit.Email.Burst + 1 {
			before := n.Login.Work().Hashes
			a := guess(t, n, next(), email, "a wrong password")
			a.Header.Del("Date")
			fmt.Fprintf(&all, "%d: %d, %d hashes, %v\n%s\n", i, a.Status, n.Login.Work().Hashes-before, a.Header, strings.ReplaceAll(string(a.Body), email, "<e-mail>"))
		}
		answers = append(answers, all.String())
		a := guess(t, n, next(), email, password) // even the right one
		if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "30" {
			t.Errorf("%s: guess %d answered %d, Retry-After %q", email, limit.Email.Burst+2, a.Status, a.Header.Get("Retry-After"))
		}
	}
	for i, all := range answers {
		if all != answers[0] {
			t.Errorf("%s is told from %s:\n%s\n%s", people[i], people[0], all, answers[0])
		}
	}
	if want := fmt.Sprintf("%d: 401, 1 hashes", limit.Email.Burst-1); !strings.Contains(answers[0], want) || !strings.Contains(answers[0], fmt.Sprintf("%d: 429, 0 hashes", limit.Email.Burst)) {
		t.Errorf("answers were\n%s", answers[0])
	}

	before := n.Login.Work().Hashes
	for i := range limit.Address.Burst + 1 {
		a := guess(t, n, "203.0.113.1", fmt.Sprintf("person%d@example.com", i), "a wrong password")
		if want := http.StatusUnauthorized; i < limit.Address.Burst && a.Status != want {
			t.Errorf("guess %d from one address answered %d", i, a.Status)
		}
		if i == limit.Address.Burst && (a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "10") {
			t.Errorf("guess %d from one address answered %d, Retry-After %q", i, a.Status, a.Header.Get("Retry-After"))
		}
	}
	if done := n.Login.Work().Hashes - before; done != limit.Address.Burst {
		t.Errorf("%d hashes for %d guesses", done, limit.Address.Burst)
	}
	for _, typed := range []string{"a wrong password", password, "person1@example.com", "nobody@example.com"} {
		if strings.Contains(n.Log.String(), typed) {
			t.Errorf("%q, which somebody typed, is in the log", typed)
		}
	}
}

// TestGuessingInside shows that a session that is stolen is no way to guess the password.
func TestGuessingInside(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	withPassword(t, n, "known@example.com")
	b := n.Browser(t)
	b.Post("/sign-in", credentials("known@example.com", password, sessionsPath))
	form := func(current string) url.Values {
		return url.Values{"current": {current}, "new": {"another good password"}, "again": {"another good password"}}
	}
	for i := range login.DefaultLimits().Email.Burst {
		if a := b.Post("/profile/password", form("a wrong password")); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "This is not your current password.") {
			t.Fatalf("guess %d answered %d %s", i, a.Status, a.Body)
		}
	}
	if a := b.Post("/profile/password", form(password)); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "30" {
		t.Errorf("one more answered %d", a.Status)
	}
}

// TestThousandSignIns has a thousand people sign in at once. Each is answered, and never more is
// computed, or held in memory, than is allowed for.
func TestThousandSignIns(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	limits := login.DefaultLimits()
	for i := range 3 {
		withPassword(t, n, fmt.Sprintf("person%d@example.com", i))
	}
	most := newHighWater()
	const people = 1000
	statuses := make([]int, people)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range people {
		b := n.Browser(t)
		b.From = fmt.Sprintf("10.0.%d.%d", i/100, i%100)
		email := fmt.Sprintf("nobody%d@example.com", i)
		if i%2 == 0 {
			email = fmt.Sprintf("person%d@example.com", i%3)
		}
		r := b.Request(http.MethodPost, "/sign-in", credentials(email, password, "/"))
		all.Go(func() {
			<-start
			statuses[i] = b.Send(r).Status
			most.look()
		})
	}
	close(start)
	all.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	answered := counts[http.StatusSeeOther] + counts[http.StatusUnauthorized] + counts[http.StatusServiceUnavailable] + counts[http.StatusTooManyRequests]
	if answered != people {
		t.Errorf("%d of %d were answered: %v", answered, people, counts)
	}
	work := n.Login.Work()
	if work.Most > limits.Hashes || work.Hashes != counts[http.StatusSeeOther]+counts[http.StatusUnauthorized] {
		t.Errorf("%+v for %v", work, counts)
	}
	if counts[http.StatusServiceUnavailable] == 0 || work.Hashes < limits.Hashes+limits.Waiting {
		t.Errorf("there was no crowd, so this shows nothing: %v", counts)
	}
	// What the collector has not taken yet is at most as much again as what is in use.
	const perHash = 19 << 20
	if allowed := 2*(most.before+uint64(limits.Hashes)*perHash) + 64<<20; most.heap > allowed {
		t.Errorf("the heap grew from %d to %d MiB, more than %d", most.before>>20, most.heap>>20, allowed>>20)
	}
	t.Logf("%v; %+v; heap from %d to %d MiB", counts, work, most.before>>20, most.heap>>20)
}

// highWater is the most that the heap held when anybody looked.
type highWater struct {
	mu           sync.Mutex
	before, heap uint64
}

func newHighWater() *highWater {
	runtime.GC()
	w := &highWater{}
	w.look()
	w.before = w.heap
	return w
}

func (w *highWater) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.heap = max(w.heap, m.HeapAlloc)
}
