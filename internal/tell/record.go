package tell

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// Recorded is what an audit row keeps of a token before or after an act.
type Recorded struct {
	Spec    control.TokenSpec
	Secrets []RecordedSecret // newest first
}

// RecordedSecret is what an audit row keeps of a secret.
type RecordedSecret struct {
	Tail  string    `json:"tail"`  // its last characters
	Until time.Time `json:"until"` // the end of its overlap; zero: none
}

// ReadRecorded reads Before or After of an audit row about a token. Of nothing it makes nil.
func ReadRecorded(row json.RawMessage) (*Recorded, error) {
	if len(row) == 0 {
		return nil, nil
	}
	var kept struct {
		Name      string             `json:"name"`
		Status    leastkey.Status    `json:"status"`
		Validity  leastkey.Validity  `json:"validity"`
		Condition leastkey.Condition `json:"condition"`
		Policies  []leastkey.Policy  `json:"policies"`
		Secrets   []RecordedSecret   `json:"secrets"`
	}
	if err := json.Unmarshal(row, &kept); err != nil {
		return nil, fmt.Errorf("tell: an audit row about a token: %w", err)
	}
	return &Recorded{
		Spec:    control.TokenSpec{Name: kept.Name, Status: kept.Status, Validity: kept.Validity, Condition: kept.Condition, Policies: kept.Policies},
		Secrets: kept.Secrets,
	}, nil
}
