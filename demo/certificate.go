package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// certificate is an origin certificate as it is printed. Clients take expires_on in this form only.
type certificate struct {
	ID          string   `json:"id"`
	Certificate string   `json:"certificate"`
	Hostnames   []string `json:"hostnames"`
	ExpiresOn   string   `json:"expires_on"`
	RequestType string   `json:"request_type"`
	Validity    int      `json:"requested_validity"`
	CSR         string   `json:"csr"`
	RevokedAt   string   `json:"revoked_at,omitempty"`
}

const (
	codeNoCertificate = 1101
	expiresForm       = "2006-01-02 15:04:05 -0700 MST"
	maxHostnames      = 200
)

func listCertificates(t *tx, q *request) (reply, error) {
	v := q.URL.Query()
	info, err := parsePage(v, 20, 50)
	if err != nil {
		return reply{}, err
	}
	id := v.Get("zone_id")
	if _, found, err := t.zoneBy("id", id); err != nil || !found {
		if err == nil {
			err = bad(codeInvalid, "The query parameter zone_id must be the id of a zone")
		}
		return reply{}, err
	}
	total, err := t.count("SELECT count(*) FROM certificate WHERE zone_id = ? AND revoked_at = ''", id)
	if err != nil {
		return reply{}, err
	}
	found, err := t.certificates("zone_id = ? AND revoked_at = '' ORDER BY seq DESC LIMIT ? OFFSET ?", id, info.PerPage, info.offset())
	return reply{result: found, info: info.of(len(found), total)}, err
}

func getCertificate(t *tx, q *request) (reply, error) {
	found, err := t.certificate(q.ids["certificate_id"])
	return reply{result: found}, err
}

// revokeCertificate leaves it to be looked at.
func revokeCertificate(t *tx, q *request) (reply, error) {
	found, err := t.certificate(q.ids["certificate_id"])
	if err == nil && found.RevokedAt != "" {
		err = bad(codeNoCertificate, "The certificate was revoked already, at %s", found.RevokedAt)
	}
	if err != nil {
		return reply{}, err
	}
	err = t.exec(`UPDATE certificate SET revoked_at = ? WHERE id = ?`, t.now, found.ID)
	return reply{result: struct {
		ID        string `json:"id"`
		RevokedAt string `json:"revoked_at"`
	}{found.ID, t.now}}, err
}

func (t *tx) certificate(id string) (certificate, error) {
	found, err := t.certificates("id = ?", id)
	if err == nil && len(found) == 0 {
		err = missing(codeNoCertificate, "There is no certificate with that id here")
	}
	if err != nil {
		return certificate{}, err
	}
	return found[0], nil
}

func (t *tx) certificates(where string, args ...any) ([]certificate, error) {
	out := []certificate{}
	err := t.each("SELECT id, pem, hostnames, expires_on, kind, validity, csr, revoked_at FROM certificate WHERE "+where, func(s *sqlite.Stmt) error {
		out = append(out, certificate{
			ID: s.ColumnText(0), Certificate: s.ColumnText(1), Hostnames: strings.Fields(s.ColumnText(2)), ExpiresOn: s.ColumnText(3),
			RequestType: s.ColumnText(4), Validity: s.ColumnInt(5), CSR: s.ColumnText(6), RevokedAt: s.ColumnText(7),
		})
		return nil
	}, args...)
	return out, err
}

func createCertificate(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	kind, days := f.certificateKind(), f.validity()
	hostnames := f.hostnames()
	request := f.signingRequest(kind)
	if f.err != nil {
		return reply{}, f.err
	}
	zone, err := t.zoneHosting(hostnames)
	if err != nil {
		return reply{}, err
	}
	signer, err := t.authority(kind)
	if err != nil {
		return reply{}, err
	}
	serial, err := t.serial()
	if err != nil {
		return reply{}, err
	}
	now, err := time.Parse(time.RFC3339, t.now)
	if err != nil {
		return reply{}, err
	}
	until := now.Truncate(time.Second).AddDate(0, 0, days)
	text, err := signer.sign(t.rand, request, serial, hostnames, now, until)
	if err != nil {
		return reply{}, err
	}
	made := certificate{serial.String(), string(text), hostnames, until.Format(expiresForm), kind, days, f.text("csr"), ""}
	err = t.exec(`INSERT INTO certificate (id, zone_id, kind, hostnames, validity, csr, pem, expires_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		made.ID, zone.ID, kind, strings.Join(hostnames, " "), days, made.CSR, made.Certificate, made.ExpiresOn)
	return reply{result: made}, err
}

func (f *form) certificateKind() string {
	kind := f.text("request_type")
	if kind != originRSA && kind != originECC {
		f.fail("request_type", "request_type must be %s or %s", originRSA, originECC)
	}
	return kind
}

func (f *form) validity() int {
	allowed := []int{7, 30, 90, 365, 730, 1095, 5475}
	days := f.number("requested_validity")
	switch {
	case days == nil:
		return allowed[len(allowed)-1]
	case !slices.Contains(allowed, *days):
		f.fail("requested_validity", "requested_validity must be 7, 30, 90, 365, 730, 1095 or 5475 days")
	}
	return *days
}

// hostnames are in lower case, each once.
func (f *form) hostnames() []string {
	var names []string
	for _, name := range f.texts("hostnames") {
		name = strings.TrimSuffix(lowerASCII(name), ".")
		if why := badName(name, true); why != "" {
			f.fail("hostnames", "%q is not a host name: %s", name, why)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 || len(names) > maxHostnames {
		f.fail("hostnames", "hostnames must name 1 to %d hosts", maxHostnames)
	}
	return names
}

// signingRequest reads the CSR. Of it only the public key is used.
func (f *form) signingRequest(kind string) *x509.CertificateRequest {
	const fewestBits, mostBits = 2048, 8192
	block, rest := pem.Decode([]byte(f.text("csr")))
	if block == nil || block.Type != "CERTIFICATE REQUEST" || strings.TrimSpace(string(rest)) != "" {
		f.fail("csr", "csr must be one certificate signing request in PEM, as openssl req makes it")
		return nil
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = request.CheckSignature()
	}
	if err != nil {
		f.fail("csr", "csr cannot be read, or is not signed with its own key")
		return nil
	}
	switch key := request.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); kind != originRSA || bits < fewestBits || bits > mostBits {
			f.fail("csr", "the key of the csr is RSA with %d bits: %s takes RSA with %d to %d", bits, originRSA, fewestBits, mostBits)
		}
	case *ecdsa.PublicKey:
		if kind != originECC || key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			f.fail("csr", "the key of the csr is ECDSA on %s: %s takes P-256 and P-384", key.Params().Name, originECC)
		}
	default:
		f.fail("csr", "the key of the csr must be RSA or ECDSA")
	}
	return request
}

// zoneHosting is the one zone that all the names are in: each in that with the longest name.
func (t *tx) zoneHosting(hostnames []string) (Zone, error) {
	var all Zone
	for _, host := range hostnames {
		zone, found := Zone{}, false
		for name := strings.TrimPrefix(host, "*."); name != "" && !found; _, name, _ = strings.Cut(name, ".") {
			var err error
			if zone, found, err = t.zoneBy("name", name); err != nil {
				return Zone{}, err
			}
		}
		switch {
		case !found:
			return Zone{}, fieldFault("/hostnames", "%s is in no zone here", host)
		case all.ID != "" && all.ID != zone.ID:
			return Zone{}, fieldFault("/hostnames", "%s is in another zone than %s: make a certificate for each zone", host, hostnames[0])
		}
		all = zone
	}
	return all, nil
}
