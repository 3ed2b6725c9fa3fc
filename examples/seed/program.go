package main

import (
	"bufio"
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
	"time"

	"github.com/qomd/qomd/qmp/client"
)

// program is an emulator with a monitor and a register socket.
type program struct {
	command     []string
	dir, inside string
	made        bool // dir is ours to remove

	cmd    *exec.Cmd
	errOut bytes.Buffer
	done   chan struct{}
	qmp    *client.Client
	qtest  net.Conn
	lines  *bufio.Scanner
}

func (p *program) name() string { return strings.Join(p.command, " ") }

// start runs the program with the two devices in slots 5 and 6 of an i440FX.
// The disk takes two seconds for a request.
func (p *program) start(ctx context.Context, victim string) error {
	if p.dir == "" {
		dir, err := os.MkdirTemp("", "seed")
		if err != nil {
			return err
		}
		p.dir, p.made = dir, true
	}
	if p.inside == "" {
		p.inside = p.dir
	}
	for _, s := range []string{"qmp.sock", "qtest.sock"} {
		if err := os.Remove(filepath.Join(p.dir, s)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	args := append(p.command[1:len(p.command):len(p.command)],
		"-machine", "pc", "-accel", "qtest", "-nodefaults", "-display", "none",
		"-qmp", "unix:"+filepath.Join(p.inside, "qmp.sock")+",server=on,wait=off",
		"-qtest", "unix:"+filepath.Join(p.inside, "qtest.sock")+",server=on,wait=off", "-qtest-log", "none",
		"-blockdev", `{"driver": "null-co", "node-name": "slow", "latency-ns": 2000000000}`,
		"-device", "virtio-blk-pci,id=vb,drive=slow,addr=5",
		"-device", victim+",id=victim,addr=6")
	p.cmd = exec.Command(p.command[0], args...)
	p.cmd.Stderr = &p.errOut
	// Freed memory is given back to the kernel, so that its use is certain to
	// show; glibc alone reads this.
	p.cmd.Env = append(os.Environ(), "MALLOC_MMAP_THRESHOLD_=65536", "MALLOC_PERTURB_=165")
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	conn, err := p.dial(ctx, "qmp.sock")
	if err == nil {
		p.qmp = client.New(conn, client.Config{})
		err = p.qmp.ConnectContext(ctx)
	}
	if err == nil {
		p.qtest, err = p.dial(ctx, "qtest.sock")
	}
	if err != nil {
		p.stop()
		return fmt.Errorf("%w\n%s", err, p.errOut.Bytes())
	}
	p.lines = bufio.NewScanner(p.qtest)
	return nil
}

// dial connects to a socket as soon as it is there.
func (p *program) dial(ctx context.Context, name string) (net.Conn, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("unix", filepath.Join(p.dir, name))
		if err == nil {
			return conn, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("the program %s before it listened", p.ended())
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// ended tells how the program ended, empty while it runs. A crash takes a
// moment to become an end.
func (p *program) ended() string {
	select {
	case <-p.done:
	case <-time.After(time.Second):
		return ""
	}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return fmt.Sprintf("was killed by signal %d (%s)", ws.Signal(), ws.Signal())
	}
	return "ended with " + p.cmd.ProcessState.String()
}

// stop ends the program and waits for it.
func (p *program) stop() {
	if p.qmp != nil {
		p.qmp.Disconnect()
	}
	if p.qtest != nil {
		p.qtest.Close()
	}
	p.cmd.Process.Kill()
	<-p.done
	if p.made {
		os.RemoveAll(p.dir)
		p.dir, p.inside, p.made = "", "", false
	}
}

// register sends a line of the register protocol and returns what was answered
// after OK.
func (p *program) register(format string, args ...any) (string, error) {
	line := fmt.Sprintf(format, args...)
	if _, err := p.qtest.Write([]byte(line + "\n")); err != nil {
		return "", err
	}
	for p.lines.Scan() {
		answer := p.lines.Text()
		switch {
		case strings.HasPrefix(answer, "IRQ "):
		case answer == "OK":
			return "", nil
		case strings.HasPrefix(answer, "OK "):
			return answer[3:], nil
		default:
			return "", fmt.Errorf("%s: %s", line, answer)
		}
	}
	return "", fmt.Errorf("%s: the register socket closed", line)
}
