package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/qomd/qomd/qmp/qjson"
)

// openNBD connects to an NBD server.
func openNBD(n *Node, o *qjson.Object) error {
	t, err := n.g.nbdTarget(o)
	if err != nil {
		return err
	}
	n.exact = t.exact
	img, err := n.g.connectNBD(o, t)
	if err != nil {
		return err
	}
	if img.flags&nbdReadOnly != 0 && !n.readOnly {
		if !n.autoReadOnly {
			img.conn.Close()
			return errors.New("NBD export is read-only")
		}
		n.readOnly = true
	}
	n.img = img
	return nil
}

// nbdImage is an export of an NBD server. It has one request on its way at a
// time; a connection that broke stays so.
type nbdImage struct {
	size  int64
	flags uint16

	mu     sync.Mutex
	conn   net.Conn
	cookie uint64
	broken error
}

// handshake asks for an export by the option GO, after TLS if there is to be any.
func (i *nbdImage) handshake(export string, secure nbdSecure) error {
	be := binary.BigEndian
	var hello [18]byte
	if _, err := io.ReadFull(i.conn, hello[:]); err != nil {
		return fmt.Errorf("Failed to read initial magic: %s", reason(err))
	}
	if be.Uint64(hello[:]) != nbdMagic || be.Uint64(hello[8:]) != nbdOption || be.Uint16(hello[16:])&nbdFixedNewstyle == 0 {
		return errors.New("Bad initial magic received: this is no NBD server of our time")
	}
	if _, err := i.conn.Write(be.AppendUint32(nil, nbdFixedNewstyle)); err != nil {
		return fmt.Errorf("Failed to send client flags: %s", reason(err))
	}
	if secure != nil {
		if err := i.option(nbdOptStartTLS, nil, nil); err != nil {
			return err
		}
		conn, err := secure(i.conn)
		if err != nil {
			return err
		}
		i.conn = conn
	}
	name := append(be.AppendUint32(nil, uint32(len(export))), export...)
	return i.option(nbdOptGo, be.AppendUint16(name, 0), func(data []byte) {
		if len(data) >= 12 && be.Uint16(data) == 0 {
			i.size, i.flags = int64(be.Uint64(data[2:])), be.Uint16(data[10:])
		}
	})
}

// option sends an option and reads what the server says to it. info takes the
// information that comes before the end.
func (i *nbdImage) option(number uint32, data []byte, info func([]byte)) error {
	be := binary.BigEndian
	msg := be.AppendUint32(be.AppendUint64(nil, nbdOption), number)
	msg = append(be.AppendUint32(msg, uint32(len(data))), data...)
	if _, err := i.conn.Write(msg); err != nil {
		return fmt.Errorf("Failed to send option request: %s", reason(err))
	}
	what := fmt.Sprintf("option %d (%s)", number, nbdOptionNames[number])
	for {
		var head [20]byte
		if _, err := io.ReadFull(i.conn, head[:]); err != nil {
			return fmt.Errorf("Failed to read option reply: %s", i.reason(err))
		}
		kind, n := be.Uint32(head[12:]), be.Uint32(head[16:])
		if be.Uint64(head[:]) != nbdOptionReply || n > maxNBDOption {
			return errors.New("Unexpected option reply")
		}
		data := make([]byte, n)
		if _, err := io.ReadFull(i.conn, data); err != nil {
			return fmt.Errorf("Failed to read option reply: %s", i.reason(err))
		}
		switch {
		case kind == nbdAck:
			return nil
		case kind == nbdInfo && info != nil:
			info(data)
		case kind == nbdUnknown:
			return fmt.Errorf("Requested export not available")
		case kind == nbdPolicy:
			return fmt.Errorf("Denied by server for %s", what)
		case kind == nbdUnsupported:
			return fmt.Errorf("Unsupported option type %s", what)
		case kind == nbdTLSRequired:
			return fmt.Errorf("TLS negotiation required before %s", what)
		case kind&(1<<31) != 0:
			return fmt.Errorf("Server refused the export (%d)", kind&^(1<<31))
		}
	}
}

// call makes a request and reads its reply.
func (i *nbdImage) call(kind uint16, off int64, n int, out, in []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.broken != nil {
		return i.broken
	}
	be := binary.BigEndian
	i.cookie++
	msg := be.AppendUint16(be.AppendUint16(be.AppendUint32(nil, nbdRequest), 0), kind)
	msg = be.AppendUint32(be.AppendUint64(be.AppendUint64(msg, i.cookie), uint64(off)), uint32(n))
	_, err := i.conn.Write(append(msg, out...))
	var head [16]byte
	if err == nil {
		_, err = io.ReadFull(i.conn, head[:])
	}
	if err == nil && (be.Uint32(head[:]) != nbdReply || be.Uint64(head[8:]) != i.cookie) {
		err = errNBD
	}
	if err == nil {
		if no := syscall.Errno(be.Uint32(head[4:])); no != 0 {
			return no
		}
		_, err = io.ReadFull(i.conn, in)
	}
	i.broken = err
	return err
}

func (i *nbdImage) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	for at := 0; at < len(p); at += chunk {
		part := p[at:min(at+chunk, len(p))]
		part = part[:max(min(int64(len(part)), i.size-off-int64(at)), 0)]
		if len(part) == 0 {
			break
		}
		if err := i.call(nbdRead, off+int64(at), len(part), nil, part); err != nil {
			return at, err
		}
	}
	return len(p), nil
}

func (i *nbdImage) WriteAt(p []byte, off int64) (int, error) {
	for at := 0; at < len(p); at += chunk {
		part := p[at:min(at+chunk, len(p))]
		if err := i.call(nbdWrite, off+int64(at), len(part), part, nil); err != nil {
			return at, err
		}
	}
	return len(p), nil
}

func (i *nbdImage) Flush() error {
	if i.flags&nbdSendFlush == 0 {
		return nil
	}
	return i.call(nbdFlush, 0, 0, nil, nil)
}

func (i *nbdImage) Discard(off, n int64) error {
	if i.flags&nbdSendTrim == 0 || n > 1<<31 {
		return nil
	}
	return i.call(nbdTrim, off, int(n), nil, nil)
}

func (i *nbdImage) Size() int64 { return i.size }

// Close leaves politely.
func (i *nbdImage) Close() error {
	be := binary.BigEndian
	msg := be.AppendUint16(be.AppendUint16(be.AppendUint32(nil, nbdRequest), 0), nbdDisconnect)
	i.conn.Write(append(msg, make([]byte, 20)...))
	return i.conn.Close()
}
