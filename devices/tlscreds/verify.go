package tlscreds

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// distrust says why a chain is not trusted, in QEMU's words; empty when it is.
// revoked may be nil.
func (f *files) distrust(chain []*x509.Certificate, revoked *x509.RevocationList) string {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, cert := range f.trusted {
		roots.AddCert(cert)
	}
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown) && !f.claimsToKnow(chain):
		return "The certificate hasn't got a known issuer"
	case err != nil:
		return "The certificate is not trusted"
	case isRevoked(chain[0], revoked):
		return "The certificate has been revoked"
	}
	return ""
}

// claimsToKnow reports whether the end of a chain names a trusted issuer, which
// then did not sign it.
func (f *files) claimsToKnow(chain []*x509.Certificate) bool {
	end := chain[len(chain)-1]
	return slices.ContainsFunc(f.trusted, func(by *x509.Certificate) bool { return issued(end, by) })
}

func isRevoked(cert *x509.Certificate, list *x509.RevocationList) bool {
	return list != nil && slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool {
		return e.SerialNumber.Cmp(cert.SerialNumber) == 0
	})
}

// verify checks the other end of a connection: a server, which has to be host,
// or a client, which a server may want to allow by its name.
func (c *Creds) verify(state *tls.ConnectionState, host string, allow func(name string) error) error {
	chain := state.PeerCertificates
	if len(chain) == 0 {
		return errors.New("Verify failed: No certificate was found.")
	}
	if reason := c.distrust(chain, c.revoked); reason != "" {
		return errors.New(reason)
	}
	if allow != nil {
		if err := allow(distinguishedName(chain[0].RawSubject)); err != nil {
			return err
		}
	}
	switch {
	case c.server:
	case host == "":
		return errors.New("No hostname for certificate validation")
	case !names(chain[0], host):
		return fmt.Errorf("Certificate does not match the hostname %s", host)
	}
	return nil
}

// names reports whether a certificate is that of a host. One without other names
// goes by its common name, which Go has given up and GnuTLS has not.
func names(cert *x509.Certificate, host string) bool {
	if len(cert.DNSNames) == 0 && len(cert.IPAddresses) == 0 {
		return net.ParseIP(host) == nil && strings.EqualFold(cert.Subject.CommonName, host)
	}
	return cert.VerifyHostname(host) == nil
}
