package contender

import (
	"crypto/sha256"

	"github.com/leastkey/leastkey/bench/workload"
)

// floor is what no decision about a secret can do without: SHA-256 of the secret, and one look into a map. It says who
// there is, and nothing of what they may do.
type floor struct {
	tokens  map[[16]byte]int32
	secrets []string
}

// keyOf is by what a token is found. The copy saves the allocation that a conversion to bytes would be.
func keyOf(secret string) [16]byte {
	var text [64]byte
	sum := sha256.Sum256(text[:copy(text[:], secret)])
	return [16]byte(sum[:16])
}

// Load implements [Contender].
func (f *floor) Load(w *workload.Workload, p Part) error {
	if p != Tokens {
		return nil
	}
	f.tokens = make(map[[16]byte]int32, w.Tokens)
	for i := range w.Tokens {
		f.tokens[keyOf(w.Secret(i))] = int32(i) // #nosec G115 -- millions at most
	}
	return nil
}

// Prepare implements [Contender].
func (f *floor) Prepare(_ *workload.Workload, cases []workload.Case) error {
	f.secrets = secretsOf(cases)
	return nil
}

// Warm implements [Contender].
func (f *floor) Warm(i int) byte { return touch(f.secrets[i]) }

// Decide implements [Contender].
func (f *floor) Decide(i int) bool {
	_, known := f.tokens[keyOf(f.secrets[i])]
	return known
}

// Want implements [Contender].
func (f *floor) Want(c *workload.Case) bool { return c.Known }

func secretsOf(cases []workload.Case) []string {
	all := make([]string, len(cases))
	for i := range cases {
		all[i] = cases[i].Secret
	}
	return all
}

// touch reads one byte of each line of the cache that a text lies in.
func touch(text string) (sum byte) {
	const line = 64
	for i := 0; i < len(text); i += line {
		sum += text[i]
	}
	if text != "" {
		sum += text[len(text)-1]
	}
	return sum
}
