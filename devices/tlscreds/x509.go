package tlscreds

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/youmark/pkcs8"

	"github.com/qomd/qomd/devices/object"
)

// maxIdentities is how many numbered identities QEMU looks for.
const maxIdentities = 10

// identity is a certificate with what is above it, and its key.
type identity struct {
	file  string // of the certificate, in messages
	chain []*x509.Certificate
}

// load completes tls-creds-x509.
func (c *credentials) load() error {
	if !c.HasStored("dir") {
		return errNoDir
	}
	ca := c.path("ca-cert.pem")
	if err := exists(ca); err != nil {
		return inaccessible(ca, err)
	}
	var err error
	if c.trusted, err = certificates(ca); err != nil {
		return err
	}
	list, err := c.loadIdentities()
	if err != nil {
		return err
	}
	if c.flag("sanity-check") {
		for _, i := range list {
			if err := c.check(i, ca); err != nil {
				return err
			}
		}
	}
	if !c.server() {
		return nil
	}
	if err := c.loadRevoked(); err != nil {
		return err
	}
	return c.checkDH()
}

// loadIdentities reads the certificate and key of this end, and those with a
// number, which follow each other from 0 on. Servers need one.
func (c *credentials) loadIdentities() ([]identity, error) {
	end := c.text("endpoint")
	var list []identity
	for n := -1; n < maxIdentities; n++ {
		number := ""
		if n >= 0 {
			number = fmt.Sprintf("-%d", n)
		}
		cert, key := c.path(end+"-cert"+number+".pem"), c.path(end+"-key"+number+".pem")
		hasCert, hasKey := exists(cert) == nil, exists(key) == nil
		switch {
		case !hasCert && !hasKey && n < 0:
			continue
		case !hasCert && !hasKey:
			n = maxIdentities
			continue
		case !hasKey:
			return nil, fmt.Errorf("Cert '%s' without corresponding key '%s'", cert, key)
		case !hasCert:
			return nil, fmt.Errorf("Key '%s' without corresponding cert '%s'", key, cert)
		}
		i, err := c.loadIdentity(cert, key)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	if len(list) == 0 && c.server() {
		return nil, fmt.Errorf("Missing server cert '%s' & key '%s'", c.path("server-cert.pem"), c.path("server-key.pem"))
	}
	return list, nil
}

func (c *credentials) loadIdentity(certFile, keyFile string) (identity, error) {
	i := identity{file: certFile}
	var err error
	if i.chain, err = certificates(certFile); err != nil {
		return i, err
	}
	key, err := c.privateKey(keyFile)
	if err != nil {
		return i, err
	}
	public, ok := i.chain[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return i, fmt.Errorf("Cannot set certificate '%s' & key '%s': The certificate and the given key do not match.",
			certFile, keyFile)
	}
	t := tls.Certificate{PrivateKey: key, Leaf: i.chain[0]}
	for _, cert := range i.chain {
		t.Certificate = append(t.Certificate, cert.Raw)
	}
	c.identities = append(c.identities, t)
	return i, nil
}

// certificates reads the certificates of a file, at least one.
func certificates(path string) ([]*x509.Certificate, error) {
	data, err := object.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("Cannot load CA cert list %s: Error reading file “%s”: %s", path, path, object.Strerror(err))
	}
	bad := func(text string) error { return fmt.Errorf("Unable to import certificate %s: %s", path, text) }
	var list []*x509.Certificate
	for _, b := range blocks(data, "CERTIFICATE") {
		cert, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, bad("ASN1 parser: Error in TAG.")
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		return nil, bad("No certificate was found.")
	}
	return list, nil
}

// privateKey reads a key, which the secret passwordid may decrypt.
func (c *credentials) privateKey(path string) (crypto.Signer, error) {
	data, err := object.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("Cannot load private key %s: Error reading file “%s”: %s", path, path, object.Strerror(err))
	}
	var password []byte
	if id := c.text("passwordid"); id != "" {
		if password, err = object.SecretData(c.Tree(), id); err != nil {
			return nil, err
		}
	}
	for rest := data; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return nil, fmt.Errorf("Unable to import private key %s", path)
		}
		if key, err := parseKey(b, password); err == nil {
			return key, nil
		}
	}
}

func parseKey(b *pem.Block, password []byte) (crypto.Signer, error) {
	var key any
	var err error
	switch b.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		key, err = pkcs8.ParsePKCS8PrivateKey(b.Bytes, password)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(b.Bytes)
	}
	if err != nil {
		return nil, err
	}
	if s, ok := key.(crypto.Signer); ok {
		return s, nil
	}
	return nil, errors.New("no key to sign with")
}

// loadRevoked reads the certificates that a server refuses, if there is a list.
func (c *credentials) loadRevoked() error {
	path := c.path("ca-crl.pem")
	data, err := object.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	text := "Base64 decoding error."
	if err == nil {
		for _, b := range blocks(data, "X509 CRL") {
			if c.revoked, err = x509.ParseRevocationList(b.Bytes); err == nil {
				return nil
			}
			text = "ASN1 parser: Error in TAG."
		}
	}
	return fmt.Errorf("Cannot load CRL '%s': %s", path, text)
}

// blocks are the PEM blocks of a type in a file.
func blocks(data []byte, typ string) []*pem.Block {
	var list []*pem.Block
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			return list
		}
		if b.Type == typ || strings.HasSuffix(b.Type, " "+typ) {
			list = append(list, b)
		}
	}
}

func exists(path string) error {
	_, err := os.Stat(path)
	return err
}
