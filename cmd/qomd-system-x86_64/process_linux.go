package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// exitWithParent has the kernel end this process with its parent.
func exitWithParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0); err != nil {
		return fmt.Errorf("exit-with-parent: %w", err)
	}
	return nil
}

// duplicate makes a descriptor what another one is. Not every processor's Linux
// has dup2.
func duplicate(from, to int) error { return unix.Dup3(from, to, 0) }
