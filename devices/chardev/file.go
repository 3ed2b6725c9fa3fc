package chardev

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/object"
)

// File writes to a file.
type File struct{ out *os.File }

// TypeName returns the QOM type.
func (f *File) TypeName() string { return "chardev-file" }

// Filename describes the backend.
func (f *File) Filename() string { return "file" }

// Write writes to the file what it takes at once; the rest is lost, and an error
// told to nobody, as in QEMU.
func (f *File) Write(p []byte) (int, error) {
	if raw := rawOf(f.out); raw != nil {
		raw.Write(func(fd uintptr) bool {
			syscall.Write(int(fd), p)
			return true
		})
	}
	return len(p), nil
}

// Close closes the file.
func (f *File) Close() error {
	if err := f.out.Close(); err != nil && !isClosed(err) {
		return err
	}
	return nil
}

// FileLine is a backend on open files: two of a pipe, a terminal, the standard
// streams, an output file with another for input. It is connected for as long
// as the input does not end.
type FileLine struct {
	kind, filename string
	conn           *fileConn
	restore        func() // gives a terminal its settings back; may be nil
}

// TypeName returns the QOM type.
func (f *FileLine) TypeName() string { return "chardev-" + f.kind }

// Filename describes the backend.
func (f *FileLine) Filename() string { return f.filename }

// Serve implements [Line].
func (f *FileLine) Serve(ctx context.Context, handle func(context.Context, net.Conn)) {
	handle(ctx, f.conn)
	f.conn.Close()
}

// Close closes the files.
func (f *FileLine) Close() error {
	if f.restore != nil {
		f.restore()
		f.restore = nil
	}
	return f.conn.Close()
}

// fileConn makes a connection of two files, which may be the same.
type fileConn struct{ in, out *os.File }

func (c *fileConn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *fileConn) Write(p []byte) (int, error) { return c.out.Write(p) }

func (c *fileConn) Close() error {
	err := c.in.Close()
	if c.out != c.in {
		c.out.Close()
	}
	if isClosed(err) {
		return nil
	}
	return err
}

func (c *fileConn) LocalAddr() net.Addr  { return fileAddr(c.in.Name()) }
func (c *fileConn) RemoteAddr() net.Addr { return fileAddr(c.out.Name()) }

func (c *fileConn) SetDeadline(t time.Time) error {
	c.in.SetReadDeadline(t)
	return c.out.SetWriteDeadline(t)
}
func (c *fileConn) SetReadDeadline(t time.Time) error  { return c.in.SetReadDeadline(t) }
func (c *fileConn) SetWriteDeadline(t time.Time) error { return c.out.SetWriteDeadline(t) }

type fileAddr string

func (fileAddr) Network() string  { return "file" }
func (a fileAddr) String() string { return string(a) }

// host opens a file, or a duplicate of one that a monitor was given if the name
// is /dev/fdset/N.
func (s *Set) host(ctx context.Context, path string, flags int) (*os.File, error) {
	if set, ok := fdsetOf(path); ok && s.FDs != nil {
		return s.FDs.Open(set, flags)
	}
	return OpenFile(ctx, path, flags, 0o666)
}

func (s *Set) open(ctx context.Context, path string, flags int) (*os.File, error) {
	f, err := s.host(ctx, path, flags)
	if err != nil {
		return nil, fmt.Errorf("Could not open '%s': %s", path, object.Strerror(err))
	}
	return f, nil
}

// openFile is the backend "file".
func (s *Set) openFile(ctx context.Context, o Options) (Backend, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if o.Append {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	out, err := s.open(ctx, o.Path, flags)
	if err != nil {
		return nil, err
	}
	if o.Input == "" {
		return &File{out}, nil
	}
	in, err := s.open(ctx, o.Input, os.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		out.Close()
		return nil, err
	}
	return &FileLine{kind: "file", filename: "file", conn: &fileConn{in: in, out: out}}, nil
}

// openPipe is the backend "pipe": PATH.in and PATH.out if they are there, else
// PATH for both.
func (s *Set) openPipe(ctx context.Context, o Options) (Backend, error) {
	const flags = os.O_RDWR | syscall.O_NONBLOCK
	in, err := s.open(ctx, o.Path+".in", flags)
	if err == nil {
		var out *os.File
		if out, err = s.open(ctx, o.Path+".out", flags); err == nil {
			return &FileLine{kind: "pipe", filename: "pipe", conn: &fileConn{in: in, out: out}}, nil
		}
		in.Close()
	}
	both, err := s.open(ctx, o.Path, flags)
	if err != nil {
		return nil, err
	}
	return &FileLine{kind: "pipe", filename: "pipe", conn: &fileConn{in: both, out: both}}, nil
}
