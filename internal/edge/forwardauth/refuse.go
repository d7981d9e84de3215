package forwardauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/bodyless"
)

// What a refusal would have been, for a proxy that cannot pass it on as it is.
const (
	statusHeader = "Leastkey-Status"
	bodyHeader   = "Leastkey-Body"
)

// maxBody bounds Leastkey-Body, in bytes: nginx reads a head of 4 or 8 KiB by default, and the
// other fields must fit as well.
const maxBody = 3 << 10

// refuse answers with a denial, as the proxy can take it.
func (c convention) refuse(w *bodyless.Answer, d *guard.Denial) {
	if c.statuses {
		tell(w, d)
		return
	}
	w.Set("Cache-Control", "no-store")
	if d.Challenge != "" {
		w.Set("WWW-Authenticate", d.Challenge)
	}
	if d.RetryAfter > 0 {
		w.Set("Retry-After", strconv.Itoa(int((d.RetryAfter+time.Second-1)/time.Second)))
	}
	w.Set(statusHeader, strconv.Itoa(d.Status))
	w.Set(bodyHeader, oneLine(d.Errors))
	switch d.Status {
	case http.StatusUnauthorized, http.StatusServiceUnavailable:
		w.Status = d.Status
	default:
		w.Status = http.StatusForbidden
	}
}

// tell answers with a denial as it is.
func tell(w *bodyless.Answer, d *guard.Denial) { w.Take(d.Write) }

// oneLine is the body of a failure as a header can carry it. One that is too long keeps the code of
// its first error, and says that there was more.
func oneLine(errs []api.Error) string {
	if line, ok := marshal(errs[0], errs[1:]...); ok && len(line) <= maxBody {
		return line
	}
	line, _ := marshal(api.Error{Code: errs[0].Code, Message: "The request is refused; the reasons are too long to be told here"})
	return line
}

func marshal(first api.Error, more ...api.Error) (string, bool) {
	text, err := json.Marshal(api.Failed(first, more...))
	return ascii(string(text)), err == nil
}

// ascii escapes in JSON what a header field cannot carry.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch high, low := utf16.EncodeRune(r); {
		case ' ' <= r && r <= '~':
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
