package hop

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// head is the head of an answer, and what follows it.
type head struct {
	proto  string
	minor  int
	status int
	phrase string // with the status in front
	header http.Header
	length int64 // of the body that the head says; -1 for none said
	chunks bool
	last   bool // no other answer comes on the connection
}

var (
	errHeadTooLong = errors.New("the head of the answer is longer than 64 KiB")
	errLineEnd     = errors.New("a line of the answer's head ends in a bare LF")
)

// malformed is for an answer that is not one, or could be read in two ways.
func malformed(format string, args ...any) error {
	return fmt.Errorf("malformed answer: "+format, args...)
}

// readHead reads a head, up to the empty line and with it.
func (c *conn) readHead() (head, error) {
	line := 0 // where the line that is read begins, behind c.from
	for looked := 0; ; {
		at := bytes.IndexByte(c.in[c.from+looked:c.to], '\n')
		if at < 0 {
			looked = c.to - c.from
			if looked >= maxHead {
				return head{}, errHeadTooLong
			}
			if err := c.fill(); err != nil {
				return head{}, err
			}
			continue
		}
		end := looked + at // the LF
		if end == 0 || c.in[c.from+end-1] != '\r' {
			return head{}, errLineEnd
		}
		looked = end + 1
		if end-1 > line {
			line = looked
			continue
		}
		if looked > maxHead {
			return head{}, errHeadTooLong
		}
		text := string(c.in[c.from : c.from+end-1])
		c.from += looked
		return parseHead(text)
	}
}

// parseHead reads a head without its empty line. Every line ends in CR LF.
func parseHead(text string) (head, error) {
	line, rest, _ := strings.Cut(text, "\r\n")
	h, err := parseStatus(line)
	if err != nil {
		return h, err
	}
	fields := strings.Count(rest, "\n")
	h.header = make(http.Header, fields)
	values := make([]string, fields)
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, found := strings.Cut(line, ":")
		if !found || !httpguts.ValidHeaderFieldName(name) {
			return h, malformed("a header line without a name")
		}
		value = strings.Trim(value, " \t")
		if !httpguts.ValidHeaderFieldValue(value) {
			return h, malformed("the value of the header %s has a control character", name)
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if before := h.header[name]; before != nil {
			h.header[name] = append(before, value)
			continue
		}
		values[0] = value
		h.header[name], values = values[:1:1], values[1:]
	}
	return h, h.frame()
}

// parseStatus reads a status line. The phrase may be missing, and its space with it.
func parseStatus(line string) (head, error) {
	version, rest, found := strings.Cut(line, " ")
	h := head{proto: version, phrase: rest, length: -1}
	switch {
	case !found:
		return h, malformed("no status line")
	case version == "HTTP/1.1":
		h.minor = 1
	case version != "HTTP/1.0":
		return h, malformed("the version is not HTTP/1.1 or HTTP/1.0")
	}
	code, phrase, _ := strings.Cut(rest, " ")
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" || code[0] == '0' || !httpguts.ValidHeaderFieldValue(phrase) {
		return h, malformed("the status line")
	}
	h.status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return h, nil
}

// frame reads what the header says of where the answer ends. It may say so once.
func (h *head) frame() error {
	lengths, codings := h.header["Content-Length"], h.header["Transfer-Encoding"]
	switch {
	case len(lengths) > 0 && len(codings) > 0:
		return malformed("it has both Content-Length and Transfer-Encoding")
	case len(lengths) > 1 || len(codings) > 1:
		return malformed("it has two lengths")
	case len(codings) == 1:
		if h.minor == 0 || len(codings[0]) != len("chunked") || !strings.EqualFold(codings[0], "chunked") {
			return malformed("its transfer coding is not chunked, in HTTP/1.1")
		}
		h.chunks = true
		delete(h.header, "Transfer-Encoding")
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 63)
		if err != nil || len(lengths[0]) > 1 && lengths[0][0] == '0' {
			return malformed("its Content-Length is not a plain number")
		}
		h.length = int64(n)
	}
	h.last = h.minor == 0
	for _, value := range h.header["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			h.last = h.last || strings.EqualFold(strings.Trim(option, " \t"), "close")
		}
	}
	return nil
}

// bodyless reports whether an answer has no body, whatever its head says.
func (h *head) bodyless(method string) bool {
	return method == http.MethodHead || h.status == http.StatusNoContent || h.status == http.StatusNotModified
}

// promises reports whether the head says that a body follows, be it one of no bytes in chunks. An answer
// that has none must not, but for those to HEAD and those that say what 304 leaves out.
func (h *head) promises() bool { return h.chunks || h.length > 0 }
