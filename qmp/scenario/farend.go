package scenario

import (
	"net"
	"os"
	"sync"
	"syscall"
)

// farEnd is the machine's end of a connection. Descriptors that a client hands
// over with a command come with it, as they do over a unix socket.
type farEnd struct {
	net.Conn

	mu  sync.Mutex
	fds []int

	once   sync.Once
	closed chan struct{}
}

func newFarEnd(conn net.Conn) *farEnd {
	return &farEnd{Conn: conn, closed: make(chan struct{})}
}

// give hands a descriptor over, to come with the next command.
func (f *farEnd) give(fd int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fds = append(f.fds, fd)
}

// TakeDescriptor implements [chardev.DescriptorSource].
func (f *farEnd) TakeDescriptor() (fd int, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.fds) == 0 {
		return -1, false
	}
	fd = f.fds[0]
	f.fds = f.fds[1:]
	return fd, true
}

// Close also closes what nobody has taken.
func (f *farEnd) Close() error {
	for {
		fd, ok := f.TakeDescriptor()
		if !ok {
			f.once.Do(func() { close(f.closed) })
			return f.Conn.Close()
		}
		syscall.Close(fd)
	}
}

// highDescriptor is where the descriptors of stories begin: above those that a
// process has for itself, so that their numbers, which clients get to see, are
// the same every time.
const highDescriptor = 200

// openHigh opens a file.
func openHigh(path string) (fd int, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return -1, err
	}
	defer f.Close()
	n, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_DUPFD_CLOEXEC, highDescriptor)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
