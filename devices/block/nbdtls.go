package block

import (
	"context"
	"net"

	"github.com/qomd/qomd/devices/tlscreds"
	"github.com/qomd/qomd/qmp/qjson"
)

// nbdSecure begins TLS on a connection to an NBD server.
type nbdSecure func(net.Conn) (net.Conn, error)

// nbdSecurity reads the options of a client that are about TLS; nil: there is to
// be none.
func (g *Graph) nbdSecurity(o, server *qjson.Object) (nbdSecure, error) {
	id, ok := text(o, "tls-creds")
	if !ok {
		return nil, nil
	}
	creds, err := tlscreds.Find(g.opts.Env.Tree, id, false)
	if err != nil {
		return nil, err
	}
	host, ok := text(o, "tls-hostname")
	if !ok {
		host, _ = text(server, "host")
	}
	return func(conn net.Conn) (net.Conn, error) { return creds.Client(context.Background(), conn, host) }, nil
}

// startTLS answers the option STARTTLS, and goes on encrypted.
func (n *nbdSession) startTLS(data []byte) error {
	switch {
	case len(data) > 0:
		return n.answer(nbdOptStartTLS, nbdInvalid, nil)
	case n.s.creds == nil:
		return n.answer(nbdOptStartTLS, nbdPolicy, []byte("TLS not configured"))
	case n.encrypted():
		return n.answer(nbdOptStartTLS, nbdInvalid, []byte("TLS already enabled"))
	}
	if err := n.answer(nbdOptStartTLS, nbdAck, nil); err != nil {
		return err
	}
	g := n.s.g
	conn, err := n.s.creds.Server(context.Background(), n.c, tlscreds.Ask(g.opts.Env.Tree, g.opts.Do, n.s.opts.TLSAuthz))
	if err == nil {
		n.c = conn
	}
	return err
}

func (n *nbdSession) encrypted() bool {
	_, ok := n.c.(*tlscreds.Conn)
	return ok
}
