// Package harness starts programs, talks to them and ends them.
package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Child is a process of this same program that does what it is told, a line of JSON for a line of JSON. What is
// measured runs in processes of its own, so that one's heap is not another's to collect.
type Child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

// StartChild runs this program with the arguments, and environment settings beside its own.
func StartChild(environment []string, arguments ...string) (*Child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{command: exec.Command(self, arguments...)}
	c.command.Env = append(os.Environ(), environment...)
	c.command.Stderr = os.Stderr
	if c.in, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(out)
	return c, c.command.Start()
}

// Ask sends one line and reads the answer to it.
func (c *Child) Ask(question, answer any) error {
	if err := json.NewEncoder(c.in).Encode(question); err != nil {
		return fmt.Errorf("ask %v: %w", c.command.Args[1:], err)
	}
	return c.Read(answer)
}

// Read reads a line.
func (c *Child) Read(answer any) error {
	if err := c.out.Decode(answer); err != nil {
		return fmt.Errorf("%v answers nothing: %w", c.command.Args[1:], err)
	}
	return nil
}

// PID is the number of the process.
func (c *Child) PID() int { return c.command.Process.Pid }

// Stop ends it: there is nothing more to be asked.
func (c *Child) Stop() error {
	err := c.in.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.command.Wait() }()
	select {
	case ran := <-ended:
		return errors.Join(err, ran)
	case <-time.After(20 * time.Second):
		return errors.Join(err, errors.New("it did not end"), c.command.Process.Kill(), <-ended)
	}
}

// Answer is the other end of a Child: it reads questions until there are no more, and writes what each gives.
func Answer[Q any](ctx context.Context, in io.Reader, out io.Writer, each func(context.Context, Q) (any, error)) error {
	questions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q Q
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		a, err := each(ctx, q)
		if err != nil {
			return err
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}
