package chain

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey/bench/measure"
)

// load is what is sent, and what must come back each time.
type load struct {
	addr     string
	requests [][]byte
	status   int
	body     int // its length
}

// sent is what came of a load.
type sent struct {
	requests int
	took     time.Duration
	measure.Histogram
}

// closed keeps connections busy for a while: each sends its next request when it has the answer to the last. However
// short the while and busy the machine, there are as many requests as connections.
func (l load) closed(ctx context.Context, connections int, length time.Duration) (*sent, error) {
	end := time.Now().Add(length)
	return l.over(ctx, connections, func(k int64) (time.Time, bool) {
		now := time.Now()
		return now, now.Before(end) || k < int64(connections)
	})
}

// open sends at a rate for a while, whatever becomes of it: a request that waits for a connection waits in its time.
func (l load) open(ctx context.Context, connections int, rate float64, length time.Duration) (*sent, error) {
	begin, last := time.Now(), int64(rate*length.Seconds())
	return l.over(ctx, connections, func(k int64) (time.Time, bool) {
		due := begin.Add(time.Duration(float64(k) / rate * float64(time.Second)))
		if k < last {
			time.Sleep(time.Until(due))
		}
		return due, k < last
	})
}

// over sends over so many connections. next says when the k-th request begins; false when there is none.
func (l load) over(ctx context.Context, connections int, next func(k int64) (time.Time, bool)) (*sent, error) {
	var all sent
	var mu sync.Mutex
	var workers sync.WaitGroup
	var number atomic.Int64
	var errs []error
	begin := time.Now()
	for range connections {
		workers.Go(func() {
			var own measure.Histogram
			n, err := l.worker(ctx, &own, func() (int64, time.Time, bool) {
				k := number.Add(1) - 1
				at, more := next(k)
				return k, at, more
			})
			mu.Lock()
			defer mu.Unlock()
			all.requests += n
			all.Merge(&own)
			errs = append(errs, err)
		})
	}
	workers.Wait()
	all.took = time.Since(begin)
	return &all, errors.Join(errs...)
}

func (l load) worker(ctx context.Context, h *measure.Histogram, next func() (int64, time.Time, bool)) (n int, err error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.addr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	r := bufio.NewReaderSize(c, 64<<10)
	for {
		k, at, more := next()
		if !more {
			return n, nil
		}
		if _, err := c.Write(l.requests[k%int64(len(l.requests))]); err != nil {
			return n, fmt.Errorf("request %d on a connection: %w", n, err)
		}
		if err := l.answer(r); err != nil {
			return n, fmt.Errorf("request %d on a connection to %s: %w", n, l.addr, err)
		}
		h.Add(time.Since(at))
		n++
	}
}

// answer reads one answer and holds it to what is wanted.
func (l load) answer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 {
		return fmt.Errorf("a status line %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return err
	}
	length, chunked := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		name, value, found := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if !found {
			break
		}
		value = bytes.TrimSpace(value)
		switch {
		case equal(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case equal(name, "transfer-encoding"):
			chunked = equal(value, "chunked")
		case equal(name, "connection") && equal(value, "close"):
			return errors.New("the server closes the connection")
		}
	}
	if chunked {
		length, err = discardChunks(r)
	} else if status != 204 && status != 304 {
		_, err = r.Discard(length)
	}
	if err == nil && (status != l.status || length != l.body) {
		err = fmt.Errorf("%d with %d bytes, want %d with %d", status, length, l.status, l.body)
	}
	return err
}

func equal(b []byte, text string) bool {
	return len(b) == len(text) && bytes.EqualFold(b, []byte(text))
}

func discardChunks(r *bufio.Reader) (length int, err error) {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return 0, err
		}
		if _, err := r.Discard(int(n) + len("\r\n")); err != nil {
			return 0, err
		}
		if n == 0 {
			return length, nil
		}
		length += int(n)
	}
}
