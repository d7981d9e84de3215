package demo

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"time"

	"zombiezen.com/go/sqlite"
)

// The kinds of origin certificate, by the key of the origin and of the authority that signs.
const (
	originRSA = "origin-rsa"
	originECC = "origin-ecc"
)

// authority signs origin certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// Authorities gives the certificates of the authorities that sign origin certificates, in PEM: one with
// an RSA key and one with an ECDSA key. They are made when they are asked for first.
func (p *Product) Authorities(ctx context.Context) (rsaPEM, eccPEM []byte, err error) {
	err = p.store.write(ctx, func(t *tx) error {
		for kind, to := range map[string]*[]byte{originRSA: &rsaPEM, originECC: &eccPEM} {
			a, err := t.authority(kind)
			if err != nil {
				return err
			}
			*to = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
		}
		return nil
	})
	return rsaPEM, eccPEM, err
}

// authority is the one of a kind, made now if it is the first time.
func (t *tx) authority(kind string) (*authority, error) {
	var certificate, key []byte
	err := t.each(`SELECT certificate, key FROM authority WHERE kind = ?`, func(s *sqlite.Stmt) error {
		certificate, key = make([]byte, s.ColumnLen(0)), make([]byte, s.ColumnLen(1))
		s.ColumnBytes(0, certificate)
		s.ColumnBytes(1, key)
		return nil
	}, kind)
	if err != nil {
		return nil, err
	}
	if certificate == nil {
		if certificate, key, err = t.newAuthority(kind); err != nil {
			return nil, fmt.Errorf("demo: make the authority for %s: %w", kind, err)
		}
		if err := t.exec(`INSERT INTO authority (kind, certificate, key) VALUES (?, ?, ?)`, kind, certificate, key); err != nil {
			return nil, err
		}
	}
	a := &authority{}
	parsed, err := x509.ParsePKCS8PrivateKey(key)
	if err == nil {
		a.certificate, err = x509.ParseCertificate(certificate)
	}
	var signs bool
	if a.key, signs = parsed.(crypto.Signer); err != nil || !signs {
		return nil, fmt.Errorf("demo: the authority for %s cannot be read: %w", kind, err)
	}
	return a, nil
}

func (t *tx) newAuthority(kind string) (certificate, key []byte, err error) {
	const bits, years = 3072, 20
	var signer crypto.Signer
	if kind == originRSA {
		signer, err = rsa.GenerateKey(t.rand, bits)
	} else {
		signer, err = ecdsa.GenerateKey(elliptic.P256(), t.rand)
	}
	if err != nil {
		return nil, nil, err
	}
	serial, err := t.serial()
	if err != nil {
		return nil, nil, err
	}
	now, err := time.Parse(time.RFC3339, t.now)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"Leastkey demo"}, CommonName: "Leastkey demo Origin CA (" + kind + ")"},
		NotBefore: now.Add(-backdated), NotAfter: now.AddDate(years, 0, 0), BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if certificate, err = x509.CreateCertificate(t.rand, template, template, signer.Public(), signer); err != nil {
		return nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(signer)
	return certificate, key, err
}

// backdated is for clocks that are behind.
const backdated = 5 * time.Minute

// serial is a random number of up to 126 bits, which is its own id.
func (t *tx) serial() (*big.Int, error) {
	var raw [16]byte
	if _, err := io.ReadFull(t.rand, raw[:]); err != nil {
		return nil, fmt.Errorf("demo: serial number: %w", err)
	}
	raw[0] &= 0x3f // positive, and within the 20 bytes that a certificate has for it
	raw[0] |= 0x20 // never short
	return new(big.Int).SetBytes(raw[:]), nil
}

// sign makes a certificate for the host names, and for nothing else that the request asks for.
func (a *authority) sign(random io.Reader, request *x509.CertificateRequest, serial *big.Int, hostnames []string, from, until time.Time) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"Leastkey demo"}, CommonName: "Origin certificate"}, DNSNames: hostnames,
		NotBefore: from.Add(-backdated), NotAfter: until, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if _, isRSA := request.PublicKey.(*rsa.PublicKey); isRSA {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	der, err := x509.CreateCertificate(random, template, a.certificate, request.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("demo: sign a certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
