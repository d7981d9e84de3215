package guard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
)

// However many groups an operation accepts, a refusal goes into the header fields of a proxy.
func TestRefusalsStayShort(t *testing.T) {
	var accepted []leastkey.Permission
	for i := range 150 {
		accepted = append(accepted, leastkey.Permission{Group: leastkey.ID{byte(i)}, Type: "shop"})
	}
	name := func(id leastkey.ID) string { return fmt.Sprintf("Permission number %d", id[0]) }
	for _, row := range []struct {
		of         int
		begin, end string
	}{
		{1, "Permission number 0", "Permission number 0"},
		{3, "one of Permission number 0, Permission", "1, Permission number 2"},
		{150, "one of Permission number 0, Permission number 1, ", " others"},
	} {
		got := names(accepted[:row.of], name)
		if !strings.HasPrefix(got, row.begin) || !strings.HasSuffix(got, row.end) || len(got) > mostNamed+40 {
			t.Errorf("of %d: %d bytes: %s", row.of, len(got), got)
		}
		if others := row.of - strings.Count(got, "Permission number"); others > 0 && !strings.HasSuffix(got, fmt.Sprintf(" and %d others", others)) {
			t.Errorf("of %d, %d are not named: %s", row.of, others, got)
		}
	}
}
