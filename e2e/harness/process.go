package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// startLimit is how long the program may take until it is ready.
	startLimit = 60 * time.Second
	// stopLimit is how long it may take from SIGTERM to its end.
	stopLimit = 20 * time.Second
	// pollInterval is how often the tests look whether it is.
	pollInterval = 20 * time.Millisecond
)

// process is one run of the program.
type process struct {
	command        *exec.Cmd
	stdout, stderr output
	exited         chan struct{}
	err            error
}

// output is what a program has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

// String is a copy of it.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func launch(environment []string, binary string, arguments ...string) (*process, error) {
	p := &process{command: exec.Command(binary, arguments...), exited: make(chan struct{})}
	p.command.Env = environment
	p.command.Stdout, p.command.Stderr = &p.stdout, &p.stderr
	p.command.WaitDelay = stopLimit
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.exited)
		p.err = p.command.Wait()
	}()
	return p, nil
}

// waitForFile returns once the file exists.
func (p *process) waitForFile(file string) error {
	return p.waitFor(func() (bool, error) {
		_, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	})
}

// waitFor returns once the program is ready. It is the one place where the tests wait for it by looking again.
func (p *process) waitFor(ready func() (bool, error)) error {
	deadline := time.NewTimer(startLimit)
	defer deadline.Stop()
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for {
		if done, err := ready(); done || err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-p.exited:
			return fmt.Errorf("the program ended before it was ready: %v\n%s%s", p.err, &p.stdout, &p.stderr)
		case <-deadline.C:
			_ = p.command.Process.Kill()
			<-p.exited
			return fmt.Errorf("not ready after %s\n%s%s", startLimit, &p.stdout, &p.stderr)
		}
	}
}

// stop asks the program to end and fails unless it does so in time, with exit status 0.
func (p *process) stop() error {
	select {
	case <-p.exited:
		return fmt.Errorf("the program had ended by itself: %v\n%s", p.err, &p.stderr)
	default:
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	deadline := time.NewTimer(stopLimit)
	defer deadline.Stop()
	select {
	case <-p.exited:
	case <-deadline.C:
		_ = p.command.Process.Kill()
		<-p.exited
		return fmt.Errorf("still running %s after SIGTERM\n%s", stopLimit, &p.stderr)
	}
	if p.err != nil {
		return fmt.Errorf("SIGTERM must end the program with status 0: %w\n%s", p.err, &p.stderr)
	}
	return nil
}
