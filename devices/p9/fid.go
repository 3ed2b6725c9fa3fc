package p9

import (
	"strings"
	"syscall"
)

// fid is a number that the client gave to a path.
type fid struct {
	path  string
	uid   uint32 // on whose behalf
	file  File   // nil: not open
	dir   bool   // it is a folder that is open
	xattr *xattr // nil: it stands for no attribute
}

// maxFids is how many fids there may be, against clients that never let go.
const maxFids = 1 << 20

// idle reports whether the fid stands for a path and nothing else.
func (f *fid) idle() bool { return f.file == nil && f.xattr == nil }

func (s *Server) fid(n uint32) (*fid, error) {
	if f := s.fids[n]; f != nil {
		return f, nil
	}
	return nil, syscall.ENOENT
}

// add makes a fid.
func (s *Server) add(n uint32, f *fid) error {
	switch {
	case s.fids[n] != nil:
		return syscall.EINVAL
	case len(s.fids) >= maxFids:
		return syscall.EMFILE
	}
	s.fids[n] = f
	return nil
}

// forget takes a fid away. An attribute that the client has written to it is set
// now; all else is closed.
func (s *Server) forget(n uint32) error {
	f := s.fids[n]
	delete(s.fids, n)
	if n == s.root {
		s.attached = false
	}
	var err error
	if f.xattr != nil {
		err = s.settle(f)
		s.xattrs--
	}
	if f.file != nil {
		err = f.file.Close()
	}
	return err
}

// join returns the path of what has a name in a folder.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// parent returns the folder of a path; the root's is itself.
func parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '/'), 0)]
}

// moved lets fids follow what was renamed.
func (s *Server) moved(from, to string) {
	for _, f := range s.fids {
		if f.path == from {
			f.path = to
		} else if rest, below := strings.CutPrefix(f.path, from+"/"); below {
			f.path = to + "/" + rest
		}
	}
}

// badName refuses what cannot be a name; of dots it says what exists says.
func badName(name string, exists error) error {
	switch {
	case name == "" || strings.Contains(name, "/"):
		return syscall.ENOENT
	case name == "." || name == "..":
		return exists
	}
	return nil
}
