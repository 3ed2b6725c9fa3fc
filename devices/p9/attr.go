package p9

// stat returns what a fid names is like now; an open file may have no name any
// more.
func (s *Server) stat(f *fid) (Stat, error) {
	if f.file != nil {
		return f.file.Stat()
	}
	return s.fs.Stat(f.path)
}

func (s *Server) getattr(r *in, w *out) error {
	n := r.u32()
	r.u64()
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	st, err := s.stat(f)
	if err != nil {
		return err
	}
	q, err := s.qid(&st)
	if err != nil {
		return err
	}
	w.u64(basicAttrs)
	w.qid(q)
	w.u32(st.Mode)
	w.u32(st.UID)
	w.u32(st.GID)
	for _, v := range [...]uint64{
		st.Nlink, st.Rdev, st.Size, uint64(s.iounit(st.Blksize)), st.Blocks,
		st.Atime.Sec, st.Atime.Nsec, st.Mtime.Sec, st.Mtime.Nsec, st.Ctime.Sec, st.Ctime.Nsec,
		0, 0, 0, 0, // birth, generation, version of the data: not told
	} {
		w.u64(v)
	}
	return nil
}

func (s *Server) setattr(r *in, _ *out) error {
	n, valid, mode, uid, gid, size := r.u32(), r.u32(), r.u32(), r.u32(), r.u32(), r.u64()
	atime := SetTime{valid&setAtime != 0, valid&setAtimeTo == 0, Time{r.u64(), r.u64()}}
	mtime := SetTime{valid&setMtime != 0, valid&setMtimeTo == 0, Time{r.u64(), r.u64()}}
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err == nil && valid&setMode != 0 {
		err = s.fs.Chmod(f.path, mode)
	}
	if err == nil && (atime.Set || mtime.Set) {
		if f.file != nil {
			err = f.file.SetTimes(atime, mtime)
		} else {
			err = s.fs.SetTimes(f.path, atime, mtime)
		}
	}
	// To change the ctime alone it is given to whose it is.
	if owner := valid & (setUID | setGID); err == nil && (owner != 0 || valid == setCtime) {
		if valid&setUID == 0 {
			uid = noFid
		}
		if valid&setGID == 0 {
			gid = noFid
		}
		err = s.fs.Chown(f.path, uid, gid)
	}
	if err == nil && valid&setSize != 0 {
		if f.file != nil {
			err = f.file.Truncate(size)
		} else {
			err = s.fs.Truncate(f.path, size)
		}
	}
	return err
}

// statfs counts in blocks that are as large as the messages of the client.
func (s *Server) statfs(r *in, w *out) error {
	n := r.u32()
	if r.short {
		return errDecode
	}
	f, err := s.fid(n)
	if err != nil {
		return err
	}
	st, err := s.fs.Statfs(f.path)
	if err != nil {
		return err
	}
	factor := uint32(1)
	if st.Bsize > 0 {
		factor = max((s.msize-ioHeader)/st.Bsize, 1)
	}
	w.u32(st.Type)
	w.u32(st.Bsize * factor)
	for _, v := range [...]uint64{st.Blocks / uint64(factor), st.Bfree / uint64(factor), st.Bavail / uint64(factor), st.Files, st.Ffree, st.FSID} {
		w.u64(v)
	}
	w.u32(st.Namelen)
	return nil
}
