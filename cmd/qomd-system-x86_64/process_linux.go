package main

import (
	"fmt"
	"net"

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

// peer is the process that has made the other end of a connection, 0 if that is
// not known.
func peer(conn *net.UnixConn) (pid int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	})
	return pid
}
