package p9

import "syscall"

// xattr is an extended attribute that a fid stands for: one to be read, or one
// that the client writes and that is set when it lets the fid go.
type xattr struct {
	name    string
	value   []byte
	flags   uint32
	writing bool
	written int
}

func (x *xattr) from(off uint64, count uint32) []byte {
	if off >= uint64(len(x.value)) {
		return nil
	}
	p := x.value[off:]
	return p[:min(len(p), int(count))]
}

func (x *xattr) write(off uint64, p []byte) (int, error) {
	switch {
	case !x.writing:
		return 0, syscall.EINVAL
	case off > uint64(len(x.value)):
		return 0, syscall.ENOSPC
	}
	n := copy(x.value[off:], p)
	x.written += n
	return n, nil
}

// settle sets the attribute that was written to a fid. Without a value it is
// removed.
func (s *Server) settle(f *fid) error {
	switch x := f.xattr; {
	case !x.writing:
		return nil
	case x.written != len(x.value):
		return syscall.EINVAL
	case len(x.value) == 0:
		return s.fs.RemoveXattr(f.path, x.name)
	default:
		return s.fs.SetXattr(f.path, x.name, x.value, x.flags)
	}
}

// mayXattr refuses fids of attributes beyond the most that are allowed.
func (s *Server) mayXattr() error {
	if s.opts.Xattrs == 0 || s.xattrs < s.opts.Xattrs {
		return nil
	}
	s.opts.Log.Error("9pfs: xattr_fid_count limit exceeded (configurable by option 'max_xattr').")
	return syscall.ENOSPC
}

// xattrwalk makes a fid of an attribute, or of the list of them.
func (s *Server) xattrwalk(r *in, w *out) error {
	n, to, name := r.u32(), r.u32(), r.str()
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	if s.fids[to] != nil {
		return syscall.EINVAL
	}
	var value []byte
	if name == "" {
		value, err = s.fs.Xattrs(f.path)
	} else {
		value, err = s.fs.Xattr(f.path, name)
	}
	if err == nil {
		err = s.mayXattr()
	}
	if err == nil {
		err = s.add(to, &fid{path: f.path, uid: f.uid, xattr: &xattr{value: value}})
	}
	if err != nil {
		return err
	}
	s.xattrs++
	w.u64(uint64(len(value)))
	return nil
}

// xattrcreate makes a fid one to write an attribute to.
func (s *Server) xattrcreate(r *in, _ *out) error {
	n, name, size, flags := r.u32(), r.str(), r.u64(), r.u32()
	if r.short {
		return errDecode
	}
	f := s.fids[n]
	switch {
	case flags > 3:
		return syscall.EINVAL
	case size > maxXattr:
		return syscall.E2BIG
	case f == nil || !f.idle():
		return syscall.EINVAL
	}
	if err := s.mayXattr(); err != nil {
		return err
	}
	s.xattrs++
	f.xattr = &xattr{name: name, value: make([]byte, size), flags: flags, writing: true}
	return nil
}
