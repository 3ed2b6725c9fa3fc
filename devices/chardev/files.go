package chardev

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Files are the descriptors that clients of the monitors have handed over: some
// by name (getfd), others in numbered sets (add-fd). It has a lock of its own.
// The zero value is empty.
type Files struct {
	mu       sync.Mutex
	starting bool // inherited descriptors may be taken
	named    map[string]*os.File
	sets     []*fdSet // highest number first, as QEMU lists them
}

type fdSet struct {
	id         int64
	files      []setFile
	duplicates int // that are open and keep the set
}

type setFile struct {
	f      *os.File
	fd     int
	flags  int // it was handed over with: fcntl(2), F_GETFL
	opaque string
}

// FDSet describes one set, as query-fdsets does.
type FDSet struct {
	ID  int64       `json:"fdset-id"`
	FDs []FDSetFile `json:"fds"`
}

// FDSetFile is one descriptor of a set.
type FDSetFile struct {
	FD     int    `json:"fd"`
	Opaque string `json:"opaque,omitempty"`
}

// Name gives a descriptor a name, until something takes it. One of the same
// name is closed. The descriptor belongs to the receiver from now on, whatever
// it answers.
func (s *Files) Name(name string, fd int) error {
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		syscall.Close(fd)
		return errors.New("Parameter 'fdname' expects a name not starting with a digit")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.named[name]; old != nil {
		old.Close()
	}
	if s.named == nil {
		s.named = map[string]*os.File{}
	}
	s.named[name] = os.NewFile(uintptr(fd), name)
	return nil
}

// CloseNamed closes the descriptor of that name.
func (s *Files) CloseNamed(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.named[name]
	if f == nil {
		return fmt.Errorf("File descriptor named '%s' not found", name)
	}
	delete(s.named, name)
	return f.Close()
}

// Starting says whether the machine is being made, when numbers may name any
// descriptor of the process. Later only those that the process was started with
// and nobody has taken: libvirt names the file that a machine is to be restored
// from by its number. All others of the process are closed on exec.
func (s *Files) Starting(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starting = yes
}

// Take implements [Descriptors]. A number is that of a descriptor of the
// process, see [Files.Starting].
func (s *Files) Take(name string) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, err := strconv.Atoi(name); err == nil {
		flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
		given := n > 2 && flags&unix.FD_CLOEXEC == 0
		if err == nil && (s.starting || given) {
			syscall.CloseOnExec(n)
			return os.NewFile(uintptr(n), name), nil
		}
	}
	return s.takeNamedLocked(name)
}

// TakeNamed gives up the descriptor of that name, from getfd, to the caller.
func (s *Files) TakeNamed(name string) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeNamedLocked(name)
}

func (s *Files) takeNamedLocked(name string) (*os.File, error) {
	f := s.named[name]
	if f == nil {
		return nil, fmt.Errorf("File descriptor named '%s' has not been found", name)
	}
	delete(s.named, name)
	return f, nil
}

// Add puts a descriptor into a set: the one with that number, or where id is
// nil a new one with the lowest that is free. It returns the set's number. The
// descriptor belongs to the receiver from now on, whatever it answers.
func (s *Files) Add(id *int64, opaque string, fd int) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != nil && *id < 0 {
		syscall.Close(fd)
		return 0, errors.New("Parameter 'fdset-id' expects a non-negative value")
	}
	var n int64
	if id != nil {
		n = *id
	} else {
		for s.find(n) != nil {
			n++
		}
	}
	set := s.find(n)
	if set == nil {
		set = &fdSet{id: n}
		s.sets = append(s.sets, set)
		slices.SortFunc(s.sets, func(a, b *fdSet) int { return cmp.Compare(b.id, a.id) })
	}
	flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	set.files = append(set.files, setFile{os.NewFile(uintptr(fd), "fd"+strconv.Itoa(fd)), fd, flags, opaque})
	return n, nil
}

func (s *Files) find(id int64) *fdSet {
	for _, set := range s.sets {
		if set.id == id {
			return set
		}
	}
	return nil
}

// Remove closes a descriptor of a set, or all of them where fd is nil.
func (s *Files) Remove(id int64, fd *int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.find(id)
	if set == nil {
		return noSuchFD(id, fd)
	}
	var keep []setFile
	for _, f := range set.files {
		if fd != nil && int64(f.fd) != *fd {
			keep = append(keep, f)
			continue
		}
		f.f.Close()
	}
	if fd != nil && len(keep) == len(set.files) {
		return noSuchFD(id, fd)
	}
	set.files = keep
	s.drop(set)
	return nil
}

// drop forgets a set with nothing in it that nobody uses.
func (s *Files) drop(set *fdSet) {
	if len(set.files) == 0 && set.duplicates == 0 {
		s.sets = slices.DeleteFunc(s.sets, func(o *fdSet) bool { return o == set })
	}
}

func noSuchFD(id int64, fd *int64) error {
	text := fmt.Sprintf("fdset-id:%d", id)
	if fd != nil {
		text += fmt.Sprintf(", fd:%d", *fd)
	}
	return fmt.Errorf("File descriptor named '%s' not found", text)
}

// Sets lists the sets, the highest number first.
func (s *Files) Sets() []FDSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []FDSet{}
	for _, set := range s.sets {
		info := FDSet{ID: set.id, FDs: []FDSetFile{}}
		for _, f := range set.files {
			info.FDs = append(info.FDs, FDSetFile{f.fd, f.opaque})
		}
		list = append(list, info)
	}
	return list
}

// Open implements [Descriptors]: it duplicates the first descriptor of a set
// that was opened as flags say.
func (s *Files) Open(id int64, flags int) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.find(id)
	if set == nil {
		return nil, syscall.ENOENT
	}
	return set.open(flags)
}

// kindOfOpen are the flags by which a descriptor of a set is chosen.
const kindOfOpen = unix.O_ACCMODE | Direct

// open duplicates the first descriptor that was opened as flags say. Requests
// here need not be aligned, so that the duplicate does without O_DIRECT, and
// with it the descriptor that was handed over, which shares its flags.
func (set *fdSet) open(flags int) (*os.File, error) {
	for _, f := range set.files {
		if f.flags&kindOfOpen != flags&kindOfOpen {
			continue
		}
		fd, err := unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		if f.flags&Direct != 0 {
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, f.flags&^Direct)
		}
		if err == nil && flags&os.O_TRUNC != 0 {
			err = syscall.Ftruncate(fd, 0)
		}
		if err != nil {
			syscall.Close(fd)
			return nil, err
		}
		return os.NewFile(uintptr(fd), fmt.Sprintf("%s%d", fdsetFolder, set.id)), nil
	}
	return nil, syscall.EACCES
}

// Close closes all of them.
func (s *Files) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.named {
		f.Close()
	}
	for _, set := range s.sets {
		for _, f := range set.files {
			f.f.Close()
		}
	}
	s.named, s.sets = nil, nil
}
