package leak

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

// The header fields with which a report is signed.
const (
	KeyField       = "Github-Public-Key-Identifier"
	SignatureField = "Github-Public-Key-Signature"
)

// Match is one secret that was found.
type Match struct {
	Token  string `json:"token"`
	Type   string `json:"type"`   // the name of the pattern that found it
	URL    string `json:"url"`    // where; may be empty
	Source string `json:"source"` // "commit", "issue_title", ...; may be empty
}

// Label says what became of a match: the answer to a report is a list of these.
type Label struct {
	TokenHash string `json:"token_hash"` // SHA-256 of the token, in base64
	TokenType string `json:"token_type"`
	Label     string `json:"label"` // "true_positive" or "false_positive"
}

// LabelOf is the label of a match that was a secret of ours, or was not.
func LabelOf(m Match, ours bool) Label {
	hash := sha256.Sum256([]byte(m.Token))
	l := Label{TokenHash: base64.StdEncoding.EncodeToString(hash[:]), TokenType: m.Type, Label: "false_positive"}
	if ours {
		l.Label = "true_positive"
	}
	return l
}

// Keys are the public keys of whoever sends reports, by their identifiers.
type Keys map[string]*ecdsa.PublicKey

// ParseKeys reads keys as the programme publishes them: {"public_keys": [{"key_identifier", "key"}]},
// each key in PEM. There must be one at least.
func ParseKeys(text []byte) (Keys, error) {
	var published struct {
		Keys []struct {
			Identifier string `json:"key_identifier"`
			Key        string `json:"key"`
		} `json:"public_keys"`
	}
	if err := json.Unmarshal(text, &published); err != nil {
		return nil, fmt.Errorf("want {\"public_keys\": [{\"key_identifier\": ..., \"key\": ...}]}: %w", err)
	}
	keys := Keys{}
	for i, k := range published.Keys {
		key, err := parseKey(k.Key)
		if err != nil || k.Identifier == "" {
			return nil, fmt.Errorf("public_keys[%d] is no key of ECDSA over P-256 in PEM with an identifier", i)
		}
		keys[k.Identifier] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key under public_keys")
	}
	return keys, nil
}

func parseKey(text string) (*ecdsa.PublicKey, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 1 {
		return nil, errors.New("no PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve.Params().BitSize != 256 {
		return nil, errors.New("not over P-256")
	}
	return key, nil
}

// Verify says why a body is not signed by the key with the identifier; nil when it is. The signature is
// that of ECDSA over SHA-256 of the body, in ASN.1 and base64.
func (k Keys) Verify(body []byte, identifier, signature string) error {
	key, known := k[identifier]
	if !known {
		return errors.New("the report is signed with a key that is not known here")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil {
		return errors.New("the signature of the report is not base64")
	}
	hash := sha256.Sum256(body)
	if !ecdsa.VerifyASN1(key, hash[:], raw) {
		return errors.New("the signature of the report is wrong")
	}
	return nil
}

// ParseReport reads the body of a report.
func ParseReport(body []byte) ([]Match, error) {
	var matches []Match
	if err := json.Unmarshal(body, &matches); err != nil {
		return nil, errors.New("a report is a JSON list of objects with token, type, url and source")
	}
	return matches, nil
}
