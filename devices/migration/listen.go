package migration

import (
	"context"
	"net"
	"os"
	"strconv"

	"github.com/qomd/qomd/devices/chardev"
)

// door is where a stream comes in. accept waits for the source, without the
// machine's lock; close ends the wait. A socket lets others in until it is shut.
type door struct {
	accept  func() (*conn, error)
	shut    func() // nil: there are no others
	close   func()
	address *chardev.SocketAddress // of a socket that listens
}

// listen opens the door of a destination.
func (a Address) listen(files *chardev.Files) (*door, error) {
	switch a.Transport {
	case Unix, TCP:
		return a.listenSocket()
	case Exec:
		return opened(a.run(false))
	case File:
		ctx, cancel := context.WithCancel(context.Background())
		if chardev.IsPipe(a.Path) {
			return &door{accept: func() (*conn, error) { return a.file(ctx, os.O_RDONLY) }, close: cancel}, nil
		}
		defer cancel()
		return opened(a.file(ctx, os.O_RDONLY))
	}
	return opened(a.inherited(files, true))
}

// opened is the door of a channel that is open already.
func opened(c *conn, err error) (*door, error) {
	if err != nil {
		return nil, err
	}
	return &door{accept: func() (*conn, error) { return c, nil }, close: c.close}, nil
}

func (a Address) listenSocket() (*door, error) {
	if err := a.Socket.Check(); err != nil {
		return nil, err
	}
	ln, err := chardev.Listen(a.Socket)
	if err != nil {
		return nil, err
	}
	d := &door{close: func() { ln.Close() }, shut: func() { ln.Close() }, address: &chardev.SocketAddress{Type: "unix", Path: a.Socket.Path}}
	if t, ok := ln.Addr().(*net.TCPAddr); ok {
		d.address = &chardev.SocketAddress{Type: "inet", Host: t.IP.String(), Port: strconv.Itoa(t.Port)}
	}
	d.accept = func() (*conn, error) {
		s, err := ln.Accept()
		if err != nil {
			return nil, err
		}
		return socketConn(s), nil
	}
	return d, nil
}
