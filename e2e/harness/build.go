// Package harness runs the real program for the end-to-end tests: it builds `leastkey` once per test binary, starts
// `leastkey demo`, or `leastkey serve` over a test's own files, on free loopback ports with a data directory of its own,
// talks to it over HTTP and DNS, stops it with SIGTERM, and then looks for every secret it saw in everything the program
// left behind.
package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaryVariable names the program under test. Set it to test a program that is already built; otherwise Main builds
// one and sets it for the tests of this process.
const binaryVariable = "LEASTKEY_E2E_BINARY"

// Main is the body of every TestMain: it builds the program if none was given, runs the tests and returns the exit code.
func Main(m *testing.M) int {
	if os.Getenv(binaryVariable) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "leastkey-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "leastkey")
	if err := build(binary); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	if err := os.Setenv(binaryVariable, binary); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// build compiles the program in the module that contains this one, with that module's own dependencies.
func build(binary string) error {
	root, err := productRoot()
	if err != nil {
		return err
	}
	command := exec.Command("go", "build", "-race=false", "-o", binary, "./cmd/leastkey")
	command.Dir = root
	// A workspace or a module file chosen for the tests must not decide how the product is built.
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return nil
}

// productRoot is the parent of the end-to-end module's directory. Tests run in the directory of their package.
func productRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Dir(dir), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working directory: run the tests inside the e2e module")
		}
		dir = parent
	}
}

// Binary is the program under test.
func Binary() string { return os.Getenv(binaryVariable) }
