//go:build !linux

package chardev

import (
	"os"

	"golang.org/x/sys/unix"
)

// Requests of termios(4), as the BSDs number them.
const (
	readTermios  = unix.TIOCGETA
	writeTermios = unix.TIOCSETA
)

// sendBreak does nothing: only on Linux is one request enough.
func sendBreak(*os.File) {}

// claimPort fails: parallel ports are claimed on Linux only.
func claimPort(*os.File) error { return unix.ENOTSUP }

// terminalPair fails: pseudo-terminals are made on Linux only.
func terminalPair() (master, slave *os.File, err error) { return nil, nil, unix.ENOTSUP }
