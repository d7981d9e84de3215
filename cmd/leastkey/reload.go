package main

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// reloading looks at the catalogue's file and puts what it becomes into force. It looks by itself,
// because a directory that is mounted into a container changes in ways that no notice tells of.
type reloading struct {
	file    string
	check   func(*catalog.Catalog) error // what must hold beside that it is in order
	control *control.Control
	log     *slog.Logger
	seen    [sha256.Size]byte // of the text that was looked at last, good or not
}

// reloadEvery is how often the file is looked at; a SIGHUP is not waited for longer.
const reloadEvery = time.Second

// run looks at every tick and every signal, until the context ends.
func (r *reloading) run(ctx context.Context, tick <-chan time.Time, hangup <-chan os.Signal) {
	for {
		again := false
		select {
		case <-ctx.Done():
			return
		case <-tick:
		case <-hangup:
			again = true // who asks wants to be told, also of what was told before
		}
		r.look(ctx, again)
	}
}

// look takes the file as it stands, when it is not what it was. What is wrong with it is said once.
func (r *reloading) look(ctx context.Context, again bool) {
	text, err := os.ReadFile(r.file)
	if err != nil {
		// No text has this sum, so that the file is looked at when it is back.
		if unread := [sha256.Size]byte{1}; r.seen != unread || again {
			r.seen = unread
			r.log.Error("the catalogue cannot be read; the one in force stays", "error", err)
		}
		return
	}
	sum := sha256.Sum256(text)
	if sum == r.seen && !again {
		return
	}
	r.seen = sum
	if err := r.use(ctx, text); err != nil {
		r.log.Error("the catalogue was changed and is not used; the one in force stays", "error", err)
	}
}

func (r *reloading) use(ctx context.Context, text []byte) error {
	next, err := catalog.Load(r.file, text)
	if err != nil {
		return err
	}
	if next.Digest() == r.control.Catalog().Digest() {
		return nil
	}
	if err := r.check(next); err != nil {
		return err
	}
	if err := r.control.UseCatalog(ctx, control.Operator(), next); err != nil {
		r.seen = [sha256.Size]byte{} // the file is in order: try again
		return err
	}
	own := next.Own()
	r.log.Info("the catalogue was changed and is in force", "file", r.file, "sha256", next.Digest(), "operations", own.Operations, "permission_groups", own.Groups)
	return nil
}

// watchCatalog keeps the catalogue in force as its file is, until what it gives is called.
func (n *node) watchCatalog(file string, check func(*catalog.Catalog) error) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	tick := time.NewTicker(reloadEvery)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	r := &reloading{file: file, check: check, control: n.control, log: n.log}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.run(ctx, tick.C, hangup)
	}()
	return func() {
		signal.Stop(hangup)
		tick.Stop()
		cancel()
		<-ended
	}
}
