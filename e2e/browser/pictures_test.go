package browser

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness/chromium"
	"github.com/leastkey/leastkey/e2e/harness/picture"
)

// picturesVariable names the folder that pictures are written to. Without it none are taken: what they show is walked
// through by the other tests.
const picturesVariable = "LEASTKEY_E2E_PICTURES"

const (
	colours        = 24
	mostHeight     = 2000     // pixels: what is further down shows nothing new
	mostBytes      = 60 << 10 // of one picture
	mostAltogether = 1500 << 10
)

// album takes each page four times: light and dark, wide and narrow.
type album struct {
	t     *testing.T
	dir   string
	bytes int
	taken int
}

// shown are the steps that the documentation has a picture of.
var shown = []string{
	"sign-in", "templates", "form", "summary", "created", "tokens", "token", "roll", "custom",
	"edit-summary", "delete", "audit", "global-api-key", "members",
}

func (a *album) take(p *chromium.Page, name string) {
	a.t.Helper()
	if !slices.Contains(shown, name) {
		return
	}
	for _, width := range []struct {
		name   string
		pixels int
	}{{"narrow", chromium.Narrow}, {"wide", chromium.Wide}} {
		for _, scheme := range []string{"dark", "light"} {
			p.Resize(width.pixels)
			p.Paint(scheme == "dark")
			small, err := picture.Shrink(p.Picture(mostHeight), colours)
			if err != nil {
				a.t.Fatal(err)
			}
			file := name + "-" + scheme + "-" + width.name + ".png"
			if len(small) > mostBytes {
				a.t.Errorf("%s has %d bytes, want at most %d", file, len(small), mostBytes)
			}
			a.bytes += len(small)
			a.taken++
			if err := os.WriteFile(filepath.Join(a.dir, file), small, 0o600); err != nil {
				a.t.Fatal(err)
			}
		}
	}
}

func TestPictures(t *testing.T) {
	a := &album{t: t, dir: os.Getenv(picturesVariable)}
	if a.dir == "" {
		t.Skipf("%s does not say where to", picturesVariable)
	}
	d, p := start(t, chromium.Person{})
	a.take(p, "sign-in")
	enter(p, d.Owner())
	templateWalk(t, d, p, chromium.Person{}, a.take)
	customWalk(t, d, p, a.take)
	p.Visit("/profile/global-api-key")
	p.At("Global API Key")
	a.take(p, "global-api-key")
	p.Visit("/account/" + d.Staging().AccountID + "/members")
	p.See("Add a member")
	a.take(p, "members")
	if want := len(shown) * 4; a.taken != want {
		t.Errorf("%d pictures, want %d", a.taken, want)
	}
	if a.bytes > mostAltogether {
		t.Errorf("%d bytes of pictures, want at most %d", a.bytes, mostAltogether)
	}
}
