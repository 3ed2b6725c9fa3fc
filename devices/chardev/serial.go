package chardev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

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
	var old syscall.Termios
	if ioctl(f, syscall.TCGETS, uintptr(unsafe.Pointer(&old))) != nil {
		return nil
	}
	t := old
	t.Iflag &^= syscall.IGNBRK | syscall.BRKINT | syscall.PARMRK | syscall.ISTRIP | syscall.INLCR |
		syscall.IGNCR | syscall.ICRNL | syscall.IXON
	if !console {
		t.Oflag &^= syscall.OPOST
	}
	t.Lflag &^= syscall.ECHO | syscall.ECHONL | syscall.ICANON | syscall.IEXTEN
	if !signals {
		t.Lflag &^= syscall.ISIG
	}
	t.Cflag &^= syscall.CSIZE | syscall.PARENB
	t.Cflag |= syscall.CS8
	t.Cc[syscall.VMIN], t.Cc[syscall.VTIME] = 1, 0
	ioctl(f, syscall.TCSETS, uintptr(unsafe.Pointer(&t)))
	return func() { ioctl(f, syscall.TCSETS, uintptr(unsafe.Pointer(&old))) }
}

// sendBreakFor is TCSBRK of asm-generic/ioctls.h.
const sendBreakFor = 0x5409

// sendBreak is tcsendbreak(3).
func sendBreak(f *os.File) { ioctl(f, sendBreakFor, 0) }

// openSerial is the backend "serial": a serial line, or any device of the host.
func (s *Set) openSerial(ctx context.Context, o Options) (Backend, error) {
	f, err := s.open(ctx, o.Path, os.O_RDWR|syscall.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	makeRaw(f, false, false)
	return &FileLine{kind: "serial", filename: "serial", conn: &fileConn{in: f, out: f}}, nil
}

// claimPort is PPCLAIM of linux/ppdev.h.
const claimPort = 0x708b

// openParallel is the backend "parallel": a parallel port of the host.
func (s *Set) openParallel(ctx context.Context, o Options) (Backend, error) {
	f, err := s.open(ctx, o.Path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if err := ioctl(f, claimPort, 0); err != nil {
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
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, failed(err)
	}
	var number, locked int32
	err = errors.Join(
		ioctl(master, syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number))),
		ioctl(master, syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&locked))))
	name := fmt.Sprintf("/dev/pts/%d", number)
	var slave *os.File
	if err == nil {
		slave, err = os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, failed(err)
	}
	makeRaw(slave, false, false)
	return &PTY{
		FileLine: FileLine{kind: "pty", filename: "pty:" + name, conn: &fileConn{in: master, out: master}},
		slave:    slave, name: name,
	}, nil
}
