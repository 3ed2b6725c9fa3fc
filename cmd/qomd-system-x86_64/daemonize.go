package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// childEnv marks the background process of -daemonize; its value is the number
// of the descriptor it reports on: the write end of a pipe to the parent. The
// kernel has chosen the number, so that it is none that the command line names.
const childEnv = "QOMD_DAEMON_CHILD"

func isDaemonChild() bool { return os.Getenv(childEnv) != "" }

// daemonize starts the program again in the background, in a session of its
// own, and returns once that has its sockets listening, or failed: the parent's
// status tells which. Go programs cannot fork. All descriptors that we were
// given, the child is given too, by the same numbers.
func daemonize(prog string, argv []string) int {
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", prog, err)
		return 1
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", prog, err)
		return 1
	}
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETFD, 0); err != nil { // the child keeps it
		fmt.Fprintf(os.Stderr, "%s: %v\n", prog, err)
		return 1
	}
	cmd := exec.Command(self, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env = append(os.Environ(), childEnv+"="+strconv.Itoa(int(w.Fd())))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", prog, err)
		return 1
	}
	w.Close()
	// One byte says that the machine is ready; the end of the pipe without it
	// that the child failed and has said why.
	var ready [1]byte
	if _, err := io.ReadFull(r, ready[:]); err == nil {
		return 0
	}
	cmd.Wait()
	return 1
}

// detach tells the parent that we are ready and lets go of its terminal; before is
// done when nothing of the root is needed any more.
func detach(before func() error) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	if err := before(); err != nil {
		return err
	}
	for fd := range 3 {
		if err := duplicate(int(null.Fd()), fd); err != nil {
			return err
		}
	}
	if err := syscall.Chdir("/"); err != nil {
		return err
	}
	fd, err := strconv.Atoi(os.Getenv(childEnv))
	if err != nil {
		return err
	}
	ready := os.NewFile(uintptr(fd), "ready")
	defer ready.Close()
	_, err = ready.Write([]byte{1})
	return err
}
