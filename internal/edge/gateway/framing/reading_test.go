package framing

import (
	"bufio"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// same holds the reading against what the filter makes of the same bytes, and against what net/http reads.
func same(t *testing.T, raw []byte, split int) {
	t.Helper()
	wantEnd, wantFault := headEnd(raw, 0)
	end, fault := HeadEnd(raw[:split], 0)
	if end == 0 && fault == 0 {
		end, fault = HeadEnd(raw, split)
	}
	if end != wantEnd || fault != wantFault {
		t.Fatalf("%.80q in two pieces at %d: the head ends at %d, %d; the filter says %d, %d", raw, split, end, fault, wantEnd, wantFault)
	}
	if end == 0 || fault != 0 {
		return
	}
	head := string(raw[:end])
	wantBody, wantFault := readHead(raw[:end])
	got, fault := ReadHead(head, nil)
	if fault != wantFault || fault == 0 && (got.Length != wantBody.fixed || got.Chunked != wantBody.chunked) {
		t.Fatalf("%q: %+v, %d; the filter says %+v, %d", head, got, fault, wantBody, wantFault)
	}
	if fault != 0 {
		return
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		t.Fatalf("%q: net/http does not take it: %v", head, err)
	}
	if r.Method != got.Method || r.RequestURI != got.Target || r.ProtoAtLeast(1, 1) == got.HTTP10 {
		t.Fatalf("%q: %+v; net/http reads %q %q %s", head, got, r.Method, r.RequestURI, r.Proto)
	}
	if diff := cmp.Diff(asServer(r), asRead(got)); diff != "" {
		t.Fatalf("%q: net/http (-) reads other fields:\n%s", head, diff)
	}
}

// asServer is the header as it came, without what net/http adds to it.
func asServer(r *http.Request) http.Header {
	h := r.Header.Clone()
	h["Host"] = []string{r.Host}
	if slices.Equal(h["Pragma"], []string{"no-cache"}) {
		delete(h, "Cache-Control")
	}
	return h
}

// asRead is the header of a reading as net/http gives it.
func asRead(r Reading) http.Header {
	h := http.Header{}
	for _, f := range r.Fields {
		h.Add(f.Name, f.Value)
	}
	delete(h, "Transfer-Encoding")
	if slices.Equal(h["Pragma"], []string{"no-cache"}) {
		delete(h, "Cache-Control")
	}
	return maps.Clone(h)
}

// Every byte of a head matters, and wherever the pieces in which it comes are divided.
func TestReadingIsTheFilters(t *testing.T) {
	head := "GET /a?b=%c HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nX-Empty:\r\nX-Blank: \t a b \t\r\nContent-Length: 0\r\n\r\n"
	for i := range len(head) {
		for _, c := range []byte("\r\n\t \x00\x1f\x7f\x80\xff:aA0%-_") {
			changed := []byte(head)
			changed[i] = c
			same(t, changed, i)
			same(t, changed, i+1)
		}
		for split := range len(head) {
			same(t, []byte(head[:i]+head[i+1:]), min(split, len(head)-1))
		}
	}
	long := "GET / HTTP/1.1\r\nHost: a\r\nX: "
	for _, n := range []int{MaxHead - 5, MaxHead - 4, MaxHead - 3, MaxHead - 2, MaxHead - 1, MaxHead, MaxHead + 1} {
		raw := []byte(long + strings.Repeat("a", n-len(long)) + "\r\n\r\n")
		for _, split := range []int{n - 9, n - 1, n, n + 1, n + 2, n + 3} {
			same(t, raw, split)
		}
	}
}

func FuzzReading(f *testing.F) {
	corpus, err := filepath.Glob("testdata/fuzz/FuzzFilter/*")
	if err != nil || len(corpus) == 0 {
		f.Fatal("the filter's corpus is not there", err)
	}
	for _, name := range corpus {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, quoted, _ := strings.Cut(string(text), "[]byte(")
		raw, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(quoted), ")"))
		if err != nil {
			f.Fatal(name, err)
		}
		f.Add([]byte(raw), uint16(7))
	}
	f.Fuzz(func(t *testing.T, raw []byte, split uint16) { same(t, raw, min(int(split), len(raw))) })
}

func BenchmarkReadHead(b *testing.B) {
	head := []byte("GET /auth/nginx HTTP/1.1\r\nX-Forwarded-For: 203.0.113.7\r\nX-Original-Method: GET\r\nX-Original-URI: /client/v4/zones/0123456789abcdef0123456789abcdef/dns_records?page=1\r\n" +
		"X-Original-Host: api.example.com\r\nHost: leastkey\r\nUser-Agent: curl/7.88.1\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n" +
		"Authorization: Bearer v1.0-0123456789abcdef01234567-0123456789abcdef0123456789abcdef\r\nContent-Type: application/json\r\n\r\n")
	b.Run("here", func(b *testing.B) {
		b.ReportAllocs()
		var room []Field
		for b.Loop() {
			end, _ := HeadEnd(head, 0)
			r, fault := ReadHead(string(head[:end]), room[:0])
			if room = r.Fields; fault != 0 {
				b.Fatal(fault)
			}
		}
	})
	b.Run("filter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			end, _ := headEnd(head, 0)
			if _, fault := readHead(head[:end]); fault != 0 {
				b.Fatal(fault)
			}
		}
	})
}
