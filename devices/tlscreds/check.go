package tlscreds

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"
)

// check finds out before anybody connects whether an identity would do. ca is
// the file of the trusted certificates.
func (c *credentials) check(i identity, ca string) error {
	if err := c.checkOne(i.chain[0], i.file, false); err != nil {
		return err
	}
	if err := c.checkIssuers(i, ca); err != nil {
		return err
	}
	if reason := c.distrust(i.chain, nil); reason != "" {
		return fmt.Errorf("Our own certificate %s failed validation against %s: %s", i.file, ca, reason)
	}
	return nil
}

// checkIssuers walks up to a certificate that signed itself.
func (c *credentials) checkIssuers(i identity, ca string) error {
	all := slices.Concat(i.chain, c.trusted)
	at := i.chain[0]
	for range all {
		if issued(at, at) {
			return nil
		}
		up := slices.IndexFunc(all, func(by *x509.Certificate) bool { return issued(at, by) })
		if up < 0 {
			return fmt.Errorf("Cert '%s' has no issuer in CA chain", distinguishedName(at.RawSubject))
		}
		file := ca
		if up < len(i.chain) {
			file = i.file
		}
		if err := c.checkOne(all[up], file, true); err != nil {
			return err
		}
		at = all[up]
	}
	return nil // a circle: whether it can be trusted is seen later
}

// issued compares names and key identifiers, not signatures.
func issued(cert, by *x509.Certificate) bool {
	return bytes.Equal(cert.RawIssuer, by.RawSubject) &&
		(len(cert.AuthorityKeyId) == 0 || len(by.SubjectKeyId) == 0 || bytes.Equal(cert.AuthorityKeyId, by.SubjectKeyId))
}

// checkOne looks at what a certificate says of itself.
func (c *credentials) checkOne(cert *x509.Certificate, file string, ca bool) error {
	end := c.text("endpoint")
	who := end
	if ca {
		who = "CA"
	}
	now := time.Now()
	switch {
	case now.After(cert.NotAfter):
		return fmt.Errorf("The %s certificate %s has expired", who, file)
	case now.Before(cert.NotBefore):
		return fmt.Errorf("The %s certificate %s is not yet active", who, file)
	case !ca && cert.BasicConstraintsValid && cert.IsCA:
		return fmt.Errorf("The certificate %s basic constraints show a CA, but we need one for a %s", file, end)
	case ca && !cert.BasicConstraintsValid:
		return fmt.Errorf("The certificate %s is missing basic constraints for a CA", file)
	case ca && !cert.IsCA:
		return fmt.Errorf("The certificate %s basic constraints do not show a CA", file)
	}
	if isCritical(cert, oidKeyUsage) {
		switch {
		case ca && cert.KeyUsage&x509.KeyUsageCertSign == 0:
			return fmt.Errorf("Certificate %s usage does not permit certificate signing", file)
		case !ca && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
			return fmt.Errorf("Certificate %s usage does not permit digital signature", file)
		}
	}
	if !ca && isCritical(cert, oidExtKeyUsage) && !allows(cert, c.server()) {
		return fmt.Errorf("Certificate %s purpose does not allow use with a TLS %s", file, end)
	}
	return nil
}

// Extensions of RFC 5280, section 4.2.1.
var (
	oidKeyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
)

func isCritical(cert *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	for _, e := range cert.Extensions {
		if e.Id.Equal(oid) {
			return e.Critical
		}
	}
	return false
}

func allows(cert *x509.Certificate, server bool) bool {
	want := x509.ExtKeyUsageClientAuth
	if server {
		want = x509.ExtKeyUsageServerAuth
	}
	return slices.Contains(cert.ExtKeyUsage, want) || slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny)
}
