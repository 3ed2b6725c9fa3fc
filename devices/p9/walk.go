package p9

import "syscall"

// attach gives the client the root.
func (s *Server) attach(r *in, w *out) error {
	n := r.u32()
	r.u32() // nobody is asked who he is
	r.str()
	r.str() // there is one tree only
	uid := r.u32()
	if r.short {
		return errDecode
	}
	if s.fids[n] != nil {
		return syscall.EINVAL
	}
	st, err := s.fs.Stat("")
	if err != nil {
		return err
	}
	q, err := s.qid(&st)
	if err != nil {
		return err
	}
	if !s.attached && s.opts.Fixed {
		return syscall.EACCES
	}
	if err := s.add(n, &fid{uid: uid}); err != nil {
		return err
	}
	if !s.attached {
		s.root, s.attached = n, true
	}
	w.qid(q)
	return nil
}

// walk goes down, or up, from a fid; where it gets becomes another one, or the
// same. A client that does not get there hears how far it would have got.
func (s *Server) walk(r *in, w *out) error {
	n, to, count := r.u32(), r.u32(), int(r.u16())
	if count > maxNames {
		return syscall.EINVAL
	}
	names := make([]string, count)
	for i := range names {
		names[i] = r.str()
	}
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	if _, err := s.fs.Stat(f.path); err != nil {
		return err
	}
	path := f.path
	w.u16(0)
	for i, name := range names {
		next, q, err := s.step(path, name)
		if err != nil && i == 0 {
			return err
		}
		if err != nil {
			le.PutUint16(w.p[header:], uint16(i))
			return nil
		}
		path = next
		w.qid(q)
	}
	le.PutUint16(w.p[header:], uint16(count))
	if n != to {
		return s.add(to, &fid{path: path, uid: f.uid})
	}
	if !f.idle() {
		return syscall.EINVAL
	}
	f.path = path
	return nil
}

// step goes to a name in a folder.
func (s *Server) step(path, name string) (string, qid, error) {
	if err := badName(name, nil); err != nil {
		return "", qid{}, err
	}
	switch name {
	case ".":
	case "..":
		path = parent(path)
	default:
		path = join(path, name)
	}
	st, err := s.fs.Stat(path)
	if err != nil {
		return "", qid{}, err
	}
	q, err := s.qid(&st)
	return path, q, err
}

func (s *Server) clunk(r *in, _ *out) error {
	n := r.u32()
	if r.short {
		return errDecode
	}
	if _, err := s.fid(n); err != nil {
		return err
	}
	return s.forget(n)
}

// remove removes what a fid names, and the fid in any case.
func (s *Server) remove(r *in, _ *out) error {
	n := r.u32()
	if r.short {
		return errDecode
	}
	f := s.fids[n]
	if f == nil {
		return syscall.EINVAL
	}
	st, err := s.fs.Stat(f.path)
	if err == nil {
		err = s.fs.Remove(f.path, st.Mode&ModeType == ModeDir)
	}
	s.forget(n)
	return err
}
