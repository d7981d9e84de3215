package v0

import (
	"testing"

	"github.com/cloudflare/cloudflare-go"
	"github.com/leastkey/leastkey/e2e/harness"
)

// An origin certificate is made, listed, shown and revoked with an Origin CA Key, which does nothing else.
func TestOriginCertificates(t *testing.T) {
	d := harness.Start(t)
	api, err := cloudflare.NewWithUserServiceKey(d.ServiceKey(t), options(d)...)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{d.Staging().Name, "*." + d.Staging().Name}
	made, err := api.CreateOriginCACertificate(t.Context(), cloudflare.CreateOriginCertificateParams{
		CSR: harness.SigningRequest(t), Hostnames: names, RequestType: "origin-ecc", RequestValidity: 90,
	})
	if err != nil {
		t.Fatal(err)
	}
	harness.IsCertificate(t, made.Certificate, names...)
	got, err := api.GetOriginCACertificate(t.Context(), made.ID)
	if err != nil || got.Certificate != made.Certificate || !got.ExpiresOn.Equal(made.ExpiresOn) {
		t.Errorf("one: %+v, %v", got, err)
	}
	list, err := api.ListOriginCACertificates(t.Context(), cloudflare.ListOriginCertificatesParams{ZoneID: d.Staging().ID})
	if err != nil || len(list) != 1 || list[0].ID != made.ID {
		t.Errorf("the list: %+v, %v", list, err)
	}
	if gone, err := api.RevokeOriginCACertificate(t.Context(), made.ID); err != nil || gone.ID != made.ID {
		t.Errorf("revoke: %+v, %v", gone, err)
	}
	_, err = api.ListZones(t.Context())
	wantDenied(t, "the zones, with an Origin CA Key", err, "origin certificates alone")
	_, err = api.CreateOriginCACertificate(t.Context(), cloudflare.CreateOriginCertificateParams{
		CSR: harness.SigningRequest(t), Hostnames: []string{d.Elsewhere().Name}, RequestType: "origin-ecc", RequestValidity: 90,
	})
	wantDenied(t, "a certificate for somebody else's zone", err, "SSL and Certificates Write", "a zone")
}
