package chardev

import (
	"context"
	"net"

	"github.com/qomd/qomd/devices/tlscreds"
)

// Prepare finds the objects that options name, so that [Set.Open] can do without
// the lock.
func (s *Set) Prepare(o Options) (Options, error) {
	if o.Kind != "socket" {
		return o, nil
	}
	k := &o.Socket
	if err := k.Check(); err != nil || k.TLSCreds == "" {
		return o, err
	}
	var err error
	k.creds, err = tlscreds.Find(s.root.Tree(), k.TLSCreds, k.Server)
	return o, err
}

// secure returns how a socket begins TLS.
func (s *Set) secure(o SocketOptions) layer {
	if o.Server {
		return func(ctx context.Context, conn net.Conn) (net.Conn, error) {
			return o.creds.Server(ctx, conn, tlscreds.Ask(s.root.Tree(), s.Do, o.TLSAuthz))
		}
	}
	return func(ctx context.Context, conn net.Conn) (net.Conn, error) {
		return o.creds.Client(ctx, conn, o.Host)
	}
}
