package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/bench/plot"
)

// What is drawn is XML, has a path for each line, and nothing outside of the picture.
func TestSVG(t *testing.T) {
	text := plot.Plot{
		Title: "A <b> & \"c\"", X: "tokens", Y: "ns",
		Series: []plot.Series{
			{Name: "one", Points: []plot.Point{{X: 1e3, Y: 120}, {X: 1e7, Y: 700}}, Strong: true},
			{Name: "two", Points: []plot.Point{{X: 1e3, Y: 121}}},
			{Name: "none"},
		},
	}.SVG()
	lines := 0
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "circle" {
			lines++
		}
	}
	if lines != 3 || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("%d points:\n%s", lines, text)
	}
}

func TestNothingToDraw(t *testing.T) {
	if text := (plot.Plot{Title: "empty"}).SVG(); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error(text)
	}
}
