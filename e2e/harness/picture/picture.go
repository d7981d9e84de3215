// Package picture makes pictures of pages small: a page has few colours, and its letters' edges do with fewer than
// they have.
package picture

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// Shrink is the PNG again with at most so many colours, from 2 to 256. The colours that cover most of it stay as they
// are; the others, from the edges of letters, become the nearest that is kept.
func Shrink(original []byte, colours int) ([]byte, error) {
	if colours < 2 || colours > 256 {
		return nil, fmt.Errorf("a palette of %d colours; want 2 to 256", colours)
	}
	decoded, err := png.Decode(bytes.NewReader(original))
	if err != nil {
		return nil, err
	}
	bounds := decoded.Bounds()
	counts := make(map[color.RGBA]int)
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(decoded.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	palette := choose(counts, colours)
	nearest := make(map[color.RGBA]uint8, len(counts))
	for c := range counts {
		nearest[c] = uint8(palette.Index(c)) // at most 256 colours
	}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			small.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&out, small)
	return out.Bytes(), err
}

// swatch is a colour and how many points have it.
type swatch struct {
	color.RGBA
	count int
}

// choose is a palette: the half of it that covers most, and for the rest the means of boxes of similar colours.
func choose(counts map[color.RGBA]int, size int) color.Palette {
	swatches := make([]swatch, 0, len(counts))
	for c, n := range counts {
		swatches = append(swatches, swatch{c, n})
	}
	slices.SortFunc(swatches, func(a, b swatch) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(number(a.RGBA), number(b.RGBA)))
	})
	var palette color.Palette
	kept := size / 2
	if len(swatches) <= size {
		kept = len(swatches)
	}
	for _, s := range swatches[:kept] {
		palette = append(palette, s.RGBA)
	}
	boxes := [][]swatch{swatches[kept:]}
	for len(swatches) > kept && len(boxes) < size-kept {
		widest, channel, width := -1, 0, 0
		for i, box := range boxes {
			if c, w := spread(box); w > width {
				widest, channel, width = i, c, w
			}
		}
		if widest < 0 {
			break
		}
		low, high := halve(boxes[widest], channel)
		boxes[widest] = low
		boxes = append(boxes, high)
	}
	for _, box := range boxes {
		if len(box) > 0 {
			palette = append(palette, mean(box))
		}
	}
	return palette
}

func number(c color.RGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}

func channel(c color.RGBA, i int) int { return int([4]uint8{c.R, c.G, c.B, c.A}[i]) }

// spread is the channel in which a box is widest, and how wide it is there.
func spread(box []swatch) (widest, width int) {
	for i := range 4 {
		low, high := 255, 0
		for _, s := range box {
			low, high = min(low, channel(s.RGBA, i)), max(high, channel(s.RGBA, i))
		}
		if high-low > width {
			widest, width = i, high-low
		}
	}
	return widest, width
}

// halve cuts a box of two colours or more in the middle of its width, so that what stands apart, as one red word on a
// grey page does, comes to a box of its own.
func halve(box []swatch, along int) (low, high []swatch) {
	least, most := 255, 0
	for _, s := range box {
		least, most = min(least, channel(s.RGBA, along)), max(most, channel(s.RGBA, along))
	}
	for _, s := range box {
		if channel(s.RGBA, along) <= (least+most)/2 {
			low = append(low, s)
		} else {
			high = append(high, s)
		}
	}
	return low, high
}

func mean(box []swatch) color.RGBA {
	var sums [4]int
	points := 0
	for _, s := range box {
		for i := range sums {
			sums[i] += channel(s.RGBA, i) * s.count
		}
		points += s.count
	}
	at := func(i int) uint8 { return uint8((sums[i] + points/2) / points) }
	return color.RGBA{at(0), at(1), at(2), at(3)}
}
