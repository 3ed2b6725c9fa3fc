// Package tlstest makes certificates for tests, as files of tls-creds-x509.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Pair is a certificate with its key.
type Pair struct {
	*x509.Certificate
	Key *ecdsa.PrivateKey
}

// Change makes a certificate different from a good one.
type Change func(*x509.Certificate)

// Authority makes a certificate that signs others.
func Authority(t testing.TB, change ...Change) Pair {
	t.Helper()
	return sign(t, nil, x509.Certificate{
		Subject:  pkix.Name{CommonName: "authority"},
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true,
	}, change)
}

// Between makes a certificate that signs others and is signed itself.
func (p Pair) Between(t testing.TB, change ...Change) Pair {
	t.Helper()
	return sign(t, &p, x509.Certificate{
		Subject: pkix.Name{CommonName: "between"}, KeyUsage: x509.KeyUsageCertSign, IsCA: true,
	}, change)
}

// Server makes a certificate of localhost.
func (p Pair) Server(t testing.TB, change ...Change) Pair {
	t.Helper()
	return sign(t, &p, x509.Certificate{
		Subject:  pkix.Name{CommonName: "localhost", Organization: []string{"acme"}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, change)
}

// Client makes the certificate of somebody called "O=acme,CN=client".
func (p Pair) Client(t testing.TB, change ...Change) Pair {
	t.Helper()
	return sign(t, &p, x509.Certificate{
		Subject:  pkix.Name{CommonName: "client", Organization: []string{"acme"}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, change)
}

func sign(t testing.TB, by *Pair, template x509.Certificate, change []Change) Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		t.Fatal(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.BasicConstraintsValid = true
	for _, f := range change {
		f(&template)
	}
	issuer, issuerKey := &template, key
	if by != nil {
		issuer, issuerKey = by.Certificate, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Pair{cert, key}
}

// Dir is a directory of credentials.
type Dir struct {
	testing.TB
	Path string
}

// NewDir makes an empty one.
func NewDir(t testing.TB) Dir {
	t.Helper()
	return Dir{t, t.TempDir()}
}

// Good makes credentials that are all in order, for both ends.
func Good(t testing.TB) Dir {
	t.Helper()
	d, ca := NewDir(t), Authority(t)
	d.Certs("ca-cert.pem", ca)
	d.Identity("server", ca.Server(t))
	d.Identity("client", ca.Client(t))
	return d
}

// File writes a file.
func (d Dir) File(name string, data []byte) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.Path, name), data, 0o600); err != nil {
		d.Fatal(err)
	}
}

// Certs writes certificates into one file.
func (d Dir) Certs(name string, list ...Pair) {
	d.Helper()
	var data []byte
	for _, p := range list {
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Raw})...)
	}
	d.File(name, data)
}

// Identity writes the certificate of an end ("server", "client"), with those
// above it, and its key.
func (d Dir) Identity(end string, p Pair, above ...Pair) {
	d.Helper()
	d.Certs(end+"-cert.pem", slices.Insert(above, 0, p)...)
	d.Key(end+"-key.pem", p)
}

// Key writes a key.
func (d Dir) Key(name string, p Pair) {
	d.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		d.Fatal(err)
	}
	d.File(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Remove removes a file.
func (d Dir) Remove(name string) {
	d.Helper()
	if err := os.Remove(filepath.Join(d.Path, name)); err != nil {
		d.Fatal(err)
	}
}

// Copy makes another directory of the same files.
func (d Dir) Copy() Dir {
	d.Helper()
	other := Dir{d.TB, filepath.Join(d.TempDir(), "copy")}
	if err := os.CopyFS(other.Path, os.DirFS(d.Path)); err != nil {
		d.Fatal(err)
	}
	return other
}
