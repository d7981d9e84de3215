package web

import "net/http"

// contentPolicy allows what the dashboard is made of, all of it from here: no inline script or style, no frame, no
// form that is sent elsewhere.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers sets on every answer what keeps other sites, frames, caches and old browsers out.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		// Addresses carry ids and searches, so other sites get none. Not no-referrer: with that,
		// browsers send our own forms with a null Origin, which is taken for another site's.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store") // static files, which are not about anyone, say otherwise
		next.ServeHTTP(w, r)
	})
}
