package p9

import "syscall"

// child returns the fid of a folder and the path of a name in it.
func (s *Server) child(n uint32, name string, exists error) (*fid, string, error) {
	if err := badName(name, exists); err != nil {
		return nil, "", err
	}
	f, err := s.fid(n)
	if err != nil {
		return nil, "", err
	}
	return f, join(f.path, name), nil
}

// made tells the client of what is new at a path.
func (s *Server) made(path string, w *out) error {
	st, err := s.fs.Stat(path)
	if err != nil {
		return err
	}
	q, err := s.qid(&st)
	w.qid(q)
	return err
}

func (s *Server) mkdir(r *in, w *out) error {
	n, name, mode, gid := r.u32(), r.str(), r.u32(), r.u32()
	if r.short {
		return errDecode
	}
	dir, path, err := s.child(n, name, syscall.EEXIST)
	if err == nil {
		err = s.fs.Mkdir(path, Owner{ModeDir | mode&0o7777, dir.uid, gid})
	}
	if err != nil {
		return err
	}
	return s.made(path, w)
}

func (s *Server) mknod(r *in, w *out) error {
	n, name, mode, major, minor, gid := r.u32(), r.str(), r.u32(), r.u32(), r.u32(), r.u32()
	if r.short {
		return errDecode
	}
	dir, path, err := s.child(n, name, syscall.EEXIST)
	if err == nil {
		err = s.fs.Mknod(path, major, minor, Owner{mode, dir.uid, gid})
	}
	if err != nil {
		return err
	}
	return s.made(path, w)
}

func (s *Server) symlink(r *in, w *out) error {
	n, name, target, gid := r.u32(), r.str(), r.str(), r.u32()
	if r.short {
		return errDecode
	}
	dir, path, err := s.child(n, name, syscall.EEXIST)
	if err == nil {
		err = s.fs.Symlink(target, path, Owner{ModeSymlink | 0o777, dir.uid, gid})
	}
	if err != nil {
		return err
	}
	return s.made(path, w)
}

func (s *Server) readlink(r *in, w *out) error {
	n := r.u32()
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	target, err := s.fs.Readlink(f.path)
	w.str(target)
	return err
}

func (s *Server) link(r *in, _ *out) error {
	n, old, name := r.u32(), r.u32(), r.str()
	if r.short {
		return errDecode
	}
	_, path, err := s.child(n, name, syscall.EEXIST)
	if err != nil {
		return err
	}
	f, err := s.fid(old)
	if err != nil {
		return err
	}
	return s.fs.Link(f.path, path)
}

// rename moves what a fid names into a folder.
func (s *Server) rename(r *in, _ *out) error {
	n, dir, name := r.u32(), r.u32(), r.str()
	if r.short {
		return errDecode
	}
	if err := badName(name, syscall.EISDIR); err != nil {
		return err
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	if !f.idle() {
		return syscall.EINVAL
	}
	_, path, err := s.child(dir, name, nil)
	if err != nil {
		return err
	}
	return s.move(f.path, path)
}

// renameat moves a name of a folder into another.
func (s *Server) renameat(r *in, _ *out) error {
	n, old, to, name := r.u32(), r.str(), r.u32(), r.str()
	if r.short {
		return errDecode
	}
	for _, name := range []string{old, name} {
		if err := badName(name, syscall.EISDIR); err != nil {
			return err
		}
	}
	_, from, err := s.child(n, old, nil)
	if err != nil {
		return err
	}
	_, path, err := s.child(to, name, nil)
	if err != nil {
		return err
	}
	return s.move(from, path)
}

func (s *Server) move(from, to string) error {
	if err := s.fs.Rename(from, to); err != nil {
		return err
	}
	s.moved(from, to)
	return nil
}

func (s *Server) unlinkat(r *in, _ *out) error {
	n, name, flags := r.u32(), r.str(), r.u32()
	if r.short {
		return errDecode
	}
	switch {
	case name == ".":
		return syscall.EINVAL
	case flags&^removeFolder != 0 && name != "..":
		if err := badName(name, nil); err != nil {
			return err
		}
		return syscall.EINVAL
	}
	_, path, err := s.child(n, name, syscall.ENOTEMPTY)
	if err != nil {
		return err
	}
	return s.fs.Remove(path, flags&removeFolder != 0)
}
