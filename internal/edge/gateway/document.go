package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// wholeAnswer reads an answer that must be understood.
func wholeAnswer(answer *http.Response, limit int64) ([]byte, error) {
	if encoding := answer.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, errors.New("the answer is compressed, though identity was asked for")
	}
	var data bytes.Buffer
	data.Grow(int(min(max(answer.ContentLength, 0), limit)) + bytes.MinRead)
	if _, err := data.ReadFrom(io.LimitReader(answer.Body, limit+1)); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(data.Len()) > limit {
		return nil, fmt.Errorf("read the answer: %w", guard.ErrBodyTooLarge)
	}
	return data.Bytes(), answer.Body.Close()
}

func replaceAnswer(answer *http.Response, data []byte) {
	answer.Body = io.NopCloser(bytes.NewReader(data))
	answer.ContentLength = int64(len(data))
	answer.TransferEncoding = nil
	answer.Trailer = nil
	answer.Header.Set("Content-Length", strconv.Itoa(len(data)))
}

// errAbsent says that a document has nothing at a pointer.
var errAbsent = errors.New("nothing there")

// valueAt goes over a value, and gives what it has at the pointer.
func (s *scanner) valueAt(p catalog.Pointer) ([]byte, error) {
	if len(p) == 0 {
		return s.value()
	}
	var found []byte
	look := func(here bool) (err error) {
		if !here {
			_, err = s.value()
			return err
		}
		inner, err := s.valueAt(p[1:])
		if err == nil {
			found = inner
		} else if errors.Is(err, errAbsent) {
			return nil // what follows may be malformed
		}
		return err
	}
	var err error
	if s.next() == '[' {
		i := 0
		err = s.elements(func() error {
			here := p[0] == strconv.Itoa(i)
			i++
			return look(here)
		})
	} else {
		err = s.object(func(key []byte) error { return look(string(key) == p[0]) })
	}
	if err == nil && found == nil {
		err = errAbsent
	}
	return found, err
}

// textAt finds an id or a name in a document: a string, or a whole number as it is written.
func textAt(document []byte, p catalog.Pointer) (string, error) {
	s := scanner{data: document}
	raw, err := s.valueAt(p)
	if ending := s.end(); (err == nil || errors.Is(err, errAbsent)) && ending != nil {
		err = ending
	}
	if err != nil {
		return "", fmt.Errorf("at %s: %w", p, err)
	}
	text, err := textOf(raw)
	if err != nil {
		return "", fmt.Errorf("at %s: %w", p, err)
	}
	return text, nil
}

// textOf reads a value that was gone over.
func textOf(raw []byte) (string, error) {
	if raw[0] == '"' {
		for _, c := range raw {
			if c == '\\' || c >= 0x80 {
				var text string
				err := json.Unmarshal(raw, &text)
				return text, err
			}
		}
		return string(raw[1 : len(raw)-1]), nil
	}
	if _, err := strconv.ParseUint(string(raw), 10, 64); err == nil {
		return string(raw), nil
	}
	return "", errors.New("neither a string nor a whole number")
}
