package migration

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/qomd/qomd/devices/tlscreds"
)

// errSetup says that TLS cannot begin because of what the user has set.
type errSetup struct{ error }

// encrypt begins TLS on a channel that is open, if the parameter tls-creds asks
// for it, and returns the channel to use. It must be called without the lock;
// closing c ends it.
func (m *Migration) encrypt(ctx context.Context, c *conn, server bool) (*conn, error) {
	var creds *tlscreds.Creds
	var allow func(string) error
	var err error
	host := c.host
	m.host.Do(func() {
		id := m.text("tls-creds")
		if id == "" {
			return
		}
		if creds, err = tlscreds.Find(m.host.Tree(), id, server); err != nil {
			return
		}
		if name := m.text("tls-hostname"); name != "" {
			host = name
		}
		allow = tlscreds.Ask(m.host.Tree(), m.host.Do, m.text("tls-authz"))
	})
	switch {
	case err != nil:
		return nil, errSetup{err}
	case creds == nil:
		return c, nil
	case c.socket == nil:
		return nil, errSetup{fmt.Errorf("TLS handshake failed: Error in the pull function.: Unable to read from %s: Bad file descriptor", c.what)}
	}
	var s net.Conn
	if server {
		s, err = creds.Server(ctx, c.socket, allow)
	} else {
		s, err = creds.Client(ctx, c.socket, host)
	}
	if err != nil {
		return nil, err
	}
	return socketConn(s), nil
}

func isSetup(err error) bool { return errors.As(err, new(errSetup)) }

// text is a parameter that is text.
func (s *Settings) text(name string) string {
	v, _ := s.Parameter(name).(string)
	return v
}
