// Package chromium is a person at a real browser, for the end-to-end tests: Debian's Chromium, driven through the
// DevTools protocol, against a running demo. What is on a page is found as assistive technology finds it, by role and
// accessible name, so that a test which finds a field has tested its label.
//
// Every page that anybody opens is held to the same rules when its test ends: nothing from another host, nothing
// inline, no violation of the content security policy, no error on the console, no secret shown twice.
package chromium

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/chromedp"
)

// programVariable names another Chromium than the one in PATH.
const programVariable = "LEASTKEY_E2E_CHROMIUM"

// closeLimit is how long Chromium may take to end.
const closeLimit = 10 * time.Second

// Browser is one running Chromium, without a window, with a profile of its own that goes with it.
type Browser struct {
	ctx    context.Context //nolint:containedctx // chromedp keeps its browser in a context
	cancel context.CancelFunc
}

// Launch starts Chromium. A process that runs as root, as on a machine that is made for one test run, cannot have
// Chromium's sandbox; chromedp leaves it out for root alone.
func Launch() (*Browser, error) {
	program := os.Getenv(programVariable)
	if program == "" {
		program = "chromium"
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-lcd-text", true), // grey edges: pictures need fewer colours
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("lang", "en-US"),
		chromedp.Env("LANG=C.UTF-8", "LANGUAGE=en_US", "TZ=UTC"),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	browser := &Browser{ctx: ctx, cancel: func() { cancel(); stop() }}
	if err := chromedp.Do(ctx); err != nil {
		browser.cancel()
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return browser, nil
}

// Close ends Chromium and removes its profile.
func (b *Browser) Close() {
	ctx, cancel := context.WithTimeout(b.ctx, closeLimit)
	defer cancel()
	// A browser that does not end when asked is killed with its context.
	_ = chromedp.Cancel(ctx)
	b.cancel()
}
