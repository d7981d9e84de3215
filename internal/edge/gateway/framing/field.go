package framing

import (
	"bytes"
	"strconv"
)

// fields collects what decides where a request ends and whom it is for.
type fields struct {
	host, lengths, encodings, expectations, trailers field
}

// field is one that may come once: how often it came, and its last value.
type field struct {
	times int
	value []byte
}

func (f *fields) add(line []byte) Fault {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return Folded
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || !isToken(line[:colon]) {
		return HeaderLine
	}
	of := f.of(line[:colon])
	if of == nil {
		return 0
	}
	of.times++
	of.value = bytes.Trim(line[colon+1:], " \t")
	return 0
}

// of is where a field of this name is collected; nil for nowhere.
func (f *fields) of(name []byte) *field {
	switch len(name) {
	case len("host"):
		if isNamed(name, "host") {
			return &f.host
		}
	case len("expect"):
		if isNamed(name, "expect") {
			return &f.expectations
		}
	case len("trailer"):
		if isNamed(name, "trailer") {
			return &f.trailers
		}
	case len("content-length"):
		if isNamed(name, "content-length") {
			return &f.lengths
		}
	case len("transfer-encoding"):
		if isNamed(name, "transfer-encoding") {
			return &f.encodings
		}
	}
	return nil
}

// isNamed compares a name or a value with one in lower case, as ASCII.
func isNamed(got []byte, want string) bool {
	if len(got) != len(want) {
		return false
	}
	for i, c := range got {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != want[i] {
			return false
		}
	}
	return true
}

func (f *fields) length(http10 bool) (length, Fault) {
	switch {
	case f.host.times != 1 || !isHost(f.host.value):
		return length{}, HostField
	case f.lengths.times > 0 && f.encodings.times > 0:
		return length{}, BothLengths
	case f.expectations.times > 1 || f.expectations.times == 1 && !isNamed(f.expectations.value, "100-continue"):
		return length{}, Expectation
	case f.trailers.times > 0:
		return length{}, Trailers
	case f.encodings.times > 0:
		if http10 || f.encodings.times > 1 || !isNamed(f.encodings.value, "chunked") {
			return length{}, TransferEncoding
		}
		return length{chunked: true}, 0
	case f.lengths.times == 0:
		return length{}, 0
	case f.lengths.times > 1 || !isPlainNumber(f.lengths.value):
		return length{}, ContentLength
	}
	n, err := strconv.ParseInt(string(f.lengths.value), 10, 64)
	if err != nil {
		return length{}, ContentLength
	}
	return length{fixed: n}, 0
}
