//go:build !linux

package block

import (
	"os"
	"syscall"
)

// allocate fails: only Linux has fallocate(2).
func allocate(*os.File, int64) error { return syscall.ENOTSUP }

// makeHole fails as allocate does; callers write zeros instead.
func makeHole(*os.File, int64, int64) error { return syscall.ENOTSUP }
