package chain

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
)

// Every way in which servers say how long an answer is; and answers that are not the one that is wanted.
func TestAnswersAreHeldToWhatIsWanted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/length":
			fmt.Fprint(w, "12345")
		case "/chunked":
			fmt.Fprint(w, "12")
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "345")
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/close":
			w.Header().Set("Connection", "close")
		default:
			http.Error(w, "no", http.StatusForbidden)
		}
	}))
	defer s.Close()
	addr := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		path         string
		status, body int
		right        bool
	}{
		{"/length", 200, 5, true}, {"/chunked", 200, 5, true}, {"/none", 204, 0, true},
		{"/length", 200, 6, false}, {"/chunked", 200, 4, false}, {"/none", 200, 0, false}, {"/else", 200, 3, false}, {"/close", 200, 0, false},
	} {
		l := load{addr: addr, requests: [][]byte{text("GET", c.path, []header{{"Host", "h"}})}, status: c.status, body: c.body}
		got, err := l.closed(t.Context(), 4, 20*time.Millisecond)
		if (err == nil) != c.right || c.right && got.requests < 4 {
			t.Errorf("%v: %d requests, %v", c, got.requests, err)
		}
	}
}

// At a rate there are as many requests as the rate says, and one that had to wait for the one before it has waited in
// its own time.
func TestOpenLoop(t *testing.T) {
	const slow = 20 * time.Millisecond
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer s.Close()
	l := load{addr: strings.TrimPrefix(s.URL, "http://"), requests: [][]byte{text("GET", "/", []header{{"Host", "h"}})}, status: 200, body: 2}
	got, err := l.open(t.Context(), 1, 100, 100*time.Millisecond)
	if err != nil || got.requests != 10 {
		t.Fatalf("%d requests, %v", got.requests, err)
	}
	if last := got.Quantile(1); last < 4*slow {
		t.Errorf("the last of ten requests, one every 10 ms, took %v, though each takes %v", last, slow)
	}
}

func TestRequestsAreAllowedOnes(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	w, err := workload.New(c, 1, 500)
	if err != nil {
		t.Fatal(err)
	}
	all, err := allowed(w, 30)
	if err != nil || len(all) != 30 {
		t.Fatal(len(all), err)
	}
	for _, c := range all {
		for name, request := range map[string]string{"client": string(raw(c, "")), "nginx": string(asked(c))} {
			if !strings.Contains(request, "\r\nAuthorization: Bearer "+c.Secret+"\r\n") || !strings.HasSuffix(request, "\r\n\r\n") {
				t.Errorf("%s:\n%s", name, request)
			}
		}
	}
}

// A row that others are held to has its name once.
func TestNamesOfRows(t *testing.T) {
	seen := map[string]int{}
	for _, l := range lines() {
		seen[l.name]++
	}
	for _, name := range []string{RowEndpointHTTP, RowEndpointFast, RowEndpointOurs, RowNginxOurs, RowNginxFast, RowNginxHTTP, RowGateway, RowNginxHTTPTo,
		RowNginxFastTo, RowGateway + big, RowNginxHTTPTo + big, RowGRPC, RowGRPCOurs} {
		if seen[name] != 1 {
			t.Errorf("%q is there %d times", name, seen[name])
		}
	}
}
