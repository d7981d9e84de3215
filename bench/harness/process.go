package harness

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit = 5 * time.Minute // a large database takes its time
	stopLimit  = 20 * time.Second
)

// Process is a program that serves.
type Process struct {
	command *exec.Cmd
	output  output
	exited  chan struct{}
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

// String is what was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Start runs a program with settings beside the environment's, and waits until it is ready.
func Start(environment []string, ready func(p *Process) bool, binary string, arguments ...string) (*Process, error) {
	p := &Process{command: exec.Command(binary, arguments...), exited: make(chan struct{})}
	p.command.Env = append(os.Environ(), environment...)
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.WaitDelay = stopLimit
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // nothing stays behind when this program is killed
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() { _ = p.command.Wait(); close(p.exited) }()
	deadline := time.After(startLimit)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for !ready(p) {
		select {
		case <-again.C:
		case <-p.exited:
			return nil, fmt.Errorf("%s ended before it was ready:\n%s", binary, &p.output)
		case <-deadline:
			return nil, errors.Join(fmt.Errorf("%s is not ready:\n%s", binary, &p.output), p.Stop())
		}
	}
	return p, nil
}

// Listens reports whether somebody does, at an address.
func Listens(addr string) func(*Process) bool {
	return func(*Process) bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}
}

// Says reports whether a line was written that begins so.
func Says(beginning string) func(*Process) bool {
	return func(p *Process) bool { _, said := p.Said(beginning); return said }
}

// Said is the rest of the first whole line that begins so.
func (p *Process) Said(beginning string) (rest string, said bool) {
	for line := range strings.Lines(p.output.String()) {
		if rest, ok := strings.CutPrefix(line, beginning); ok && strings.HasSuffix(rest, "\n") {
			return strings.TrimSuffix(rest, "\n"), true
		}
	}
	return "", false
}

// PIDs are those of the program and of the processes that it started.
func (p *Process) PIDs() []int {
	pid := p.command.Process.Pid
	all := []int{pid}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return all
	}
	for field := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(all, child)
		}
	}
	return all
}

// Stop asks the program to end, and makes it.
func (p *Process) Stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopLimit):
		return p.command.Process.Kill()
	}
}

// FreeAddress is one on loopback where nobody listens at the moment, for programs that cannot choose themselves.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
