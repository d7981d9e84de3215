package guard_test

import (
	"encoding/base64"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/leastkeytest"
)

func TestReveals(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	for _, shape := range []leastkey.SecretKind{leastkey.UserTokenSecret, leastkey.AccountTokenSecret, leastkey.GlobalKeySecret} {
		secret, _ := w.Mint(shape)
		plain := secret.Reveal()
		for _, text := range []string{
			plain, "chat, " + plain, "access_token." + plain, "a." + plain + ".b",
			"base64url.bearer.authorization.k8s.io." + base64.RawURLEncoding.EncodeToString([]byte(plain)),
			base64.StdEncoding.EncodeToString([]byte("Bearer " + plain)),
			base64.URLEncoding.EncodeToString([]byte(`{"token":"` + plain + `"}`)),
		} {
			if !w.Guard.Reveals(text) {
				t.Errorf("nothing found in %q", text)
			}
		}
	}
	for _, text := range []string{"", "...", "graphql-ws, graphql-transport-ws", "permessage-deflate; client_max_window_bits", "v12.stomp", "dGhlIHNhbXBsZSBub25jZQ=="} {
		if w.Guard.Reveals(text) {
			t.Errorf("found something in %q", text)
		}
	}
}
