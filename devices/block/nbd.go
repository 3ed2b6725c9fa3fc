package block

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// nbdTimeout is how long a server may take to accept: the machine waits.
const nbdTimeout = time.Second

// openNBD looks whether an NBD server is there, and says what QEMU says when
// there is none. One that is there cannot be used: there is no NBD client.
func openNBD(n *Node, o *qjson.Object) error {
	v, _ := o.Get("server")
	server, ok := v.(*qjson.Object)
	if !ok {
		return errors.New("Parameter 'server' is missing")
	}
	network, address := "tcp", ""
	switch kind, _ := text(server, "type"); kind {
	case "unix":
		network = "unix"
		address, _ = text(server, "path")
	case "inet":
		host, _ := text(server, "host")
		port, _ := text(server, "port")
		address = net.JoinHostPort(host, port)
	default:
		return fmt.Errorf("socket type '%s' is not supported", kind)
	}
	conn, err := net.DialTimeout(network, address, nbdTimeout)
	if err != nil {
		return fmt.Errorf("Failed to connect to '%s': %s", address, reason(err))
	}
	conn.Close()
	return errors.New("Unknown driver 'nbd'")
}
