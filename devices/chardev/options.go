package chardev

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// Options describe a backend, as -chardev and chardev-add do.
type Options struct {
	// Kind is QEMU's name of the backend: "socket", "null", "ringbuf" …
	Kind string

	Socket SocketOptions // of "socket"
	// Path is the file of "file", "pipe", "serial" and "parallel".
	Path     string
	Input    string // of "file": where to read from; empty: nothing is read
	Append   bool   // of "file": do not truncate
	Size     int64  // of "ringbuf", in bytes; 0: 64 KiB
	UDP      UDPOptions
	Base     string   // of "mux": the device that is shared
	Bases    []string // of "hub": the devices that are joined
	NoSignal bool     // of "stdio": control characters are passed on

	LogFile   string // keeps a copy of what is written; empty: none
	LogAppend bool
}

// Kinds lists the backends in the order of QEMU's query-chardev-backends.
func Kinds() []string {
	return []string{"testdev", "stdio", "wctablet", "file", "udp", "memory", "parallel", "vc", "socket", "msmouse",
		"null", "hub", "pty", "qemu-vdagent", "pipe", "mux", "serial", "ringbuf"}
}

// Waits reports whether opening a backend may take as long as somebody else takes
// to answer: who is connected to, who knows the name of a host, who opens the
// other end of a pipe. It needs no lock then.
func (o Options) Waits() bool {
	k := o.Socket
	switch o.Kind {
	case "socket":
		return !k.fd() && (!k.Server && k.Reconnect == 0 || k.Server && isName(k.Host))
	case "udp":
		return isName(o.UDP.RemoteHost) || isName(o.UDP.LocalHost)
	case "file", "serial", "parallel":
		_, inherited := fdsetOf(o.Path)
		return !inherited && IsPipe(o.Path)
	}
	return false
}

// isName reports whether a host is none that can be used as it stands.
func isName(host string) bool { return host != "" && net.ParseIP(host) == nil }

// Open opens a backend of options that were [Set.Prepare]d. It may block, for as
// long as ctx allows, if it [Options.Waits].
func (s *Set) Open(ctx context.Context, o Options) (Backend, error) {
	switch o.Kind {
	case "null":
		return Null{}, nil
	case "msmouse":
		return s.newSerialMouse(), nil
	case "vc", "wctablet", "qemu-vdagent", "testdev", "gdb":
		return Silent{kind: o.Kind}, nil
	case "ringbuf", "memory":
		return NewRingBuf(o.Kind, o.Size)
	case "file":
		return s.openFile(ctx, o)
	case "pipe":
		return s.openPipe(ctx, o)
	case "serial":
		return s.openSerial(ctx, o)
	case "parallel":
		return s.openParallel(ctx, o)
	case "pty":
		return openPTY()
	case "stdio":
		return s.openStdio(o)
	case "udp":
		return openUDP(o.UDP)
	case "socket":
		return s.openSocket(ctx, o.Socket)
	case "mux":
		return s.openMux(o.Base)
	case "hub":
		return s.openHub(o.Bases)
	case "braille":
		return nil, errors.New("brlapi__openConnection: connect: No such file or directory")
	}
	return nil, fmt.Errorf("'%s' is not a valid char driver name", o.Kind)
}
