package web

import (
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// useRow is one request that was made with the token.
type useRow struct {
	At        Moment
	Addr      string
	Operation string // "" when no operation matched
	Target    string // "" when there was none
	Outcome   Badge
	Why       string // of a refusal
	Secret    string // the last characters of the secret that was sent; "" when it is gone
}

func useRows(uses []control.Use, token control.Credential, names map[leastkey.Resource]string) []useRow {
	rows := make([]useRow, len(uses))
	for i, use := range uses {
		row := useRow{At: Moment{Time: use.At}, Operation: use.Operation, Target: targetWords(use, names), Outcome: Badge{Good, "Allowed"}}
		if use.Addr.IsValid() {
			row.Addr = use.Addr.String()
		}
		if !use.Allowed {
			row.Outcome, row.Why = Badge{Bad, "Refused"}, whyRefused(use)
		}
		for _, secret := range token.Secrets {
			if secret.Hash.Equal(use.Secret) {
				row.Secret = secret.Tail
			}
		}
		rows[i] = row
	}
	return rows
}

// targetOf is the one resource that a request was about.
func targetOf(use control.Use) (leastkey.Resource, bool) {
	kind, id, found := strings.Cut(use.Target, " ")
	return leastkey.Resource{Type: leastkey.ResourceType(kind), ID: id}, found
}

// targetWords say what a request was about. A resource that the owner of the token may do nothing
// on shows as one that does not exist does: by its type alone. Otherwise whoever holds a token would
// learn here which ids exist.
func targetWords(use control.Use, names map[leastkey.Resource]string) string {
	target, _ := targetOf(use)
	kind := typeWord(target.Type)
	if name := names[target]; name != "" {
		return kind + " " + name
	}
	return kind
}

// typeWord is a resource type in words.
func typeWord(t leastkey.ResourceType) string { return strings.ReplaceAll(string(t), "_", " ") }

// whyRefused says it in the words of the answer that the caller got. What was no matter of rights
// has its reason in that answer alone.
func whyRefused(use control.Use) string {
	i := slices.IndexFunc(leastkey.Reasons(), func(r leastkey.Reason) bool { return r.String() == use.Reason })
	switch {
	case i >= 0 && leastkey.Reasons()[i] != leastkey.DeniedByDefault:
		return sentence(leastkey.Reasons()[i].Words())
	case use.Operation == "":
		return "There is no such operation."
	default:
		return "The request was not in order, or cannot be served the way it came."
	}
}
