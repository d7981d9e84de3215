package gateway

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
)

// Listen filters a listener so that a server reads only requests with one reading. Over TLS,
// wrap the TLS listener.
func Listen(l net.Listener) net.Listener { return framing.Listen(l) }

// NewServer is the HTTP server to run a gateway in, with every time-out set. It serves only
// listeners from [Listen], and panics when it is given another: what net/http accepts beyond
// RFC 9112 no handler can see.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      refuseMalformed(h),
		ReadHeaderTimeout:            10 * time.Second,
		ReadTimeout:                  2 * time.Minute,
		WriteTimeout:                 3 * time.Minute,
		IdleTimeout:                  90 * time.Second,
		MaxHeaderBytes:               framing.MaxHead,
		DisableGeneralOptionsHandler: true, // it would answer "OPTIONS *" before any decision
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(l net.Listener) context.Context {
			if _, filtered := l.(*framing.Listener); !filtered {
				panic("gateway: serve a listener from gateway.Listen")
			}
			return context.Background()
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			filtered, ok := c.(*framing.Conn)
			if !ok {
				return ctx
			}
			_, encrypted := filtered.Conn.(*tls.Conn)
			return context.WithValue(ctx, encryptedKey{}, encrypted)
		},
	}
}

// encryptedKey holds whether a connection is TLS: net/http does not see it through the filter.
type encryptedKey struct{}

func isEncrypted(r *http.Request) bool {
	encrypted, _ := r.Context().Value(encryptedKey{}).(bool)
	return encrypted || r.TLS != nil
}

// refuseMalformed answers the requests that stand in for those which the filter refused.
func refuseMalformed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, refused := framing.Refused(r)
		if !refused {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		api.WriteErrors(w, fault.Status(), api.Error{Code: api.CodeAmbiguous, Message: "Malformed request: " + fault.Words()})
	})
}
