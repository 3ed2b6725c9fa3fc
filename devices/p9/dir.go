package p9

import "syscall"

// readdir lists a folder from a place on, as much as the client wants and has
// room for.
func (s *Server) readdir(r *in, w *out, room int) error {
	n, from, count := r.u32(), r.u64(), r.u32()
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return syscall.EINVAL
	}
	if !f.dir {
		s.opts.Log.Warn("9p: bad client: T_readdir on non-directory stream")
		return syscall.ENOTDIR
	}
	if count > s.msize-readHeader {
		s.opts.Log.Warn("9p: bad client: T_readdir with count > msize - 11")
	}
	limit := readHeader + int(min(count, s.msize-readHeader))
	limit = min(limit, room)
	w.u32(0)
	var failed error
	err = f.file.Entries(from, func(e Entry) bool {
		if len(w.p)+direntFixed+len(e.Name) > limit {
			return false
		}
		_, q, err := s.step(f.path, e.Name)
		if err == syscall.ENOENT {
			return true // it has just gone, or must not be reached
		}
		if err != nil {
			failed = err
			return false
		}
		w.qid(q)
		w.u64(e.Next)
		w.u8(e.Type)
		w.str(e.Name)
		return true
	})
	if err == nil {
		err = failed
	}
	le.PutUint32(w.p[header:], uint32(len(w.p)-readHeader))
	return err
}
