package chardev

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/qomd/qomd/devices/object"
)

// Stdio is the backend "stdio": the standard streams of the process.
type Stdio struct {
	FileLine
	set  *Set
	once sync.Once
}

// Close gives the streams back as they were.
func (s *Stdio) Close() error {
	err := s.FileLine.Close()
	s.once.Do(func() {
		syscall.SetNonblock(0, false)
		s.set.stdio = false
	})
	return err
}

// openStdio takes the standard streams, which only one device of a machine can
// have. It works on duplicates, so that closing them ends its reads and nobody
// else's.
func (s *Set) openStdio(o Options) (Backend, error) {
	if s.stdio {
		return nil, errors.New("cannot use stdio by multiple character devices")
	}
	restore := makeRaw(os.Stdin, true, !o.NoSignal)
	in, err := duplicate(0)
	if err != nil {
		return nil, fmt.Errorf("Could not open 'stdin': %s", object.Strerror(err))
	}
	out, err := duplicate(1)
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("Could not open 'stdout': %s", object.Strerror(err))
	}
	s.stdio = true
	return &Stdio{set: s, FileLine: FileLine{
		kind: "stdio", filename: "stdio", restore: restore, conn: &fileConn{in: in, out: out},
	}}, nil
}

// duplicate returns a descriptor of its own for an open file, one whose reads
// can be interrupted if the file allows it.
func duplicate(fd int) (*os.File, error) {
	n, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(n)
	syscall.SetNonblock(n, true)
	return os.NewFile(uintptr(n), fmt.Sprintf("/dev/fd/%d", fd)), nil
}
