package chromium

import (
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
)

// Picture is the page as PNG, from its top to its end or to so many pixels, whichever comes first.
func (p *Page) Picture(most int) []byte {
	p.t.Helper()
	// In a low window the document is as high as what is in it.
	const low = 200
	width := Eval[int](p, "innerWidth")
	resize := func(height int64) {
		call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: height, DeviceScaleFactor: 1,
		})
	}
	resize(low)
	defer resize(height)
	end := min(Eval[int](p, "document.documentElement.scrollHeight"), most)
	beyond := true
	return call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond,
		Clip:                  &page.Viewport{Width: float64(width), Height: float64(end), Scale: 1},
	}).Data
}

// Overflow is how many pixels the page is wider than its window: a person would have to scroll sideways to read.
func (p *Page) Overflow() int {
	p.t.Helper()
	return Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
}
