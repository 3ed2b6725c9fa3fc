package vnc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/tlscreds"
)

// encrypt begins TLS with the client at the other end of a connection.
type encrypt func(context.Context, net.Conn) (net.Conn, error)

// FindCredentials has clients that come from now on use TLS, if the server was
// told of credentials. The machine's lock is held.
func (s *Server) FindCredentials() error {
	if s.opts.Credentials == "" {
		return nil
	}
	creds, err := tlscreds.Find(s.opts.Tree, s.opts.Credentials, true)
	if err != nil {
		return err
	}
	s.encrypt = func(ctx context.Context, conn net.Conn) (net.Conn, error) {
		return creds.Server(ctx, conn, tlscreds.Ask(s.opts.Tree, s.opts.Do, s.opts.Authz))
	}
	return nil
}

// ReloadCredentials reads the files of the credentials again, as display-reload
// does. The machine's lock is held.
func (s *Server) ReloadCredentials() error {
	if s.encrypt == nil {
		return errors.New("vnc tls is not enabled")
	}
	if err := tlscreds.Reload(s.opts.Tree, s.opts.Credentials); err != nil {
		return err
	}
	return s.FindCredentials()
}

// The subtypes of VeNCrypt that certificates serve.
const (
	veNCryptX509None = 260
	veNCryptX509VNC  = 261
)

// veNCryptVersion is the only one in use, major and minor.
var veNCryptVersion = []byte{0, 2}

// veNCrypt agrees on the one subtype there is, and goes on within TLS. The
// protocol is described in the RFB protocol of the community, section "VeNCrypt".
func (c *client) veNCrypt(ctx context.Context, h host) error {
	if _, err := c.conn.Write(veNCryptVersion); err != nil {
		return err
	}
	version := make([]byte, len(veNCryptVersion))
	if _, err := io.ReadFull(c.r, version); err != nil {
		return err
	}
	if !bytes.Equal(version, veNCryptVersion) {
		c.conn.Write([]byte{1})
		return errProtocol
	}
	subtype := uint32(veNCryptX509None)
	if h.expected != nil {
		subtype = veNCryptX509VNC
	}
	if _, err := c.conn.Write(binary.BigEndian.AppendUint32([]byte{0, 1}, subtype)); err != nil {
		return err
	}
	var chosen [4]byte
	if _, err := io.ReadFull(c.r, chosen[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(chosen[:]) != subtype {
		c.conn.Write([]byte{0})
		return errProtocol
	}
	if _, err := c.conn.Write([]byte{1}); err != nil {
		return err
	}
	conn, err := h.encrypt(ctx, c.conn)
	if err != nil {
		return err
	}
	c.conn = conn
	c.r.Reset(conn)
	return nil
}

// openWebSocket begins a WebSocket, within TLS if there is any.
func (c *client) openWebSocket(ctx context.Context, encrypt encrypt) (err error) {
	if encrypt != nil {
		if c.conn, err = encrypt(ctx, c.conn); err != nil {
			return err
		}
	}
	c.conn, err = chardev.WebSocket(ctx, c.conn)
	return err
}
