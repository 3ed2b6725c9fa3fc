package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// programEnv makes the test binary be the program: tests start it as a process
// of its own, built with the same flags as the tests. Its value names the leash.
const programEnv = "QOMD_TEST_PROGRAM"

// Time limits, for a machine that is busy with other things.
const (
	startLimit = time.Minute // until the program listens
	endLimit   = time.Minute // until the program ends after it was told to
)

// isProgram makes this process be the program if a test started it so.
func isProgram() bool {
	leash := os.Getenv(programEnv)
	if leash == "" {
		return false
	}
	holdLeash(leash)
	os.Args[0] = "qomd-system-x86_64"
	return true
}

// holdLeash ends this process when the test that started it is over, also when
// -daemonize has put it out of the test's reach: the test keeps a named pipe
// open, and its end is the end.
func holdLeash(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "leash:", err)
		os.Exit(98)
	}
	go func() {
		var b [1]byte
		f.Read(b[:])
		os.Exit(99)
	}()
}

// newLeash makes a leash that lasts as long as the test and returns what to put
// into the environment of the program.
func newLeash(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "leash")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return programEnv + "=" + path
}

// program is the program under test, running.
type program struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer // whole once done is closed
	stderr bytes.Buffer
	done   chan struct{}
}

// start starts the program and arranges for its end.
func start(t testing.TB, args ...string) *program {
	t.Helper()
	return startEnv(t, nil, args...)
}

// startEnv is start with more variables in the environment.
func startEnv(t testing.TB, env []string, args ...string) *program {
	t.Helper()
	return launch(t, env, nil, args...)
}

// startFiles is start with open files, numbered from 3.
func startFiles(t testing.TB, files []*os.File, args ...string) *program {
	t.Helper()
	return launch(t, nil, files, args...)
}

func launch(t testing.TB, env []string, files []*os.File, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{cmd: exec.Command(self, args...), done: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), newLeash(t)), env...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.ExtraFiles = &p.stdout, &p.stderr, files
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its signals are not ours
	p.cmd.WaitDelay = 2 * time.Second                       // for children that keep stderr open
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.cmd.Wait()
	}()
	t.Cleanup(func() { p.stop() })
	return p
}

// stop kills the program if it still runs, and returns what it said.
func (p *program) stop() string {
	p.cmd.Process.Kill()
	<-p.done
	return strings.TrimSpace(p.stderr.String())
}

// wait waits for the program's own end and returns its status, negative for
// the number of the signal that killed it.
func (p *program) wait() (int, error) {
	select {
	case <-p.done:
	case <-time.After(endLimit):
		return 0, fmt.Errorf("the program still runs after %v", endLimit)
	}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -int(ws.Signal()), nil
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// dial connects as soon as the program listens.
func (p *program) dial(address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	network, rest, _ := strings.Cut(address, ":")
	tries := time.NewTicker(2 * time.Millisecond)
	defer tries.Stop()
	for {
		err := errEarly
		if network != "unix" || p.allListen(rest) {
			var conn net.Conn
			if conn, err = new(net.Dialer).DialContext(ctx, network, rest); err == nil {
				return conn, nil
			}
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("the program has ended: %w", err)
		case <-ctx.Done():
			return nil, fmt.Errorf("the program does not listen: %w", err)
		case <-tries.C:
		}
	}
}

// errEarly says that a socket that takes the place of another is not there yet.
var errEarly = errors.New("not all sockets listen")

// allListen reports whether as many unix sockets listen at path as the command
// line has for it: where a second takes the place of the first, nobody should
// meet the first. Sockets that no option names are not counted.
func (p *program) allListen(path string) bool {
	want := 0
	for _, arg := range p.cmd.Args {
		if strings.Contains(arg, "unix:"+path+",") {
			want++
		}
	}
	if want < 2 {
		return true
	}
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return true // no Linux
	}
	const listening = "00010000" // among the flags of a socket
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) == 8 && f[3] == listening && f[7] == path {
			want--
		}
	}
	return want <= 0
}

// freePort asks the system for a TCP port that nobody uses.
func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
