package guard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/leastkey/leastkey/catalog"
)

// feedReader reads what a [Feed] writes. What broke off is an error like any other; what came and
// is not understood is errNotUnderstood.
type feedReader struct {
	from *lastError
	json *json.Decoder
}

func newFeedReader(from io.Reader) feedReader {
	kept := &lastError{from: from}
	read := json.NewDecoder(kept)
	read.DisallowUnknownFields()
	return feedReader{kept, read}
}

// lastError remembers what ended a reader.
type lastError struct {
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (l *lastError) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if err != nil {
		l.err = err
	}
	return n, err
}

func (r feedReader) head() (feedHead, error) {
	var head feedHead
	if err := r.value(&head); err != nil {
		return feedHead{}, err
	}
	if head.Feed != feedForm {
		return feedHead{}, fmt.Errorf("%w: the form %d of the feed", errNotUnderstood, head.Feed)
	}
	if head.Epoch == "" {
		return feedHead{}, fmt.Errorf("%w: a feed without an epoch", errNotUnderstood)
	}
	return head, nil
}

func (r feedReader) line() (feedLine, error) {
	var line feedLine
	if err := r.value(&line); err != nil {
		return feedLine{}, err
	}
	for _, c := range line.Changes {
		if err := understood(c); err != nil {
			return feedLine{}, err
		}
	}
	return line, nil
}

func (r feedReader) value(into any) error {
	err := r.json.Decode(into)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || r.from.err != nil && errors.Is(err, r.from.err):
		return fmt.Errorf("the feed broke off: %w", err)
	default:
		return fmt.Errorf("%w: %w", errNotUnderstood, err)
	}
}

// ended wants nothing to follow.
func (r feedReader) ended() error {
	if _, err := r.json.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the feed does not end where it says: %w", err)
	}
	return nil
}

// rules are those of the catalogue in the head.
func (h feedHead) rules() (*rules, error) {
	c, err := catalog.Load("the node's catalogue", []byte(h.Text))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotUnderstood, err)
	}
	if c.Digest() != h.Catalog {
		return nil, fmt.Errorf("the feed has the catalogue %s and says %s", c.Digest(), h.Catalog)
	}
	return rulesOf(c, newWords())
}
