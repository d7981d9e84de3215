package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

func encoded(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// page is white with a red box and a slope of greys, as the edges of letters are.
func page() *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, 256, 64))
	for y := range 64 {
		for x := range 256 {
			switch {
			case y == 0:
				picture.Set(x, y, color.RGBA{uint8(x), uint8(x), uint8(x), 255})
			case x < 20 && y < 20:
				picture.Set(x, y, color.RGBA{200, 0, 0, 255})
			default:
				picture.Set(x, y, color.White)
			}
		}
	}
	return picture
}

func TestShrink(t *testing.T) {
	original := page()
	small, err := Shrink(encoded(t, original), 16)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	paletted, ok := decoded.(*image.Paletted)
	if !ok || len(paletted.Palette) > 16 || decoded.Bounds() != original.Bounds() {
		t.Fatalf("%T with %v", decoded, decoded.Bounds())
	}
	const near = 24 // of 255: a step of a slope that has at least eight
	for y := range 64 {
		for x := range 256 {
			want, have := original.RGBAAt(x, y), color.RGBAModel.Convert(decoded.At(x, y)).(color.RGBA)
			limit := 0 // what covers much stays as it is
			if y == 0 {
				limit = near
			}
			for i := range 4 {
				if off := channel(want, i) - channel(have, i); off > limit || off < -limit {
					t.Fatalf("at %d, %d: %v became %v", x, y, want, have)
				}
			}
		}
	}
}

// A picture that has few colours loses none.
func TestShrinkKeepsWhatFits(t *testing.T) {
	original := page()
	small, err := Shrink(encoded(t, original.SubImage(image.Rect(0, 1, 256, 64))), 2)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 63 {
		for x := range 256 {
			want := original.RGBAAt(x, y+1)
			if have := color.RGBAModel.Convert(decoded.At(x, y)); have != want {
				t.Fatalf("at %d, %d: %v became %v", x, y, want, have)
			}
		}
	}
}

func TestShrinkRefuses(t *testing.T) {
	for _, colours := range []int{0, 1, 257} {
		if _, err := Shrink(encoded(t, page()), colours); err == nil {
			t.Errorf("%d colours were accepted", colours)
		}
	}
	if _, err := Shrink([]byte("no picture"), 16); err == nil {
		t.Error("what is no picture was accepted")
	}
}
