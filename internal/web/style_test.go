package web

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colour = regexp.MustCompile(`(--[a-z-]+):\s*#([0-9a-f]{6});`)

// palettes are the colours of the stylesheet by name, light and dark.
func palettes(t *testing.T, style string) map[string]map[string]string {
	t.Helper()
	light, dark, ok := strings.Cut(style, "@media (prefers-color-scheme: dark)")
	dark, _, ends := strings.Cut(dark, "/* Ground */")
	if !ok || !ends {
		t.Fatal("the stylesheet does not have its colours where they are looked for")
	}
	read := func(css string) map[string]string {
		named := map[string]string{}
		for _, c := range colour.FindAllStringSubmatch(css, -1) {
			named[c[1]] = c[2]
		}
		return named
	}
	return map[string]map[string]string{"light": read(light), "dark": read(dark)}
}

// contrast is the ratio of WCAG 2 between two colours, from 1 to 21.
func contrast(a, b string) float64 {
	luminance := func(hex string) float64 {
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
			if err != nil {
				panic(err) // the pattern has read it
			}
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// TestContrast holds text to 4.5 : 1 and what controls are seen by to 3 : 1, light and dark.
func TestContrast(t *testing.T) {
	style, err := staticFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	grounds := "canvas surface sunken"
	pairs := []struct {
		front, backs string
		least        float64
	}{
		{"text", grounds + " accent-wash good-wash warn-wash bad-wash line", 4.5},
		{"quiet", grounds + " accent-wash", 4.5},
		{"accent", grounds + " accent-wash", 4.5},
		{"accent-strong", grounds + " accent-wash", 4.5},
		{"on-accent", "accent accent-strong", 4.5},
		{"good", "surface good-wash", 4.5},
		{"warn", "surface warn-wash", 4.5},
		{"bad", "canvas surface bad-wash sunken", 4.5},
		{"bad-strong", "surface bad-wash", 4.5},
		{"edge", "canvas surface accent-wash", 3},
	}
	for scheme, colours := range palettes(t, string(style)) {
		for _, p := range pairs {
			for back := range strings.FieldsSeq(p.backs) {
				front, behind := colours["--"+p.front], colours["--"+back]
				if front == "" || behind == "" {
					t.Fatalf("%s: --%s or --%s is not there", scheme, p.front, back)
				}
				if ratio := contrast(front, behind); ratio < p.least {
					t.Errorf("%s: --%s on --%s is %.2f : 1, want %.1f", scheme, p.front, back, ratio, p.least)
				}
			}
		}
	}
	if got := fmt.Sprintf("%.2f", contrast("777777", "ffffff")); got != "4.48" {
		t.Errorf("the contrast of #777777 on white comes out as %s, and is 4.48", got)
	}
}

// TestStyleIsClosed shows that every colour that is used has a value in both schemes, and loads nothing.
func TestStyleIsClosed(t *testing.T) {
	style, err := staticFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(style)
	both := palettes(t, css)
	for name := range both["light"] {
		if both["dark"][name] == "" {
			t.Errorf("%s has no dark value", name)
		}
	}
	for _, use := range regexp.MustCompile(`var\((--[a-z-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !strings.Contains(css, use[1]+":") {
			t.Errorf("%s is used and not there", use[1])
		}
	}
	for _, loads := range []string{"url(", "@import", "@font-face"} {
		if strings.Contains(css, loads) {
			t.Errorf("the stylesheet has %s", loads)
		}
	}
}
