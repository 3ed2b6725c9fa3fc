package capture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/client"
)

// patience bounds one question to a QEMU, and how long it takes to start: one
// that hangs is given up.
const patience = 30 * time.Second

// qemu is a running QEMU. It has QMP and the qtest protocol on inherited
// sockets, so that it does not matter what file system it sees.
type qemu struct {
	ctx    context.Context
	client *client.Client
	cmd    *exec.Cmd
	kill   context.CancelFunc
	stderr *bytes.Buffer
	qtest  net.Conn
	lines  *bufio.Reader // of qtest
	wait   func() error  // for the end of the process, as often as one likes
}

// deathError says that a question killed QEMU.
type deathError struct {
	Status int // of the process; less than zero: a signal's number
	Stderr []string
}

func (e *deathError) Error() string {
	if len(e.Stderr) > 0 {
		return strings.Join(e.Stderr, "\n")
	}
	return fmt.Sprintf("QEMU ended with status %d", e.Status)
}

// quiet are the arguments that every machine of a capture has.
var quiet = []string{"-nodefaults", "-no-user-config", "-S", "-display", "none",
	"-chardev", "socket,id=capture-qmp,fd=3", "-qmp", "chardev:capture-qmp"}

// inPort are those of machines whose ports are to be read and written. QEMU 7.2
// wants the chardev to have this very name.
var inPort = []string{"-chardev", "socket,id=qtest,fd=4", "-qtest", "chardev:qtest", "-qtest-log", "none"}

// start runs the command with further arguments and negotiates. What QEMU says
// when it refuses to start is the text of the error.
func start(ctx context.Context, command []string, args ...string) (*qemu, error) {
	alive, kill := context.WithCancel(ctx)
	q := &qemu{ctx: ctx, kill: kill, stderr: new(bytes.Buffer)}
	q.cmd = exec.CommandContext(alive, command[0], append(append(append([]string{}, command[1:]...), quiet...), args...)...)
	q.cmd.Stderr = q.stderr
	q.cmd.WaitDelay = time.Second
	control, err := q.inherit()
	if err == nil {
		q.qtest, err = q.inherit()
	}
	if err == nil {
		err = q.cmd.Start()
	}
	for _, f := range q.cmd.ExtraFiles {
		f.Close()
	}
	if err != nil {
		kill()
		closeAll(control, q.qtest)
		return nil, err
	}
	q.wait = sync.OnceValue(q.cmd.Wait)
	q.lines = bufio.NewReader(q.qtest)
	q.client = client.New(control, client.Config{})
	starting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := q.client.ConnectContext(starting); err != nil {
		control.Close()
		if err := ctx.Err(); err != nil {
			q.stop()
			return nil, err
		}
		defer q.stop()
		return nil, q.death(err)
	}
	return q, nil
}

// inherit makes a socket whose other end QEMU gets as its next descriptor.
func (q *qemu) inherit() (net.Conn, error) {
	ours, theirs, err := chardev.SocketPair()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	q.cmd.ExtraFiles = append(q.cmd.ExtraFiles, theirs)
	return net.FileConn(ours)
}

func closeAll(conns ...net.Conn) {
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}

// stop ends QEMU, whatever it is doing. A nil one has ended.
func (q *qemu) stop() {
	if q == nil {
		return
	}
	q.kill()
	q.wait() // how it ended is of no interest: it was killed
	q.client.Disconnect()
	q.qtest.Close()
}

// death waits for the end of a QEMU whose connection is gone, and tells of it.
// One that lives on is to blame for err. A core dump may take a while.
func (q *qemu) death(err error) error {
	ended := make(chan struct{})
	go func() { q.wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		return err
	}
	d := &deathError{Status: q.cmd.ProcessState.ExitCode()}
	if s, ok := q.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		d.Status = -int(s.Signal())
	}
	if text := strings.TrimSpace(q.stderr.String()); text != "" {
		d.Stderr = strings.Split(text, "\n")
	}
	return d
}

// run executes one command. An error QEMU answers is a *qmp.Error, and if the
// command kills it, the error is a *deathError.
func (q *qemu) run(name string, arguments, result any) error {
	ctx, cancel := context.WithTimeout(q.ctx, patience)
	defer cancel()
	err := q.client.Execute(ctx, name, arguments, result)
	var refused *qmp.Error
	switch {
	case err == nil || errors.As(err, &refused):
		return err
	case errors.Is(err, client.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE):
		return q.death(err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (q *qemu) hmp(line string) (string, error) {
	var text string
	err := q.run("human-monitor-command", map[string]string{"command-line": line}, &text)
	return text, err
}

// output runs the command with arguments that make it print something and end.
func (c *capture) output(args ...string) (string, error) {
	cmd := exec.CommandContext(c.ctx, c.command[0], append(c.command[1:len(c.command):len(c.command)], args...)...)
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
