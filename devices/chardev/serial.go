package chardev

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/object"
)

// ioctl is ioctl(2) with a pointer or a number as its argument.
func ioctl(f *os.File, request, arg uintptr) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	if err := raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	}); err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// makeRaw lets a terminal pass every byte as it is; what is no terminal stays
// as it is. restore undoes it. One that people sit at (console) still begins
// lines at the left, and with signals Ctrl-C interrupts.
func makeRaw(f *os.File, console, signals bool) (restore func()) {
	var old unix.Termios
	if ioctl(f, readTermios, uintptr(unsafe.Pointer(&old))) != nil {
		return nil
	}
	t := old
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR |
		unix.IGNCR | unix.ICRNL | unix.IXON
	if !console {
		t.Oflag &^= unix.OPOST
	}
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN
	if !signals {
		t.Lflag &^= unix.ISIG
	}
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	ioctl(f, writeTermios, uintptr(unsafe.Pointer(&t)))
	return func() { ioctl(f, writeTermios, uintptr(unsafe.Pointer(&old))) }
}

// openSerial is the backend "serial": a serial line, or any device of the host.
func (s *Set) openSerial(ctx context.Context, o Options) (Backend, error) {
	f, err := s.open(ctx, o.Path, os.O_RDWR|syscall.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	makeRaw(f, false, false)
	return &FileLine{kind: "serial", filename: "serial", conn: &fileConn{in: f, out: f}}, nil
}

// openParallel is the backend "parallel": a parallel port of the host.
func (s *Set) openParallel(ctx context.Context, o Options) (Backend, error) {
	f, err := s.open(ctx, o.Path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if err := claimPort(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("not a parallel port: %s", object.Strerror(err))
	}
	return &FileLine{kind: "parallel", filename: "parallel", conn: &fileConn{in: f, out: f}}, nil
}

// PTY is the backend "pty": the master of a pseudo-terminal.
type PTY struct {
	FileLine
	slave *os.File // keeps the terminal alive while nobody has it open
	name  string
}

// Slave returns the path of the terminal that people open.
func (p *PTY) Slave() string { return p.name }

// Close closes both ends.
func (p *PTY) Close() error {
	p.slave.Close()
	return p.FileLine.Close()
}

func openPTY() (Backend, error) {
	failed := func(err error) error { return fmt.Errorf("Failed to create PTY: %s", object.Strerror(err)) }
	master, slave, err := terminalPair()
	if err != nil {
		return nil, failed(err)
	}
	name := slave.Name()
	makeRaw(slave, false, false)
	return &PTY{
		FileLine: FileLine{kind: "pty", filename: "pty:" + name, conn: &fileConn{in: master, out: master}},
		slave:    slave, name: name,
	}, nil
}
