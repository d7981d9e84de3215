package contender

import (
	"crypto/ed25519"
	"strconv"

	"github.com/golang-jwt/jwt/v5"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// jwts is golang-jwt: the credential is a signed token that has its policies, addresses and end in it, and nothing is
// kept of it but the ids of those that were taken back.
type jwts struct {
	keys     keys
	parser   *jwt.Parser
	gone     map[string]struct{}
	texts    []string
	requests []carried
}

type keys struct {
	method                jwt.SigningMethod
	sign, verify, foreign any
}

func hmacKeys() keys {
	key := []byte("a key of thirty-two bytes for it")
	return keys{jwt.SigningMethodHS256, key, key, []byte("another key of as many bytes ...")}
}

func edKeys() keys {
	seed := make([]byte, ed25519.SeedSize)
	key := ed25519.NewKeyFromSeed(seed)
	seed[0] = 1
	return keys{jwt.SigningMethodEdDSA, key, key.Public(), ed25519.NewKeyFromSeed(seed)}
}

type claims struct {
	jwt.RegisteredClaims
	Scopes   []string `json:"scopes"`
	Networks []string `json:"in,omitempty"`
}

func newJWT(k keys) *jwts {
	return &jwts{keys: k, parser: jwt.NewParser(jwt.WithTimeFunc(workload.Now), jwt.WithValidMethods([]string{k.method.Alg()}))}
}

// Load implements [Contender].
func (j *jwts) Load(w *workload.Workload, p Part) error {
	if p != Tokens {
		return nil
	}
	j.gone = map[string]struct{}{}
	for i := range w.Tokens {
		if w.Token(i).Credential.Status != leastkey.Active {
			j.gone[strconv.Itoa(i)] = struct{}{}
		}
	}
	return nil
}

// Prepare implements [Contender].
func (j *jwts) Prepare(w *workload.Workload, cases []workload.Case) error {
	j.texts, j.requests = make([]string, len(cases)), make([]carried, len(cases))
	for i := range cases {
		c := &cases[i]
		token := w.Token(c.Token).Credential
		own := claims{Scopes: scopesOf(token.Policies), Networks: networksOf(token.Condition)}
		own.ID = strconv.Itoa(c.Token)
		if !token.Validity.ExpiresOn.IsZero() {
			own.ExpiresAt = jwt.NewNumericDate(token.Validity.ExpiresOn)
		}
		key := j.keys.sign
		if !c.Known {
			key = j.keys.foreign
		}
		var err error
		if j.texts[i], err = jwt.NewWithClaims(j.keys.method, own).SignedString(key); err != nil {
			return err
		}
		j.requests[i] = carriedBy(c)
	}
	return nil
}

// Warm implements [Contender].
func (j *jwts) Warm(i int) byte { return touch(j.texts[i]) + j.requests[i].touch() }

// Decide implements [Contender].
func (j *jwts) Decide(i int) bool {
	var own claims
	token, err := j.parser.ParseWithClaims(j.texts[i], &own, func(*jwt.Token) (any, error) { return j.keys.verify, nil })
	if err != nil || !token.Valid {
		return false
	}
	if _, gone := j.gone[own.ID]; gone {
		return false
	}
	r := &j.requests[i]
	return r.from(own.Networks) && r.permitted(own.Scopes)
}

// Want implements [Contender].
func (j *jwts) Want(c *workload.Case) bool { return c.ByPolicies }
