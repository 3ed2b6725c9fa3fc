package chardev

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// DescriptorSource is a connection over which descriptors come.
type DescriptorSource interface {
	// TakeDescriptor returns the oldest descriptor that came and was not taken.
	// It belongs to the caller.
	TakeDescriptor() (fd int, ok bool)
}

// TakeDescriptor implements [DescriptorSource].
func (c *Conn) TakeDescriptor() (fd int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fds) == 0 {
		return -1, false
	}
	fd = c.fds[0]
	c.fds = c.fds[1:]
	return fd, true
}

// readUnix reads bytes and the descriptors that came with them (SCM_RIGHTS,
// unix(7)). The kernel never joins two messages that both have descriptors, so
// they are there before the command they belong to is.
func (c *Conn) readUnix(u *net.UnixConn, p []byte) (int, error) {
	oob := make([]byte, syscall.CmsgSpace(maxDescriptors*4))
	n, oobn, _, _, err := u.ReadMsgUnix(p, oob)
	if oobn > 0 {
		c.keep(oob[:oobn])
	}
	if n <= 0 && err == nil {
		err = io.EOF
	}
	return max(n, 0), err // ReadMsgUnix answers -1 with an error
}

// keep takes the descriptors out of a control message. Beyond the limit the
// oldest are given up: nobody asked for them.
func (c *Conn) keep(oob []byte) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range messages {
		fds, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			c.fds = append(c.fds, fd)
		}
	}
	for len(c.fds) > maxDescriptors {
		syscall.Close(c.fds[0])
		c.fds = c.fds[1:]
	}
}

// SocketPair returns two unix sockets that are connected (socketpair(2)). No
// program that is started gets them by accident.
func SocketPair() (a, b *os.File, err error) {
	// Not every system can have descriptors closed on exec from the beginning.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// hungUp reports whether both directions of a socket are shut, without reading
// what may be left in it.
func hungUp(fd int) bool {
	p := []unix.PollFd{{Fd: int32(fd)}}
	n, _ := unix.Poll(p, 0)
	return n == 1 && p[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}

// DescriptorSink is a connection that can hand descriptors over.
type DescriptorSink interface {
	// WriteDescriptor writes bytes and, along with them, a descriptor that stays
	// the caller's (SCM_RIGHTS, unix(7)).
	WriteDescriptor(p []byte, fd int) error
}

// errNoDescriptors is the error of a connection that is no unix socket.
var errNoDescriptors = errors.New("descriptors go over unix sockets only")

// WriteDescriptor implements [DescriptorSink].
func (c *Conn) WriteDescriptor(p []byte, fd int) error {
	u, ok := c.Conn.(*net.UnixConn)
	if !ok {
		return errNoDescriptors
	}
	_, _, err := u.WriteMsgUnix(p, syscall.UnixRights(fd), nil)
	return err
}
