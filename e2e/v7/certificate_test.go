package v7

import (
	"testing"

	"github.com/cloudflare/cloudflare-go/v7"
	"github.com/cloudflare/cloudflare-go/v7/option"
	"github.com/cloudflare/cloudflare-go/v7/origin_ca_certificates"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/cloudflare/cloudflare-go/v7/ssl"
	"github.com/leastkey/leastkey/e2e/harness"
)

// An origin certificate is made, listed, shown and revoked with an Origin CA Key.
func TestOriginCertificates(t *testing.T) {
	d := harness.Start(t)
	clean(t)
	client := cloudflare.NewClient(option.WithBaseURL(d.API), option.WithHTTPClient(d.Client()), option.WithUserServiceKey(d.ServiceKey(t)))
	names := []string{d.Staging().Name, "www." + d.Staging().Name}
	made, err := client.OriginCACertificates.New(t.Context(), origin_ca_certificates.OriginCACertificateNewParams{
		Csr: cloudflare.F(harness.SigningRequest(t)), Hostnames: cloudflare.F(names),
		RequestType: cloudflare.F(shared.CertificateRequestTypeOriginECC), RequestedValidity: cloudflare.F(ssl.RequestValidity30),
	})
	if err != nil {
		t.Fatal(err)
	}
	harness.IsCertificate(t, made.Certificate, names...)
	got, err := client.OriginCACertificates.Get(t.Context(), made.ID)
	if err != nil || got.Certificate != made.Certificate || got.RequestedValidity != ssl.RequestValidity30 {
		t.Errorf("one: %+v, %v", got, err)
	}
	pages := client.OriginCACertificates.ListAutoPaging(t.Context(), origin_ca_certificates.OriginCACertificateListParams{ZoneID: cloudflare.F(d.Staging().ID)})
	found := 0
	for pages.Next() {
		if found++; pages.Current().ID != made.ID {
			t.Errorf("the list has %s", pages.Current().ID)
		}
	}
	if pages.Err() != nil || found != 1 {
		t.Errorf("the list: %d, %v", found, pages.Err())
	}
	if gone, err := client.OriginCACertificates.Delete(t.Context(), made.ID); err != nil || gone.ID != made.ID {
		t.Errorf("revoke: %+v, %v", gone, err)
	}
}
