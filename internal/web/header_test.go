package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHeaders reads the policy that every answer carries, errors and redirects too.
func TestHeaders(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a page":     func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<p>")) },
		"a failure":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/sign-in", http.StatusSeeOther) },
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			headers(h).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			for header, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
			} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			policy := map[string]string{}
			for directive := range strings.SplitSeq(w.Header().Get("Content-Security-Policy"), ";") {
				name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
				policy[name] = sources
			}
			for directive, want := range map[string]string{
				"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
				"connect-src": "'self'", "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
			} {
				if policy[directive] != want {
					t.Errorf("%s %q, want %q", directive, policy[directive], want)
				}
				delete(policy, directive)
			}
			if len(policy) > 0 {
				t.Errorf("the policy also says %q", policy)
			}
		})
	}
}
