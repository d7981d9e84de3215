package contender

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"gopkg.in/macaroon.v2"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// macaroons is macaroon.v2: the credential is a macaroon with up to three caveats, its end, its addresses and its
// policies, and nothing is kept of it but the ids of those that were taken back.
type macaroons struct {
	gone     map[string]struct{}
	texts    []string
	requests []carried
	now      int64
}

const (
	rootKey    = "a root key of thirty-two bytes .."
	foreignKey = "another root key of as many bytes"
)

var errRefused = errors.New("a caveat is not met")

// Load implements [Contender].
func (m *macaroons) Load(w *workload.Workload, p Part) error {
	if p != Tokens {
		return nil
	}
	m.gone, m.now = map[string]struct{}{}, workload.Now().Unix()
	for i := range w.Tokens {
		if w.Token(i).Credential.Status != leastkey.Active {
			m.gone[strconv.Itoa(i)] = struct{}{}
		}
	}
	return nil
}

// Prepare implements [Contender].
func (m *macaroons) Prepare(w *workload.Workload, cases []workload.Case) error {
	m.texts, m.requests = make([]string, len(cases)), make([]carried, len(cases))
	for i := range cases {
		c := &cases[i]
		text, err := macaroonOf(w.Token(c.Token).Credential, c)
		if err != nil {
			return err
		}
		m.texts[i], m.requests[i] = text, carriedBy(c)
	}
	return nil
}

func macaroonOf(token leastkey.Credential, c *workload.Case) (string, error) {
	key := rootKey
	if !c.Known {
		key = foreignKey
	}
	made, err := macaroon.New([]byte(key), []byte(strconv.Itoa(c.Token)), "", macaroon.V2)
	if err != nil {
		return "", err
	}
	caveats := []string{"may " + strings.Join(scopesOf(token.Policies), ";")}
	if networks := networksOf(token.Condition); len(networks) > 0 {
		caveats = append(caveats, "in "+strings.Join(networks, ","))
	}
	if end := ends(token); end != 0 {
		caveats = append(caveats, "until "+strconv.FormatInt(end, 10))
	}
	for _, caveat := range caveats {
		if err := made.AddFirstPartyCaveat([]byte(caveat)); err != nil {
			return "", err
		}
	}
	bytes, err := made.MarshalBinary()
	return base64.RawURLEncoding.EncodeToString(bytes), err
}

// Warm implements [Contender].
func (m *macaroons) Warm(i int) byte { return touch(m.texts[i]) + m.requests[i].touch() }

// Decide implements [Contender].
func (m *macaroons) Decide(i int) bool {
	bytes, err := base64.RawURLEncoding.DecodeString(m.texts[i])
	if err != nil {
		return false
	}
	var shown macaroon.Macaroon
	if err := shown.UnmarshalBinary(bytes); err != nil {
		return false
	}
	if _, gone := m.gone[string(shown.Id())]; gone {
		return false
	}
	r := &m.requests[i]
	return shown.Verify([]byte(rootKey), func(caveat string) error { return m.meets(r, caveat) }, nil) == nil
}

func (m *macaroons) meets(r *carried, caveat string) error {
	what, rest, _ := strings.Cut(caveat, " ")
	met := false
	switch what {
	case "may":
		met = r.permitted(strings.Split(rest, ";"))
	case "in":
		met = r.from(strings.Split(rest, ","))
	case "until":
		end, err := strconv.ParseInt(rest, 10, 64)
		met = err == nil && m.now < end
	}
	if !met {
		return errRefused
	}
	return nil
}

// Want implements [Contender].
func (m *macaroons) Want(c *workload.Case) bool { return c.ByPolicies }
