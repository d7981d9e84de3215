package browser

import (
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// A double click makes one secret, and the person sees it.
func TestDoubleClickShowsTheSecret(t *testing.T) {
	for _, c := range onceCases {
		t.Run(c.name, func(t *testing.T) {
			d, p := signIn(t, chromium.Person{})
			c.form(p, seed(t, d), "double")
			p.Delay(300 * time.Millisecond) // so that the second click comes before the first answer
			p.DoubleClick(c.send)
			p.See("It is shown now and never again.")
			c.works(t, d, "double", secretOf(p, d))
		})
	}
}
