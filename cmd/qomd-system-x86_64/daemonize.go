package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// childEnv marks the background process of -daemonize; its value is the number
// of the descriptor it reports on.
const childEnv = "QOMD_DAEMON_CHILD"

// readyFD is that descriptor: the write end of a pipe to the parent.
const readyFD = 3

func isDaemonChild() bool { return os.Getenv(childEnv) != "" }

// daemonize starts the program again in the background, in a session of its
// own, and returns once that has its sockets listening, or failed: the parent's
// status tells which. Go programs cannot fork.
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
	cmd := exec.Command(self, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{w}
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

// detach tells the parent that we are ready and lets go of its terminal.
func detach() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for fd := range 3 {
		if err := syscall.Dup2(int(null.Fd()), fd); err != nil {
			return err
		}
	}
	if err := syscall.Chdir("/"); err != nil {
		return err
	}
	ready := os.NewFile(readyFD, "ready")
	defer ready.Close()
	_, err = ready.Write([]byte{1})
	return err
}
