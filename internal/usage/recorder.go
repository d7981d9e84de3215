// Package usage records what credentials are used for: for each credential its last uses, and for
// each of its secrets when it was last used.
//
// A use is a request in which the secret was recognised, whatever came of it: who still sends a
// secret that is to be rolled away shows by its refused requests too. The guard tells of uses
// while requests wait, so a [Recorder] only takes them down; about once a second it hands them on,
// many at a time. A process that is killed loses what it has not handed on.
//
// Memory is bounded by one rule. Between two flushes a credential keeps its newest 20 uses; those
// that come when 10,000 credentials have uses waiting keep one. What is dropped is the oldest, but
// never the last use of a secret as long as another can go, so that what was used is known even
// where not every use is. At the bound this takes some 35 MB, and twice that while the sink fails.
package usage

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
)

// Sink keeps uses for good.
type Sink interface {
	// RecordUses keeps the uses of each credential in the order given, all of them or, when it
	// fails, none. A credential that is gone is passed over, not an error.
	RecordUses(ctx context.Context, uses []control.Use) error
}

// Interval is how often a Recorder is best told to flush.
const Interval = time.Second

// patience is how long one flush may take, so that a sink that hangs holds no process up for ever.
const patience = 10 * time.Second

// Recorder takes down the uses of credentials, and hands them to its sink.
type Recorder struct {
	sink Sink
	log  *slog.Logger

	mu      sync.Mutex
	waiting batch // since the last flush

	flushing sync.Mutex // one flush at a time; held while the sink works, unlike mu
	unsent   batch      // what is being handed on, and what could not be
	failing  bool       // the last flush failed
}

// New makes a Recorder that hands uses to sink.
func New(sink Sink, log *slog.Logger) *Recorder { return &Recorder{sink: sink, log: log} }

// Observe takes a use down. It never waits for the sink: it is what [guard.Config] asks for.
func (r *Recorder) Observe(o guard.Observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting.add(&o)
}

// Run flushes at every tick until ctx is done, and then once more; what is observed after that is
// lost, so stop the requests first. A flush under way is not broken off. Its error is that of the
// last flush.
//
// After a large flush it passes over as many ticks as there were parts of it, so that however many
// requests come, what is written of them for good stays a small part of the work: of each credential
// the last uses alone are kept, and these wait.
func (r *Recorder) Run(ctx context.Context, tick <-chan time.Time) error {
	for rest := 0; ctx.Err() == nil; {
		select {
		case <-tick:
			if rest > 0 {
				rest--
				continue
			}
			parts, _ := r.flushInTime(ctx) // logged, and tried again at the next tick
			rest = max(parts-1, 0)
		case <-ctx.Done():
		}
	}
	_, err := r.flushInTime(ctx)
	return err
}

func (r *Recorder) flushInTime(ctx context.Context) (parts int, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return r.flush(ctx)
}

// Flush hands on what was observed before. What the sink did not take is kept for the next time.
func (r *Recorder) Flush(ctx context.Context) error {
	_, err := r.flush(ctx)
	return err
}

// flush says how many parts there were that the sink took.
func (r *Recorder) flush(ctx context.Context) (parts int, err error) {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	fresh := r.waiting
	r.waiting = batch{}
	r.mu.Unlock()
	r.unsent.addAll(fresh)
	for !r.unsent.empty() {
		uses, credentials := r.unsent.first()
		if err := r.sink.RecordUses(ctx, uses); err != nil {
			r.failed(err)
			return parts, err
		}
		r.unsent.drop(credentials)
		parts++
	}
	r.succeeded()
	return parts, nil
}

// failed logs the first of several failures in a row.
func (r *Recorder) failed(err error) {
	if !r.failing {
		r.log.Warn("uses of credentials cannot be recorded; they wait and are tried again", "error", err)
	}
	r.failing = true
}

func (r *Recorder) succeeded() {
	if r.failing {
		r.log.Info("uses of credentials are recorded again")
	}
	r.failing = false
}
