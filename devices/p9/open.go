package p9

import (
	"io"
	"syscall"
)

// iounit is how much of a file goes into one message: as many blocks of its file
// system as there is room for.
func (s *Server) iounit(block uint64) uint32 {
	most := s.msize - ioHeader
	if block > 0 && block <= uint64(most) {
		return most - most%uint32(block)
	}
	return most
}

// opened makes a fid one of an open file and tells the client of it.
func (s *Server) opened(f *fid, path string, file File, w *out) error {
	st, err := file.Stat()
	var q qid
	if err == nil {
		q, err = s.qid(&st)
	}
	if err != nil {
		file.Close()
		return err
	}
	f.path, f.file, f.dir = path, file, st.Mode&ModeType == ModeDir
	w.qid(q)
	if f.dir {
		w.u32(0)
		return nil
	}
	w.u32(s.iounit(st.Blksize))
	return nil
}

func (s *Server) lopen(r *in, w *out) error {
	n, flags := r.u32(), r.u32()
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	if !f.idle() {
		return syscall.EINVAL
	}
	st, err := s.fs.Stat(f.path)
	switch {
	case err != nil:
		return err
	case st.Mode&ModeType == ModeDir:
		flags = OpenDirectory
	case s.opts.ReadOnly && flags&(OpenWrite|OpenReadWrite|OpenTruncate) != 0:
		return syscall.EROFS
	}
	file, err := s.fs.Open(f.path, flags)
	if err != nil {
		return err
	}
	return s.opened(f, f.path, file, w)
}

func (s *Server) lcreate(r *in, w *out) error {
	n, name, flags, mode, gid := r.u32(), r.str(), r.u32(), r.u32(), r.u32()
	if r.short {
		return errDecode
	}
	if err := badName(name, syscall.EEXIST); err != nil {
		return err
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	if !f.idle() {
		return syscall.EINVAL
	}
	path := join(f.path, name)
	file, err := s.fs.Create(path, flags, Owner{Mode: ModeRegular | mode&0o7777, UID: f.uid, GID: gid})
	if err != nil {
		return err
	}
	return s.opened(f, path, file, w)
}

// file returns the open file of a fid.
func (s *Server) file(n uint32) (*fid, error) {
	f, err := s.fid(n)
	if err == nil && f.file == nil {
		err = syscall.EBADF
	}
	return f, err
}

func (s *Server) read(r *in, w *out, room int) error {
	n, off, count := r.u32(), r.u64(), r.u32()
	if r.short {
		return errDecode
	}
	f := s.fids[n]
	var p []byte
	switch {
	case f == nil:
		return syscall.EINVAL
	case f.xattr != nil:
		p = f.xattr.from(off, count)
	case f.dir:
		s.opts.Log.Warn("9p: bad client: T_read request on directory only expected with 9P2000.u protocol version")
		return syscall.EOPNOTSUPP
	case f.file == nil:
		return syscall.EINVAL
	case int64(room) < readHeader+int64(count):
		return &sizeError{"reply", tread + 1, readHeader + int(count), room}
	default:
		p = make([]byte, count)
		got, err := f.file.ReadAt(p, int64(off))
		if err != nil && err != io.EOF {
			return err
		}
		p = p[:got]
	}
	w.u32(uint32(len(p)))
	w.p = append(w.p, p...)
	return nil
}

func (s *Server) write(r *in, w *out) error {
	n, off, count := r.u32(), r.u64(), int(r.u32())
	if r.short {
		return errDecode
	}
	if count > len(r.p) {
		return &sizeError{"request", twrite, writeHeader + count, writeHeader + len(r.p)}
	}
	p, f := r.p[:count], s.fids[n]
	var done int
	var err error
	switch {
	case f == nil:
		return syscall.EINVAL
	case f.xattr != nil:
		done, err = f.xattr.write(off, p)
	case f.dir || f.file == nil:
		return syscall.EINVAL
	default:
		done, err = f.file.WriteAt(p, int64(off))
	}
	if err != nil && done == 0 {
		return err
	}
	w.u32(uint32(done))
	return nil
}

func (s *Server) fsync(r *in, _ *out) error {
	n, data := r.u32(), r.u32()
	if r.short {
		return errDecode
	}
	f, err := s.file(n)
	if err != nil {
		return err
	}
	return f.file.Sync(data != 0)
}

// lock grants every lock, as QEMU does: the client keeps its own locks apart.
func (s *Server) lock(r *in, w *out) error {
	n := r.u32()
	r.u8()
	flags := r.u32()
	r.u64()
	r.u64()
	r.u32()
	r.str()
	if r.short {
		return errDecode
	}
	if flags&^lockBlock != 0 {
		return syscall.EINVAL
	}
	if _, err := s.file(n); err != nil {
		return err
	}
	w.u8(0)
	return nil
}

// getlock says that nobody has a lock.
func (s *Server) getlock(r *in, w *out) error {
	n := r.u32()
	r.u8()
	start, length, proc, client := r.u64(), r.u64(), r.u32(), r.str()
	if r.short {
		return errDecode
	}
	if _, err := s.file(n); err != nil {
		return err
	}
	w.u8(unlocked)
	w.u64(start)
	w.u64(length)
	w.u32(proc)
	w.str(client)
	return nil
}
