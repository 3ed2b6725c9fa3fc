package tlscreds

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// Client shakes hands with the server at the other end of conn, until ctx is
// done. host is who it has to be, unless the credentials do not verify it. When
// it fails conn is closed. The errors are QEMU's.
func (c *Creds) Client(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	return c.shake(ctx, conn, func(config *tls.Config) *tls.Conn {
		config.InsecureSkipVerify = true // verify does it, with other words and rules
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(c.identities) == 0 {
				return new(tls.Certificate), nil
			}
			return &c.identities[0], nil
		}
		if net.ParseIP(host) == nil {
			config.ServerName = host
		}
		return tls.Client(conn, config)
	}, func(state *tls.ConnectionState) error { return c.verify(state, host, nil) })
}

// Server shakes hands with the client at the other end of conn, until ctx is
// done. allow, which may be nil, says whether a client may come in, by the
// distinguished name of its certificate. When it fails conn is closed.
func (c *Creds) Server(ctx context.Context, conn net.Conn, allow func(name string) error) (net.Conn, error) {
	return c.shake(ctx, conn, func(config *tls.Config) *tls.Conn {
		config.Certificates = c.identities
		if c.verifyPeer {
			config.ClientAuth = tls.RequestClientCert
			config.ClientCAs = x509.NewCertPool() // tells clients what is trusted
			for _, cert := range c.trusted {
				config.ClientCAs.AddCert(cert)
			}
		}
		return tls.Server(conn, config)
	}, func(state *tls.ConnectionState) error { return c.verify(state, "", allow) })
}

// shake shakes hands and then, as QEMU, looks at who is there. Somebody who is not
// trusted is cut off without a word.
func (c *Creds) shake(ctx context.Context, raw net.Conn, begin func(*tls.Config) *tls.Conn, verify func(*tls.ConnectionState) error) (net.Conn, error) {
	t := begin(&tls.Config{MinVersion: c.versions.min, MaxVersion: c.versions.max})
	err := t.HandshakeContext(ctx)
	if err != nil {
		err = fmt.Errorf("TLS handshake failed: %s", reason(err))
	} else if state := t.ConnectionState(); c.verifyPeer {
		err = verify(&state)
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return &Conn{Conn: t, raw: raw}, nil
}

// reason is what GnuTLS says when a handshake fails.
func reason(err error) string {
	var remote *net.OpError
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &remote) && remote.Op == "remote error":
		return "A TLS fatal alert has been received."
	case errors.As(err, &header):
		return "An unexpected TLS packet was received."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "The TLS connection was non-properly terminated."
	}
	if errors.As(err, new(syscall.Errno)) {
		return "Error in the pull function.: Unable to read from socket: " + object.Strerror(err)
	}
	return err.Error()
}

// Conn is a connection with TLS.
type Conn struct {
	*tls.Conn
	raw net.Conn
}

// Close ends the connection at once, without a word to the other end: that could
// take seconds, and the machine's lock may be held. [Conn.CloseWrite] tells it.
func (c *Conn) Close() error { return c.raw.Close() }

// Ask lets an object authz-* of a tree decide who may come in, see
// [Creds.Server]; do runs a function under the tree's lock. Without an id
// everybody may.
func Ask(t *qom.Tree, do func(func()), id string) func(name string) error {
	if id == "" {
		return nil
	}
	return func(name string) (err error) {
		do(func() {
			var ok bool
			if ok, err = object.Authorize(t, id, name); err == nil && !ok {
				err = fmt.Errorf("TLS x509 authz check for %s is denied", name)
			}
		})
		return err
	}
}
