// Package plot draws lines over logarithmic axes, as SVG that can be read on a light and on a dark page.
package plot

import (
	"fmt"
	"math"
	"strings"
)

// Plot is one picture.
type Plot struct {
	Title, X, Y string
	Series      []Series
	FormatX     func(float64) string // of the marks on the axes; nil: the number itself
	FormatY     func(float64) string
	Doublings   bool // marks of the x axis where the points are, not at powers of ten
}

// Series is one line.
type Series struct {
	Name   string
	Points []Point
	Strong bool // the one that the picture is about
	Dashed bool // not measured: an aim
}

// Point is one of it. Both are above zero.
type Point struct{ X, Y float64 }

const (
	width, height            = 880, 460
	left, right, top, bottom = 84, 220, 48, 56
)

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.grid { stroke: #d0d7de; stroke-width: 1 }
.axis { stroke: #57606a; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.strong { stroke-width: 3.5 }
.dashed { stroke-dasharray: 6 5 }
.page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .grid { stroke: #30363d }
  .axis { stroke: #8b949e }
  .page { fill: #0d1117 }
}
</style>
`

// colours tell lines apart on white and on black, and to most people who see fewer of them.
func colours() []string {
	return []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#8a63d2", "#7f7f7f", "#a0522d", "#e69f00"}
}

// SVG draws it.
func (p Plot) SVG() string {
	x, y := p.ranges()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n", width, height, width, height, escape(p.Title))
	b.WriteString(style)
	fmt.Fprintf(&b, `<rect class="page" width="%d" height="%d"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="26">%s</text>`+"\n", left, escape(p.Title))
	p.axes(&b, x, y)
	for i, s := range p.Series {
		s.draw(&b, x, y, colours()[i%len(colours())])
	}
	p.legend(&b, x, y)
	b.WriteString("</svg>\n")
	return b.String()
}

// span is a range of one axis, and where it lies in the picture.
type span struct{ low, high, from, to float64 }

func (s span) at(v float64) float64 {
	return s.from + (math.Log10(v)-math.Log10(s.low))/(math.Log10(s.high)-math.Log10(s.low))*(s.to-s.from)
}

func (p Plot) ranges() (x, y span) {
	x = span{math.Inf(1), 0, left, width - right}
	y = span{math.Inf(1), 0, height - bottom, top}
	for _, s := range p.Series {
		for _, at := range s.Points {
			x.low, x.high = min(x.low, at.X), max(x.high, at.X)
			y.low, y.high = min(y.low, at.Y), max(y.high, at.Y)
		}
	}
	if x.high == 0 {
		x.low, x.high, y.low, y.high = 1, 10, 1, 10
	}
	y.low, y.high = math.Pow(10, math.Floor(math.Log10(y.low))), math.Pow(10, math.Ceil(math.Log10(y.high)))
	if y.low == y.high {
		y.high *= 10
	}
	if x.low == x.high {
		x.high *= 10
	}
	return x, y
}

func (p Plot) axes(b *strings.Builder, x, y span) {
	for _, v := range p.marks(x) {
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n", x.at(v), x.at(v), top, height-bottom)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x.at(v), height-bottom+20, escape(format(p.FormatX, v)))
	}
	for _, v := range powers(y) {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`+"\n", left, width-right, y.at(v), y.at(v))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left-8, y.at(v)+4, escape(format(p.FormatY, v)))
	}
	fmt.Fprintf(b, `<path class="axis" fill="none" d="M%d %d V%d H%d"/>`+"\n", left, top, height-bottom, width-right)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+width-right)/2, height-12, escape(p.X))
	fmt.Fprintf(b, `<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+height-bottom)/2, escape(p.Y))
}

func (p Plot) marks(x span) []float64 {
	if !p.Doublings {
		return powers(x)
	}
	var all []float64
	for _, s := range p.Series {
		for _, at := range s.Points {
			known := false
			for _, v := range all {
				known = known || v == at.X
			}
			if !known {
				all = append(all, at.X)
			}
		}
	}
	return all
}

func powers(s span) []float64 {
	var all []float64
	for e := math.Ceil(math.Log10(s.low) - 1e-9); e <= math.Log10(s.high)+1e-9; e++ {
		all = append(all, math.Pow(10, e))
	}
	return all
}

func (s Series) draw(b *strings.Builder, x, y span, colour string) {
	if len(s.Points) == 0 {
		return
	}
	class := "line"
	if s.Strong {
		class += " strong"
	}
	if s.Dashed {
		class += " dashed"
	}
	var d strings.Builder
	for i, at := range s.Points {
		fmt.Fprintf(&d, "%c%.1f %.1f ", "ML"[min(i, 1)], x.at(at.X), y.at(at.Y))
	}
	fmt.Fprintf(b, `<path class="%s" stroke="%s" d="%s"/>`+"\n", class, colour, strings.TrimSpace(d.String()))
	for _, at := range s.Points {
		if !s.Dashed {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", x.at(at.X), y.at(at.Y), colour)
		}
	}
}

// legend names each line where it ends, moved apart where two end together.
func (p Plot) legend(b *strings.Builder, x, y span) {
	const apart = 17
	type label struct {
		y      float64
		i      int
		anchor float64
	}
	var all []label
	for i, s := range p.Series {
		if len(s.Points) > 0 {
			all = append(all, label{y.at(s.Points[len(s.Points)-1].Y), i, 0})
		}
	}
	for i := range all { // by height; there are few
		for k := i + 1; k < len(all); k++ {
			if all[k].y < all[i].y {
				all[i], all[k] = all[k], all[i]
			}
		}
		if i > 0 {
			all[i].y = max(all[i].y, all[i-1].y+apart)
		}
	}
	if n := len(all); n > 0 && all[n-1].y > height-bottom {
		all[n-1].y = height - bottom
		for i := n - 2; i >= 0; i-- {
			all[i].y = min(all[i].y, all[i+1].y-apart)
		}
	}
	for _, l := range all {
		s := p.Series[l.i]
		end := s.Points[len(s.Points)-1]
		colour := colours()[l.i%len(colours())]
		fmt.Fprintf(b, `<path class="line" style="stroke-width:1;opacity:.5" stroke="%s" d="M%.1f %.1f L%d %.1f"/>`+"\n", colour, x.at(end.X)+5, y.at(end.Y), width-right+8, l.y)
		fmt.Fprintf(b, `<rect x="%d" y="%.1f" width="10" height="10" fill="%s"/>`+"\n", width-right+10, l.y-5, colour)
		weight := ""
		if s.Strong {
			weight = ` style="font-weight:600"`
		}
		fmt.Fprintf(b, `<text x="%d" y="%.1f"%s>%s</text>`+"\n", width-right+25, l.y+4.5, weight, escape(s.Name))
	}
}

func format(f func(float64) string, v float64) string {
	if f == nil {
		return fmt.Sprint(v)
	}
	return f(v)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
