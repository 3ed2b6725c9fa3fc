package net

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"github.com/qomd/qomd/devices/object"
)

// Requests and flags of linux/if_tun.h.
const (
	tunGetInterface = 0x800454d2
	tunSetInterface = 0x400454ca
	tunTap          = 0x0002
	tunNoInfo       = 0x1000
)

// interfaceRequest is struct ifreq of netdevice(7), as far as TUNSETIFF goes.
type interfaceRequest struct {
	name  [16]byte
	flags uint16
	_     [22]byte
}

func (r *interfaceRequest) text() string { return strings.TrimRight(string(r.name[:]), "\x00") }

// openTap is the backend "tap": an interface of the host, opened by whoever
// gives us the descriptor, or by us.
func (s *Stack) openTap(o options) (backend, error) {
	given := 0
	for _, name := range []string{"fd", "fds", "helper", "queues"} {
		if o.has(name) {
			given++
		}
	}
	if o.has("queues") && o.integer("queues") == 0 {
		return nil, errors.New("queues must be greater than zero")
	}
	byFD := o.has("fd") || o.has("fds") || o.has("helper")
	switch {
	case given > 1:
		return nil, errors.New("queues=, helper=, fds= and fd= are mutual exclusive")
	case byFD && (o.has("ifname") || o.has("script") || o.has("downscript") || o.has("vnet_hdr")):
		return nil, errors.New("ifname=, script=, downscript=, vnet_hdr= are invalid with fd=/fds=/helper=")
	case o.has("helper"):
		return nil, errors.New("bridge helper failed")
	case o.has("fd"):
		return s.tapOfFD(o.text("fd"))
	case o.has("fds"):
		first, more, several := strings.Cut(o.text("fds"), ":")
		b, err := s.tapOfFD(first)
		if err == nil && several && more != "" {
			b.close()
			return nil, errors.New("a tap of several queues is not supported by qomd")
		}
		return b, err
	}
	return s.newTap(o)
}

// tapOfFD uses an interface that a client opened.
func (s *Stack) tapOfFD(name string) (backend, error) {
	var f *os.File
	err := errors.New("File descriptor named '" + name + "' has not been found")
	if s.FDs != nil {
		f, err = s.FDs.Take(name)
	}
	if err != nil {
		if _, bad := strconv.Atoi(name); bad == nil {
			return nil, fmt.Errorf("Can't set file descriptor %s non-blocking: Bad file descriptor: Bad file descriptor", name)
		}
		return nil, err
	}
	var r interfaceRequest
	fd, err := tunControl(f, tunGetInterface, &r)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("Unable to query TUNGETIFF on FD %d: %s", fd, object.Strerror(err))
	}
	// Files that do not block when they are made can be closed while somebody
	// reads.
	dup, err := syscall.Dup(fd)
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("Unable to query TUNGETIFF on FD %d: %s", fd, object.Strerror(err))
	}
	syscall.CloseOnExec(dup)
	syscall.SetNonblock(dup, true)
	d := &datagrams{wire{stack: s}}
	d.join(os.NewFile(uintptr(dup), "tap"), fmt.Sprintf("fd=%d", fd))
	return d, nil
}

// newTap makes an interface, and has a script configure it.
func (s *Stack) newTap(o options) (backend, error) {
	script := o.text("script")
	if !o.has("script") {
		script = "/etc/qemu-ifup"
	}
	down := o.text("downscript")
	if !o.has("downscript") {
		down = "/etc/qemu-ifdown"
	}
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("could not open /dev/net/tun: %s", object.Strerror(err))
	}
	name := o.text("ifname")
	if name == "" {
		name = "tap%d"
	}
	r := interfaceRequest{flags: tunTap | tunNoInfo}
	copy(r.name[:len(r.name)-1], name)
	if _, err := tunControl(f, tunSetInterface, &r); err != nil {
		f.Close()
		if !o.has("ifname") {
			return nil, fmt.Errorf("could not configure /dev/net/tun: %s", object.Strerror(err))
		}
		return nil, fmt.Errorf("could not configure /dev/net/tun (%s): %s", name, object.Strerror(err))
	}
	if err := runScript(script, r.text()); err != nil {
		f.Close()
		return nil, err
	}
	if o.flag("vhost", false) && !o.has("vhostfd") && !o.has("vhostfds") {
		v, err := os.OpenFile("/dev/vhost-net", os.O_RDWR, 0)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("Could not open '/dev/vhost-net': %s", object.Strerror(err))
		}
		v.Close() // packets go through this process all the same
	}
	d := &tap{datagrams{wire{stack: s}}, r.text(), down}
	d.join(f, fmt.Sprintf("ifname=%s,script=%s,downscript=%s", r.text(), script, down))
	return d, nil
}

// tap is an interface that was made here.
type tap struct {
	datagrams
	name, down string
}

// close has the other script take the interface out of use.
func (t *tap) close() {
	t.datagrams.close()
	runScript(t.down, t.name) // what it says, nobody asks
}

// runScript runs a script of the host with the name of an interface. The status in
// the message is that of wait(2), as QEMU's.
func runScript(script, name string) error {
	if script == "" || script == "no" {
		return nil
	}
	cmd := exec.Command(script, name)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		status := 1 << 8
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status = int(exit.Sys().(syscall.WaitStatus))
		}
		return fmt.Errorf("network script %s failed with status %d", script, status)
	}
	return nil
}

// tunControl is an ioctl of a tap device.
func tunControl(f *os.File, request uintptr, r *interfaceRequest) (fd int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	var errno syscall.Errno
	err = raw.Control(func(n uintptr) {
		fd = int(n)
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, n, request, uintptr(unsafe.Pointer(r)))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return fd, err
}
