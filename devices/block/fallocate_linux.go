package block

import (
	"os"

	"golang.org/x/sys/unix"
)

// allocate gives a file its blocks, fallocate(2).
func allocate(f *os.File, bytes int64) error { return unix.Fallocate(int(f.Fd()), 0, 0, bytes) }

// makeHole takes the blocks of a range away, which reads as zeros then.
func makeHole(f *os.File, off, n int64) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE|unix.FALLOC_FL_PUNCH_HOLE, off, n)
}
