package api

import "github.com/leastkey/leastkey"

// CatalogDiffRequest is the body of POST /leastkey/v1/catalog/diff: the text of a catalogue that is
// to be compared with the one in force. Nothing changes by it.
type CatalogDiffRequest struct {
	Catalog string `json:"catalog"`
}

// CatalogDiff is what becomes different with another catalogue. Where no node was asked, Tokens is nil.
type CatalogDiff struct {
	Changes []CatalogChange `json:"changes"`
	Tokens  []TokenChange   `json:"tokens,omitzero"`
}

// CatalogChange is one thing in which two catalogues differ.
type CatalogChange struct {
	Kind   string          `json:"kind"`          // "resource type", "permission group", "role", "template", "operation", "token header"
	Change string          `json:"change"`        // "added", "removed", "renamed", "changed"
	Name   string          `json:"name"`          // in the new one, if it is there
	ID     leastkey.ID     `json:"id,omitzero"`   // of what has one
	What   []CatalogDetail `json:"what,omitzero"` // of what is in both
}

// CatalogDetail is one side of a thing that was otherwise.
type CatalogDetail struct {
	What string `json:"what"` // "name", "accepts", "acts on" ...
	Was  string `json:"was"`
	Is   string `json:"is"`
}

// TokenChange is what one token loses and gains with another catalogue.
type TokenChange struct {
	ID        leastkey.ID  `json:"id"`
	Name      string       `json:"name"`
	Owner     string       `json:"owner"`      // "user 7d2f..."
	OwnerName string       `json:"owner_name"` // e-mail, or name of the account
	Loses     []TokenRight `json:"loses"`
	Gains     []TokenRight `json:"gains"`
}

// TokenRight is one operation on what it may be used for: "zone 023e...", "every zone of account
// 01a7..." for one that no policy names, "a new zone in account 01a7...".
type TokenRight struct {
	Operation string   `json:"operation"`
	On        []string `json:"on"`
}
