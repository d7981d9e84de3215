package login

import (
	"context"

	"github.com/leastkey/leastkey/internal/control"
)

// Redeem begins a session with the code of a sign-in link, which works once, and ends the session
// that the browser had. It is Throttled, or an error of the control plane: Refused when the code
// is of no use.
func (l *Login) Redeem(ctx context.Context, code string, v control.Visit) (control.SignedIn, error) {
	if err := l.addresses.take(addressKey(v.Addr)); err != nil {
		return control.SignedIn{}, err
	}
	begun, err := l.control.BeginSessionByLink(ctx, code, v)
	if isKind(err, control.Refused) {
		l.log.Warn("sign-in link refused", "address", v.Addr)
	}
	return begun, err
}
