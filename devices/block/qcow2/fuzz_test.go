package qcow2

import (
	"os"
	"syscall"
	"testing"
)

// FuzzImage opens images of all kinds, sound and broken, reads and writes them, and
// goes through their snapshots and bitmaps: what is wrong with them is an error.
func FuzzImage(f *testing.F) {
	for _, o := range []Options{
		{Size: 1 << 20, ClusterSize: 512, RefcountBits: 16},
		{Size: 1 << 16, ClusterSize: 4096, RefcountBits: 1, Backing: "base", BackingFormat: "raw"},
	} {
		m := new(memory)
		if err := Create(m, o); err != nil {
			f.Fatal(err)
		}
		i, err := Open(m, true)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte(nil), m.b...))
		if err := i.WriteAt(make([]byte, 5000), 300, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte(nil), m.b...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := Open(&small{memory{append([]byte(nil), data...)}}, true)
		if err != nil {
			return
		}
		b := make([]byte, 3000)
		i.ReadAt(b, 100, nil)
		i.WriteAt(b, 700, nil)
		i.ReadAt(b, max(0, i.Size()-1000), nil)
		i.Extent(0, min(i.Size(), 1<<30))
		i.Zero(1000, 3000, nil)
		i.Discard(0, 4096)
		for _, bitmap := range i.Bitmaps() {
			i.ReadBitmap(bitmap.Name)
		}
		i.Snapshot(Snapshot{Name: "s"})
		for _, s := range i.Snapshots() {
			i.Revert(s.ID)
			i.DeleteSnapshot(s.ID)
		}
	})
}

// small is a file of a disk with 1 MiB.
type small struct{ memory }

func (s *small) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, os.ErrInvalid
	}
	return s.memory.ReadAt(p, off)
}

func (s *small) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off > 1<<20-int64(len(p)) {
		return 0, syscall.ENOSPC
	}
	return s.memory.WriteAt(p, off)
}

func (s *small) Truncate(size int64) error {
	if size < 0 || size > 1<<20 {
		return syscall.ENOSPC
	}
	return s.memory.Truncate(size)
}
