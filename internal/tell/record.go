package tell

import (
	"encoding/json"
	"fmt"

	"github.com/leastkey/leastkey/internal/control"
)

// Recorded is what an audit row keeps of a token before or after an act.
type Recorded struct {
	Spec    control.TokenSpec
	Secrets []control.RecordedSecret // newest first
}

// ReadRecorded reads Before or After of an audit row about a token. Of nothing it makes nil.
func ReadRecorded(row json.RawMessage) (*Recorded, error) {
	if len(row) == 0 {
		return nil, nil
	}
	var kept control.RecordedToken
	if err := json.Unmarshal(row, &kept); err != nil {
		return nil, fmt.Errorf("tell: an audit row about a token: %w", err)
	}
	return &Recorded{
		Spec:    control.TokenSpec{Name: kept.Name, Status: kept.Status, Validity: kept.Validity, Condition: kept.Condition, Policies: kept.Policies},
		Secrets: kept.Secrets,
	}, nil
}
