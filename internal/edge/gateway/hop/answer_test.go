package hop

import (
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestAnswers(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<15)
	for name, c := range map[string]struct {
		method, raw string
		status      int
		body        string
		reused      bool
	}{
		"length":                  {"GET", good, 200, "ok", true},
		"no phrase":               {"GET", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
		"empty":                   {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
		"chunks":                  {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n001\r\nk\r\n0\r\n\r\n", 200, "ok", true},
		"no chunk":                {"GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n", 200, "", true},
		"extensions and trailers": {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 ;a=\"b\"\r\nok\r\n0;c\r\nX: late\r\nY: later\r\n\r\n", 200, "ok", true},
		"long":                    {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 524288\r\n\r\n" + long, 200, long, true},
		"long in chunks":          {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n" + long + "\r\n0\r\n\r\n", 200, long, true},
		"many chunks":             {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("3\r\nabc\r\n", 20000) + "0\r\n\r\n", 200, strings.Repeat("abc", 20000), true},
		"HEAD":                    {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 200, "", true},
		"HEAD in chunks":          {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", true},
		"204":                     {"GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
		"204 of no length":        {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, "", true},
		"204 with a length":       {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", 204, "", false},
		"204 in chunks":           {"GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "", false},
		"304":                     {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", 304, "", true},
		"interim":                 {"GET", "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + good, 200, "ok", true},
		"to be closed":            {"GET", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
		"HTTP/1.0":                {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
		"bytes behind":            {"GET", good + "x", 200, "ok", false},
		"an answer behind":        {"GET", good + good, 200, "ok", false},
		"bytes behind chunks":     {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", 200, "", false},
		"bytes behind 304":        {"GET", "HTTP/1.1 304 Not Modified\r\n\r\nx", 304, "", false},
		"bytes behind a long one": {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000\r\n" + long + "\r\n0\r\n\r\n" + long, 200, long, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, times(), says(c.raw))
			for range 3 {
				answer, body, err := s.ask(s.request(t, c.method, ""))
				if err != nil || answer.StatusCode != c.status || body != c.body {
					t.Fatalf("%v, %d bytes %.20q, %v", answer, len(body), body, err)
				}
				if answer.Header.Get("X-Early") != "" || answer.Header.Get("Transfer-Encoding") != "" || len(answer.Trailer) > 0 {
					t.Errorf("the header is %v, the trailer %v", answer.Header, answer.Trailer)
				}
			}
			want := int64(3)
			if c.reused {
				want = 1
			}
			if n := s.conns.Load(); n != want {
				t.Errorf("%d connections; want %d", n, want)
			}
		})
	}
}

// An answer until the end of the connection is whole when that comes in order.
func TestAnswerUntilClosed(t *testing.T) {
	s := start(t, times(), func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nuntil the end")
	})
	for range 2 {
		s.get(t, "until the end")
	}
	if n := s.conns.Load(); n != 2 {
		t.Errorf("%d connections; want 2", n)
	}
}

func TestBrokenAnswers(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":                      "",
		"cut in the status":            "HTTP/1.1 20",
		"cut in the head":              "HTTP/1.1 200 OK\r\nA: b\r\n",
		"no HTTP":                      "SSH-2.0-OpenSSH\r\n\r\n",
		"HTTP/2":                       "HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.2":                     "HTTP/1.2 200 OK\r\n\r\n",
		"no status":                    "HTTP/1.1\r\n\r\n",
		"short status":                 "HTTP/1.1 20 OK\r\n\r\n",
		"long status":                  "HTTP/1.1 2000 OK\r\n\r\n",
		"status of letters":            "HTTP/1.1 2xx OK\r\n\r\n",
		"status below 100":             "HTTP/1.1 099 OK\r\n\r\n",
		"bare LF":                      "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		"one bare LF":                  "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 2\r\n\r\nok",
		"bare CR":                      "HTTP/1.1 200 OK\r\nA: b\rContent-Length: 0\r\n\r\n",
		"NUL":                          "HTTP/1.1 200 OK\r\nA: b\x00\r\nContent-Length: 2\r\n\r\nok",
		"folded":                       "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok",
		"space before the colon":       "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
		"no colon":                     "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 2\r\n\r\nok",
		"no name":                      "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\nok",
		"both lengths":                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
		"the same length twice":        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		"two lengths in one":           "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
		"negative length":              "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
		"length with a sign":           "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
		"length in hex":                "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
		"length beyond all":            "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nok",
		"length with a zero in front":  "HTTP/1.1 200 OK\r\nContent-Length: 02\r\n\r\nok",
		"a letter that folds to k":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chun\u212aed\r\n\r\n0\r\n\r\n",
		"empty length":                 "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
		"another coding":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
		"two codings":                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"chunked twice":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks in HTTP/1.0":           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"head too long":                "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", maxHead) + "\r\n\r\n",
		"head of too many lines":       "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHead/6) + "Content-Length: 0\r\n\r\n",
		"interim with a length":        "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n" + good,
		"interim in chunks":            "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + good,
		"interim without end":          strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100) + good,
		"shorter than it says":         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
		"chunk without an end":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok",
		"chunks without an end":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
		"no end behind the last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
		"chunk longer than it says":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
		"chunk ended by LF":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n",
		"size ended by LF":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n",
		"size with CR in it":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;\ra\r\nok\r\n0\r\n\r\n",
		"no size":                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n",
		"size with a space":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nok\r\n0\r\n\r\n",
		"size with a space behind":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
		"negative size":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
		"size that is no hex":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
		"size beyond all":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\nok\r\n0\r\n\r\n",
		"extension too long":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + strings.Repeat("a", 1<<16) + "\r\nok\r\n0\r\n\r\n",
		"trailer without a colon":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n0\r\n\r\n",
		"trailer without a name":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n: a\r\n\r\n",
		"folded trailer":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n",
		"NUL in a trailer":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: \x00\r\n\r\n",
		"trailers too long":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 1<<15) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, times(), func(c net.Conn) {
				readRequest(c)
				_, _ = io.WriteString(c, raw)
			})
			if answer, body, err := s.ask(s.request(t, http.MethodGet, "")); err == nil {
				t.Errorf("%v %.40q; want an error", answer, body)
			} else if errors.Is(err, io.EOF) && answer != nil {
				t.Error("an answer that was cut ended like a whole one")
			}
			if n := len(s.transport.idle.conns); n > 0 {
				t.Errorf("%d connections were kept", n)
			}
		})
	}
}

func TestParseHead(t *testing.T) {
	h, err := parseHead("HTTP/1.1 404 Not Here\r\ncontent-type: \ttext/plain \r\nX-A: 1\r\nx-a:2\r\nEmpty:\r\n")
	want := http.Header{"Content-Type": {"text/plain"}, "X-A": {"1", "2"}, "Empty": {""}}
	if err != nil || h.status != 404 || h.phrase != "404 Not Here" || !reflect.DeepEqual(h.header, want) || h.length != -1 || h.chunks || h.last {
		t.Errorf("%+v, %v", h, err)
	}
	// One value must not grow into the next field's.
	if h.header["Content-Type"] = append(h.header["Content-Type"], "x"); h.header.Get("X-A") != "1" {
		t.Error("fields share their room")
	}
}
