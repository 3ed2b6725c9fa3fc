package block

import (
	"encoding/binary"
	"errors"
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
