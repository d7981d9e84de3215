// Package login finds out who a person is: by their password, by a sign-in link, or by the key
// that their browser was given when they signed in. It limits how often that can be tried and how
// much it may cost. What the person may then do is decided elsewhere.
package login

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/leastkey/leastkey/internal/control"
)

// Config is what a Login is made of. Every field but OIDC is needed; zero Limits mean the defaults.
type Config struct {
	Control *control.Control
	Secure  func(*http.Request) bool // whether the browser came over TLS
	Limits  Limits
	Now     func() time.Time
	Random  io.Reader // crypto/rand.Reader outside tests
	Log     *slog.Logger
	OIDC    OIDC // zero: nobody signs in at a provider
}

// Limits say how often somebody may try, and how much may be computed at once.
type Limits struct {
	Email   Rate // attempts at one e-mail address
	Address Rate // attempts from one IPv4 address, or one IPv6 network of 64 bits
	Hashes  int  // passwords that are computed on at once, each in 19 MiB
	Waiting int  // requests that wait to be next; any more are Busy
}

// Rate is a number of attempts at once, and how long it takes until one of them is given back.
type Rate struct {
	Burst int
	Every time.Duration
}

// DefaultLimits suit people who mistype, and nobody who guesses.
func DefaultLimits() Limits {
	return Limits{
		Email:   Rate{10, 30 * time.Second},
		Address: Rate{30, 10 * time.Second},
		Hashes:  min(runtime.GOMAXPROCS(0), 4),
		Waiting: 100,
	}
}

// ErrWrong is the error when the password is not that of the user, there is no such user, or they
// cannot sign in with a password. Nobody is told which.
var ErrWrong = errors.New("the e-mail address or the password is not right")

// ErrBusy is the error when too many passwords are being checked. This one was not.
var ErrBusy = errors.New("too many people are signing in at this moment")

// Throttled is the error when there were too many attempts. This one was not looked at, and
// nothing about it depends on who there is.
type Throttled struct {
	RetryAfter time.Duration // more than zero
}

// Error implements error.
func (t Throttled) Error() string {
	return fmt.Sprintf("too many attempts; try again in %d seconds", t.Seconds())
}

// Seconds are those to wait, rounded up, for Retry-After.
func (t Throttled) Seconds() int { return int((t.RetryAfter + time.Second - 1) / time.Second) }

// Login knows people.
type Login struct {
	control   *control.Control
	secure    func(*http.Request) bool
	log       *slog.Logger
	emails    *throttle
	addresses *throttle
	hashing   *hashing
	later     sync.WaitGroup
	nobody    string // a password's hash to compute against when there is no other
	oidc      OIDC
	named     *names
}

// New makes a Login.
func New(c Config) (*Login, error) {
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	nobody, err := control.NobodysHash(c.Random)
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	return &Login{
		control: c.Control, secure: c.Secure, log: c.Log, nobody: nobody, oidc: c.OIDC, named: newNames(),
		emails:    newThrottle(c.Limits.Email, cells, c.Now),
		addresses: newThrottle(c.Limits.Address, cells, c.Now),
		hashing:   newHashing(c.Limits.Hashes, c.Limits.Waiting),
	}, nil
}

// Attempt counts one attempt of an address at something that needs no sign-in. It is Throttled when there
// were too many.
func (l *Login) Attempt(addr netip.Addr) error { return l.addresses.take(addressKey(addr)) }

// Work is what was computed on passwords until now.
type Work struct {
	Hashes int // in all
	Most   int // at one time
}

// Work counts the computations that a Login has made for those who tried.
func (l *Login) Work() Work { return l.hashing.done() }
