package powerdns

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-acme/lego/v4/challenge/dns01"
	"github.com/go-acme/lego/v4/providers/dns/pdns"
	powerdns "github.com/joeig/go-powerdns/v3"
)

// lego, an ACME client, proves that it holds a name, with a token for that zone's records in the
// place of PowerDNS's key.
func TestLego(t *testing.T) {
	w := newWorld(t)
	token := w.Token(t, w.owner, "--name", "acme", "--template", "Edit zone records", "--on", "zone:example.org.")
	host, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := dns01.AddRecursiveNameservers([]string{w.pdns.DNS})(nil); err != nil {
		t.Fatal(err)
	}
	config := pdns.NewDefaultConfig()
	config.Host, config.APIKey, config.ServerName = host, token, "localhost"
	lego, err := pdns.NewDNSProviderConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := lego.Present("example.org", "", "proof"); err != nil {
		t.Fatal(err)
	}
	want := dns01.GetChallengeInfo("example.org", "proof").Value
	if got := w.dig(t, "_acme-challenge.example.org", "TXT"); got != `"`+want+`"` {
		t.Errorf("dig says %s; want %s", got, want)
	}
	if err := lego.CleanUp("example.org", "", "proof"); err != nil {
		t.Error(err)
	}
	if got := w.dig(t, "_acme-challenge.example.org", "TXT"); got != "" {
		t.Errorf("after the clean-up dig says %s", got)
	}
	if err := lego.Present("example.net", "", "proof"); err == nil || !strings.Contains(err.Error(), "403") && !strings.Contains(err.Error(), "Authentication error") {
		t.Errorf("of another zone: %v", err)
	}
	w.hop.take(t, token)
}

// The Go client of PowerDNS's API, unchanged.
func TestGoPowerDNS(t *testing.T) {
	w := newWorld(t)
	token := w.Token(t, w.owner, "--name", "client", "--template", "Edit zone records", "--on", "zone:example.org.")
	client := powerdns.New(w.URL, "localhost", powerdns.WithAPIKey(token))
	zones, err := client.Zones.List(t.Context())
	if err != nil || len(zones) != 1 || *zones[0].Name != "example.org." {
		t.Errorf("zones: %v, %v", zones, err)
	}
	if err := client.Records.Add(t.Context(), "example.org", "go.example.org", powerdns.RRTypeAAAA, 60, []string{"2001:db8::1"}); err != nil {
		t.Error(err)
	}
	if got := w.dig(t, "go.example.org", "AAAA"); got != "2001:db8::1" {
		t.Errorf("dig says %q", got)
	}
	if err := client.Records.Delete(t.Context(), "example.org", "go.example.org", powerdns.RRTypeAAAA); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"records of another zone": client.Records.Add(t.Context(), "example.net", "go.example.net", powerdns.RRTypeA, 60, []string{"192.0.2.1"}),
		"the end of its own":      client.Zones.Delete(t.Context(), "example.org"),
	} {
		var refusal *powerdns.Error
		if !errors.As(err, &refusal) || refusal.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := client.Cryptokeys.List(t.Context(), "example.org"); err == nil {
		t.Error("it lists DNSSEC keys")
	}
	w.hop.take(t, token)
}
