package block

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"syscall"
)

// Numbers of the NBD protocol, doc/proto.md of the NetworkBlockDevice project.
const (
	nbdMagic       = 0x4e42444d41474943 // "NBDMAGIC"
	nbdOption      = 0x49484156454f5054 // "IHAVEOPT"
	nbdOldMagic    = 0x00420281861253   // the style of servers without options
	nbdOptionReply = 0x0003e889045565a9
	nbdRequest     = 0x25609513
	nbdReply       = 0x67446698
	nbdStructured  = 0x668e33ef

	nbdFixedNewstyle = 1
	nbdNoZeroes      = 2

	nbdOptExportName = 1
	nbdOptAbort      = 2
	nbdOptList       = 3
	nbdOptStartTLS   = 5
	nbdOptInfo       = 6
	nbdOptGo         = 7
	nbdOptStructured = 8
	nbdOptListMeta   = 9
	nbdOptSetMeta    = 10

	nbdAck         = 1
	nbdServerEntry = 2
	nbdInfo        = 3
	nbdMetaContext = 4
	nbdUnsupported = 1<<31 | 1
	nbdPolicy      = 1<<31 | 2
	nbdInvalid     = 1<<31 | 3
	nbdPlatform    = 1<<31 | 4
	nbdTLSRequired = 1<<31 | 5
	nbdUnknown     = 1<<31 | 6
	nbdShutdown    = 1<<31 | 7
	nbdBlockSize   = 1<<31 | 8

	nbdHasFlags   = 1
	nbdReadOnly   = 2
	nbdSendFlush  = 4
	nbdSendFUA    = 8
	nbdSendTrim   = 32
	nbdSendZeroes = 64
	nbdSendDF     = 128

	nbdRead        = 0
	nbdWrite       = 1
	nbdDisconnect  = 2
	nbdFlush       = 3
	nbdTrim        = 4
	nbdWriteZeroes = 6
	nbdBlockStatus = 7
	nbdFUA         = 1
	nbdOne         = 8

	nbdChunkDone   = 1
	nbdChunkData   = 1
	nbdChunkStatus = 5
	nbdChunkError  = 1<<15 | 1

	maxExportName  = 4096
	maxNBDOption   = 64 << 10
	maxNBDTransfer = 32 << 20
	maxNBDStatus   = 1 << 20 // of one context in one reply; who asked will ask on
)

var errNBD = errors.New("NBD protocol violated")

// serve talks to one client until it leaves.
func (s *server) serve(c net.Conn) error {
	var hello [18]byte
	be := binary.BigEndian
	be.PutUint64(hello[:], nbdMagic)
	be.PutUint64(hello[8:], nbdOption)
	be.PutUint16(hello[16:], nbdFixedNewstyle|nbdNoZeroes)
	if _, err := c.Write(hello[:]); err != nil {
		return err
	}
	var flags [4]byte
	if _, err := io.ReadFull(c, flags[:]); err != nil {
		return err
	}
	n := &nbdSession{s: s, c: c, noZeroes: be.Uint32(flags[:])&nbdNoZeroes != 0}
	if err := n.negotiate(); err != nil || n.export == nil {
		return err
	}
	defer s.g.opts.Do(func() { s.g.leave(n.export, n.c) })
	return n.transmit()
}

// nbdSession is the talk with one client.
type nbdSession struct {
	s        *server
	c        net.Conn
	noZeroes bool
	export   *export
	root     *Edge
	size     int64 // when the client came
	writable bool

	structured bool // replies to reads, and of contexts, come in chunks
	contexts   []nbdContext
	contextsOf string // the export for which they were chosen
}

// negotiate answers options until the client has chosen an export, or leaves.
func (n *nbdSession) negotiate() error {
	be := binary.BigEndian
	for {
		var head [16]byte
		if _, err := io.ReadFull(n.c, head[:]); err != nil {
			return err
		}
		option, length := be.Uint32(head[8:]), be.Uint32(head[12:])
		if be.Uint64(head[:]) != nbdOption || length > maxNBDOption {
			return errNBD
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(n.c, data); err != nil {
			return err
		}
		var err error
		switch bare := n.s.creds != nil && !n.encrypted(); {
		case option == nbdOptStartTLS:
			if err := n.startTLS(data); err != nil {
				return err
			}
			continue
		case bare && option == nbdOptExportName:
			return errNBD
		case bare && option != nbdOptAbort:
			if err := n.answer(option, nbdTLSRequired, nil); err != nil {
				return err
			}
			continue
		}
		switch option {
		case nbdOptExportName:
			if !n.enter(string(data)) {
				return errNBD
			}
			reply := be.AppendUint16(be.AppendUint64(nil, uint64(n.size)), n.flags())
			if !n.noZeroes {
				reply = append(reply, make([]byte, 124)...)
			}
			_, err = n.c.Write(reply)
			if err != nil {
				n.back()
			}
			return err
		case nbdOptAbort:
			return n.answer(option, nbdAck, nil)
		case nbdOptList:
			err = n.list(option)
		case nbdOptInfo, nbdOptGo:
			if err = n.info(option, data); n.export != nil {
				if err != nil {
					n.back()
				}
				return err
			}
		case nbdOptStructured:
			kind := uint32(nbdAck)
			if len(data) > 0 || n.structured {
				kind = nbdInvalid
			}
			n.structured = true
			err = n.answer(option, kind, nil)
		case nbdOptListMeta, nbdOptSetMeta:
			err = n.meta(option, data)
		default:
			err = n.answer(option, nbdUnsupported, nil)
		}
		if err != nil {
			return err
		}
	}
}

// back gives the export up again.
func (n *nbdSession) back() {
	n.s.g.opts.Do(func() { n.s.g.leave(n.export, n.c) })
	n.export = nil
}

func (n *nbdSession) answer(option, kind uint32, data []byte) error {
	be := binary.BigEndian
	b := be.AppendUint32(be.AppendUint32(be.AppendUint64(nil, nbdOptionReply), option), kind)
	_, err := n.c.Write(append(be.AppendUint32(b, uint32(len(data))), data...))
	return err
}

func (n *nbdSession) list(option uint32) error {
	var names []string
	n.s.g.opts.Do(func() {
		for _, e := range n.s.g.exports {
			names = append(names, e.name)
		}
	})
	for _, name := range names {
		if err := n.answer(option, nbdServerEntry, append(binary.BigEndian.AppendUint32(nil, uint32(len(name))), name...)); err != nil {
			return err
		}
	}
	return n.answer(option, nbdAck, nil)
}

// info tells of an export, and with GO chooses it.
func (n *nbdSession) info(option uint32, data []byte) error {
	be := binary.BigEndian
	if len(data) < 6 || int64(be.Uint32(data)) > int64(len(data))-6 {
		return n.answer(option, nbdInvalid, nil)
	}
	name := string(data[4 : 4+be.Uint32(data)])
	if !n.enter(name) {
		return n.answer(option, nbdUnknown, nil)
	}
	// An information request of type 0: size and flags.
	reply := be.AppendUint16(be.AppendUint64(be.AppendUint16(nil, 0), uint64(n.size)), n.flags())
	if err := n.answer(option, nbdInfo, reply); err != nil {
		return err
	}
	if option == nbdOptInfo {
		n.back()
	}
	return n.answer(option, nbdAck, nil)
}

func (n *nbdSession) enter(name string) bool {
	n.s.g.opts.Do(func() {
		if n.export = n.s.g.enter(name, n.c); n.export != nil {
			n.root, n.size, n.writable = n.export.backend.root, n.export.backend.Length(), n.export.writable
		}
	})
	if name != n.contextsOf {
		n.contexts = nil
	}
	return n.export != nil
}

func (n *nbdSession) flags() uint16 {
	f := uint16(nbdHasFlags | nbdSendFlush | nbdSendFUA)
	if n.writable {
		f |= nbdSendTrim | nbdSendZeroes
	} else {
		f |= nbdReadOnly
	}
	if n.structured {
		f |= nbdSendDF
	}
	return f
}

// transmit carries out requests, one after the other.
func (n *nbdSession) transmit() error {
	be := binary.BigEndian
	for {
		var head [28]byte
		if _, err := io.ReadFull(n.c, head[:]); err != nil {
			return err
		}
		kind, flags := be.Uint16(head[6:]), be.Uint16(head[4:])
		off, length := int64(be.Uint64(head[16:])), int64(be.Uint32(head[24:]))
		if be.Uint32(head[:]) != nbdRequest || kind == nbdWrite && length > maxNBDTransfer {
			return errNBD
		}
		var data []byte
		if kind == nbdWrite {
			data = make([]byte, length)
			if _, err := io.ReadFull(n.c, data); err != nil {
				return err
			}
		}
		if kind == nbdDisconnect {
			return nil
		}
		out, err := n.carryOut(kind, off, length, data)
		if err == nil && flags&nbdFUA != 0 && (kind == nbdWrite || kind == nbdWriteZeroes) {
			_, err = n.carryOut(nbdFlush, 0, 0, nil)
		}
		if n.structured && (kind == nbdRead || kind == nbdBlockStatus) {
			switch cookie := head[8:16]; {
			case err != nil:
				err = n.chunkError(cookie, err)
			case kind == nbdRead:
				err = n.chunk(cookie, true, nbdChunkData, head[16:24], out)
			default:
				err = n.blockStatus(cookie, off, length, flags&nbdOne != 0)
			}
			if err != nil {
				return err
			}
			continue
		}
		var reply bytes.Buffer
		reply.Write(be.AppendUint32(be.AppendUint32(nil, nbdReply), uint32(errnoOf(err))))
		reply.Write(head[8:16])
		if err == nil {
			reply.Write(out)
		}
		if _, err := n.c.Write(reply.Bytes()); err != nil {
			return err
		}
	}
}

func (n *nbdSession) carryOut(kind uint16, off, length int64, data []byte) ([]byte, error) {
	switch {
	case kind != nbdFlush && (off < 0 || off > n.size || length > n.size-off || kind == nbdRead && length > maxNBDTransfer):
		return nil, syscall.EINVAL
	case (kind == nbdWrite || kind == nbdTrim || kind == nbdWriteZeroes) && !n.writable:
		return nil, syscall.EPERM
	case kind == nbdBlockStatus && len(n.contexts) > 0:
		return nil, nil
	case kind == nbdRead:
		data = make([]byte, length)
	}
	err := n.s.g.pass(n.root, func(node *Node, img image) (err error) {
		switch kind {
		case nbdRead:
			_, err = img.ReadAt(data, off)
		case nbdWrite:
			n.s.g.opts.Do(func() { node.wrote(off, length) })
			_, err = img.WriteAt(data, off)
		case nbdWriteZeroes:
			n.s.g.opts.Do(func() { node.wrote(off, length) })
			err = writeZeroes(img, off, length)
		case nbdFlush:
			err = img.Flush()
		case nbdTrim:
			err = img.Discard(off, length)
		default:
			err = syscall.EINVAL
		}
		return err
	})
	if kind != nbdRead {
		data = nil
	}
	return data, err
}

// errnoOf gives an error one of the numbers that NBD knows.
func errnoOf(err error) syscall.Errno {
	var no syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &no) && (no == syscall.EPERM || no == syscall.EINVAL || no == syscall.ENOSPC):
		return no
	}
	return syscall.EIO
}
