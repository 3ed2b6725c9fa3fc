package chardev

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// fdsetFolder is where files seem to lie that clients have handed over.
const fdsetFolder = "/dev/fdset/"

// noMatch is the error for a set without a descriptor that was opened like that.
type noMatch struct{ flags int }

func (e noMatch) Error() string {
	return fmt.Sprintf("Failed to find file descriptor with matching flags=0x%x", e.flags)
}

// Is makes it one of missing permission: who can do with less may try again.
func (e noMatch) Is(target error) bool { return target == fs.ErrPermission }

// OpenFile opens a file of the host, for block nodes. A name /dev/fdset/N stands
// for a duplicate of the first descriptor in that set whose access mode is that of
// flags, and which was opened with O_DIRECT if flags say so; the set is there until
// release is called, even when its descriptors are removed. Other files are opened
// without O_DIRECT, as requests need not be aligned.
func (s *Files) OpenFile(path string, flags int) (f *os.File, release func(), err error) {
	if !strings.HasPrefix(path, fdsetFolder) {
		f, err = os.OpenFile(path, flags&^Direct, 0)
		return f, func() {}, err
	}
	id, ok := fdsetOf(path)
	if !ok {
		return nil, nil, fmt.Errorf("Could not parse fdset %s", path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.find(id)
	if set == nil {
		return nil, nil, fmt.Errorf("Failed to find fdset %s", path)
	}
	f, err = set.open(flags)
	if err == error(syscall.EACCES) {
		err = noMatch{flags & kindOfOpen}
	}
	if err != nil {
		return nil, nil, err
	}
	set.duplicates++
	return f, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		set.duplicates--
		s.drop(set)
	}, nil
}
