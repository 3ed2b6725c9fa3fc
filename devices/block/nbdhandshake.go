package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/tlscreds"
)

// The client's side of the NBD handshake (doc/proto.md of the NetworkBlockDevice
// project, "Handshake phase"), with the messages of QEMU's client.

// handshake asks for an export, after TLS if there is to be any: by the option GO,
// of a server that does not know it by EXPORT_NAME. A server of the old style has
// one export, without a name.
func (i *nbdImage) handshake(export string, secure nbdSecure) error {
	be := binary.BigEndian
	hello, err := i.take("initial magic", 8)
	if err != nil {
		return err
	}
	if magic := be.Uint64(hello); magic != nbdMagic {
		return fmt.Errorf("Bad initial magic received: 0x%016x", magic)
	}
	style, err := i.take("server magic", 8)
	if err != nil {
		return err
	}
	switch magic := be.Uint64(style); {
	case magic == nbdOldMagic:
		return i.oldStyle(export, secure)
	case magic != nbdOption:
		return fmt.Errorf("Bad server magic received: 0x%016x", magic)
	}
	server, err := i.take("server flags", 2)
	if err != nil {
		return err
	}
	known := be.Uint16(server) & (nbdFixedNewstyle | nbdNoZeroes)
	if err := i.send("clientflags field", be.AppendUint32(nil, uint32(known))); err != nil {
		return err
	}
	fixed := known&nbdFixedNewstyle != 0
	if secure != nil {
		if !fixed {
			return errors.New("Server does not support STARTTLS")
		}
		if err := i.option(nbdOptStartTLS, nil, nil); err != nil {
			return err
		}
		conn, err := secure(i.conn)
		if err != nil {
			return err
		}
		i.conn = conn
	}
	if fixed {
		if err := i.enter(export); !errors.Is(err, errNBDUnsupported) {
			return err
		}
	}
	if err := i.request(nbdOptExportName, []byte(export)); err != nil {
		return err
	}
	if err := i.takeExport(2); err != nil || known&nbdNoZeroes != 0 {
		return err
	}
	_, err = i.take("reserved block", 124)
	return err
}

// enter asks for an export by the option GO.
func (i *nbdImage) enter(export string) error {
	be := binary.BigEndian
	name := append(be.AppendUint32(nil, uint32(len(export))), export...)
	told := false
	err := i.option(nbdOptGo, be.AppendUint16(name, 0), func(data []byte) error {
		if len(data) < 2 {
			return fmt.Errorf("NBD_REP_INFO length %d is too short", len(data))
		}
		kind, data := be.Uint16(data), data[2:]
		switch {
		case kind == 0 && len(data) != 10:
			return fmt.Errorf("remaining export info len %d is unexpected size", len(data))
		case kind == 0:
			told = true
			i.size, i.flags = int64(be.Uint64(data)), be.Uint16(data[8:])
			return i.checkSize()
		}
		return nil
	})
	if err == nil && !told {
		return errors.New("broken server omitted NBD_INFO_EXPORT")
	}
	return err
}

// oldStyle reads what a server tells that knows no options.
func (i *nbdImage) oldStyle(export string, secure nbdSecure) error {
	switch {
	case secure != nil:
		return errors.New("Server does not support STARTTLS")
	case export != "":
		return errors.New("Server does not support non-empty export names")
	}
	if err := i.takeExport(4); err != nil {
		return err
	}
	_, err := i.take("reserved block", 124)
	return err
}

// takeExport reads the size and the flags of an export, those in the lowest two
// bytes of several.
func (i *nbdImage) takeExport(flags int) error {
	size, err := i.take("export length", 8)
	if err != nil {
		return err
	}
	b, err := i.take("export flags", flags)
	if err != nil {
		return err
	}
	be := binary.BigEndian
	i.size, i.flags = int64(be.Uint64(size)), be.Uint16(b[flags-2:])
	return i.checkSize()
}

func (i *nbdImage) checkSize() error {
	if i.size < 0 {
		return errNBD
	}
	return nil
}

// nbdOptionNames are those that QEMU's messages give.
var nbdOptionNames = map[uint32]string{nbdOptExportName: "export name", nbdOptAbort: "abort", nbdOptList: "list",
	4: "peek export", nbdOptStartTLS: "starttls", nbdOptInfo: "info", nbdOptGo: "go", nbdOptStructured: "structured reply",
	nbdOptListMeta: "list meta context", nbdOptSetMeta: "set meta context", 11: "extended headers"}

// nbdReplyNames are those of the replies.
var nbdReplyNames = map[uint32]string{nbdAck: "ack", nbdServerEntry: "server", nbdInfo: "info", nbdMetaContext: "meta context"}

// nbdRefusals are why servers refuse an option.
var nbdRefusals = map[uint32]string{
	nbdPolicy:      "Denied by server for %s",
	nbdInvalid:     "Invalid parameters for %s",
	nbdPlatform:    "Server lacks support for %s",
	nbdTLSRequired: "TLS negotiation required before %s",
	nbdUnknown:     "Requested export not available",
	nbdShutdown:    "Server shutting down before %s",
	nbdBlockSize:   "Server requires INFO_BLOCK_SIZE for %s",
}

func nbdName(names map[uint32]string, number uint32) string {
	name, ok := names[number]
	if !ok {
		name = "<unknown>"
	}
	return fmt.Sprintf("%d (%s)", number, name)
}

// errNBDUnsupported is that a server does not know an option. A client that needs
// it says so: the only one is STARTTLS.
var errNBDUnsupported = errors.New("Server don't support STARTTLS option")

// option sends an option and reads what the server says to it. info takes the
// information that comes before the end.
func (i *nbdImage) option(number uint32, data []byte, info func([]byte) error) error {
	be := binary.BigEndian
	if err := i.request(number, data); err != nil {
		return err
	}
	for {
		head, err := i.take("option reply", 20)
		if err != nil {
			return err
		}
		to, kind, n := be.Uint32(head[8:]), be.Uint32(head[12:]), be.Uint32(head[16:])
		switch {
		case be.Uint64(head) != nbdOptionReply:
			return errors.New("Unexpected option reply magic")
		case to != number:
			return fmt.Errorf("Unexpected option type %s, expected %s", nbdName(nbdOptionNames, to), nbdName(nbdOptionNames, number))
		case kind == nbdAck && n > 0:
			return errors.New("server sent invalid NBD_REP_ACK")
		case kind == nbdAck:
			return nil
		case kind&(1<<31) == 0 && (kind != nbdInfo || info == nil):
			want := uint32(nbdAck)
			if info != nil {
				want = nbdInfo
			}
			return fmt.Errorf("unexpected reply type %s, expected %s", nbdName(nbdReplyNames, kind), nbdName(nbdReplyNames, want))
		case n > maxNBDOption:
			return errNBD
		}
		part := "info payload"
		if kind != nbdInfo {
			part = fmt.Sprintf("option error %s message", nbdName(nbdReplyNames, kind))
		}
		data, err := i.take(part, int(n))
		if err != nil {
			return err
		}
		if kind == nbdInfo {
			if err := info(data); err != nil {
				return err
			}
			continue
		}
		what := "option " + nbdName(nbdOptionNames, number)
		text, ok := nbdRefusals[kind]
		switch {
		case kind == nbdUnsupported:
			return errNBDUnsupported
		case !ok:
			text = "Unknown error code when asking for %s"
		case kind == nbdUnknown:
			return errors.New(text)
		}
		return fmt.Errorf(text, what)
	}
}

// request sends an option.
func (i *nbdImage) request(number uint32, data []byte) error {
	be := binary.BigEndian
	msg := be.AppendUint32(be.AppendUint64(nil, nbdOption), number)
	return i.send("option request header", append(be.AppendUint32(msg, uint32(len(data))), data...))
}

// send writes a part of the handshake; what is its name in the message of an
// error.
func (i *nbdImage) send(what string, p []byte) error {
	if _, err := i.conn.Write(p); err != nil {
		return fmt.Errorf("Failed to send %s: %w", what, object.Unwritten(err))
	}
	return nil
}

// take reads n bytes of the handshake. TLS takes an end without a good-bye for an
// attack.
func (i *nbdImage) take(what string, n int) ([]byte, error) {
	p := make([]byte, n)
	_, err := io.ReadFull(i.conn, p)
	if err == nil {
		return p, nil
	}
	over := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if _, secure := i.conn.(*tlscreds.Conn); secure && over {
		err = errors.New("Cannot read from TLS channel: The TLS connection was non-properly terminated.")
	} else {
		err = object.Unread(err)
	}
	return nil, fmt.Errorf("Failed to read %s: %w", what, err)
}
