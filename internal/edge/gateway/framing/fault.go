package framing

import (
	"net/http"
	"strconv"
	"strings"
)

// Fault is why a request was refused before it became one. The zero Fault is none.
type Fault uint8

// The faults.
const (
	_ Fault = iota
	LineEnds
	ControlByte
	RequestLine
	Version
	Form
	Escape
	HeaderLine
	Folded
	HostField
	BothLengths
	ContentLength
	TransferEncoding
	Expectation
	Trailers
	ChunkLine
	TooLong
)

// Status is the HTTP status to answer.
func (f Fault) Status() int {
	switch f {
	case Version:
		return http.StatusHTTPVersionNotSupported
	case TransferEncoding:
		return http.StatusNotImplemented
	case Expectation:
		return http.StatusExpectationFailed
	case TooLong:
		return http.StatusRequestHeaderFieldsTooLarge
	default:
		return http.StatusBadRequest
	}
}

// Words says to the caller what was wrong. They repeat nothing of the request.
func (f Fault) Words() string {
	switch f {
	case LineEnds:
		return "a line of the request's head ends in a bare CR or LF; lines end in CR LF"
	case ControlByte:
		return "the request's head has a control character"
	case RequestLine:
		return "the request line is not of the form METHOD SP /path SP HTTP/1.1"
	case Version:
		return "the HTTP version is not 1.1 or 1.0"
	case Form:
		return "the request target must be a path that begins with a slash"
	case Escape:
		return "the request target has a % that two hex digits do not follow"
	case HeaderLine:
		return "a header line is not of the form name, colon, value; no space may stand before the colon"
	case Folded:
		return "a header is folded over two lines"
	case HostField:
		return "the request needs exactly one Host, a name or address with an optional port"
	case BothLengths:
		return "the request has both Content-Length and Transfer-Encoding"
	case ContentLength:
		return "Content-Length must come once and be a plain decimal number"
	case TransferEncoding:
		return `Transfer-Encoding must come once, in HTTP/1.1, and be "chunked"`
	case Expectation:
		return `Expect must come once and be "100-continue"`
	case Trailers:
		return "trailers are not supported"
	case ChunkLine:
		return "a chunk of the body is malformed; chunk extensions are not supported"
	case TooLong:
		return "the request's head is longer than " + strconv.Itoa(MaxHead) + " bytes"
	default:
		return "the request is malformed"
	}
}

// refusedMethod is the method of the request that stands in for a refused one. No request that
// passes can have it: a method there is upper-case letters only.
const refusedMethod = "refused-"

// substitute is the request that a server reads in the place of a refused one.
func (f Fault) substitute() []byte {
	return []byte(refusedMethod + " /" + strconv.Itoa(int(f)) + " HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n")
}

// Refused tells whether a request that a server read from a [Listen] connection stands in for a
// refused one, and why. Such a request is to be answered with the fault's status and words, and
// with nothing else.
func Refused(r *http.Request) (Fault, bool) {
	if r.Method != refusedMethod {
		return 0, false
	}
	n, _ := strconv.ParseUint(strings.TrimPrefix(r.RequestURI, "/"), 10, 8)
	return Fault(n), true
}
