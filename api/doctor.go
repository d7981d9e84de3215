package api

import "github.com/leastkey/leastkey"

// Concern is a credential that somebody should look at, as GET /leastkey/v1/doctor lists them. It takes
// unused_days, for how long a credential is not used until that is a concern; 90 unless said.
type Concern struct {
	ID         leastkey.ID `json:"id"`
	Name       string      `json:"name"`
	Owner      string      `json:"owner"`    // e-mail address, or the name of an account
	Concerns   []string    `json:"concerns"` // "ends_soon", "unused", "owner_left", "mints_tokens", "no_end", "global_api_key"
	Words      []string    `json:"words"`    // the same for people
	ExpiresOn  Time        `json:"expires_on"`
	LastUsedOn Time        `json:"last_used_on"`
}
