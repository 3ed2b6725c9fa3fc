package migration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
)

// conn is an open channel. Closing it ends reads and writes that are under way;
// any goroutine may do so.
type conn struct {
	io.Reader
	io.Writer
	what   string   // in messages: "socket", "command", "file", "pipe"
	socket net.Conn // nil: it is none
	host   string   // of TCP: where it leads to
	// answers tells that the destination can say how it went: sockets go both
	// ways.
	answers bool
	// finish ends what is written and waits for what the other side makes of
	// that; nil: there is nothing to do.
	finish func() error
	close  func()
}

// written gives a failed write QEMU's words.
func (c *conn) written(err error) error {
	return fmt.Errorf("Unable to write to %s: %s", c.what, reason(err))
}

// reason is the text that the C library has for a failed system call. A channel
// that was closed here is a broken one.
func reason(err error) string {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		err = syscall.EPIPE
	}
	return object.Strerror(err)
}

func socketConn(c net.Conn) *conn {
	return &conn{
		Reader: c, Writer: c, what: "socket", socket: c, answers: true,
		finish: func() error {
			if h, ok := c.(interface{ CloseWrite() error }); ok {
				return h.CloseWrite()
			}
			return nil
		},
		close: func() { c.Close() },
	}
}

// open opens the channel of a source at once where that cannot take long.
// Otherwise dial is to be called, without the machine's lock.
func (a Address) open(files *chardev.Files) (c *conn, dial dialer, err error) {
	switch a.Transport {
	case Unix, TCP:
		return nil, func(ctx context.Context) (*conn, error) {
			if err := a.Socket.Check(); err != nil {
				return nil, err
			}
			s, err := chardev.Dial(ctx, a.Socket)
			if err != nil {
				return nil, err
			}
			c := socketConn(s)
			c.host = a.Socket.Host
			return c, nil
		}, nil
	case Exec:
		c, err = a.run(true)
	case File:
		const flags = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
		if chardev.IsPipe(a.Path) {
			return nil, func(ctx context.Context) (*conn, error) { return a.file(ctx, flags) }, nil
		}
		c, err = a.file(context.Background(), flags)
	case FD:
		c, err = a.inherited(files, false)
	}
	return c, nil, err
}

// run starts the program that takes the stream, or that makes it.
func (a Address) run(writes bool) (*conn, error) {
	if len(a.Args) == 0 {
		return nil, errors.New("no program to execute")
	}
	cmd := exec.Command(a.Args[0], a.Args[1:]...)
	c := &conn{what: "command"}
	var pipe io.Closer
	var err error
	if writes {
		var w io.WriteCloser
		w, err = cmd.StdinPipe()
		c.Writer, pipe = w, w
	} else {
		var r io.ReadCloser
		r, err = cmd.StdoutPipe()
		c.Reader, pipe = r, r
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("Failed to execute child process “%s” (%s)", a.Args[0], reason(err))
	}
	wait := sync.OnceValue(cmd.Wait)
	c.finish = func() error {
		pipe.Close()
		if err := wait(); err != nil && writes {
			return fmt.Errorf("command failed: %v", err)
		}
		return nil
	}
	c.close = func() {
		pipe.Close()
		cmd.Process.Signal(syscall.SIGTERM)
		go wait() // nobody is left behind as a zombie
	}
	return c, nil
}

// file opens a file at its offset. One that is a named pipe waits for whoever
// opens its other end, until ctx is done.
func (a Address) file(ctx context.Context, flags int) (*conn, error) {
	if a.Offset > 0 {
		flags &^= os.O_TRUNC // what is in front of it stays
	}
	f, err := chardev.OpenFile(ctx, a.Path, flags, 0o660)
	if err == nil && a.Offset > 0 {
		_, err = f.Seek(int64(a.Offset), io.SeekStart)
	}
	if err != nil {
		verb := "open"
		if flags&os.O_CREATE != 0 {
			verb = "create"
		}
		return nil, fmt.Errorf("Could not %s '%s': %s", verb, a.Path, reason(err))
	}
	return &conn{Reader: f, Writer: f, what: "file", close: func() { f.Close() }}, nil
}

// inherited takes a descriptor that a client has handed over, or that the
// process was started with. QEMU 11 takes no file either way; here a machine can
// be read from one, because that is how libvirt 9 restores a domain.
func (a Address) inherited(files *chardev.Files, incoming bool) (*conn, error) {
	f, err := files.Take(a.Name)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	switch {
	case err != nil:
		f.Close()
		return nil, err
	case st.Mode().IsRegular() && !incoming:
		f.Close()
		return nil, errors.New("fd: migration to a file is not supported. Use file: instead.")
	case st.Mode()&os.ModeSocket != 0:
		s, err := net.FileConn(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("File descriptor '%s' is not a connection", a.Name)
		}
		return socketConn(s), nil
	}
	// A blocking descriptor cannot be closed while somebody reads from it.
	fd, err := syscall.Dup(int(f.Fd()))
	f.Close()
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	syscall.SetNonblock(fd, true)
	p := os.NewFile(uintptr(fd), a.Name)
	return &conn{Reader: p, Writer: p, what: "pipe", close: func() { p.Close() }}, nil
}
