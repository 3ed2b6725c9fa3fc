package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// patience bounds one QEMU: a device that hangs it is skipped.
const patience = 30 * time.Second

// session is a QEMU with QMP on its standard streams and the qtest protocol on
// an inherited socket, so that it does not matter what file system it sees.
type session struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	qtest  net.Conn
	lines  *bufio.Reader
	stderr strings.Builder
	timer  *time.Timer
}

type qmpError struct {
	Class, Desc string
}

func (e *qmpError) Error() string { return e.Desc }

func start(command []string, args ...string) (*session, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "qtest"), os.NewFile(uintptr(fds[1]), "qtest")
	defer theirs.Close()
	s := &session{}
	s.qtest, err = net.FileConn(ours)
	ours.Close()
	if err != nil {
		return nil, fmt.Errorf("socket pair: %w", err)
	}
	s.lines = bufio.NewReader(s.qtest)
	all := append(command[1:len(command):len(command)],
		"-accel", "qtest", "-nodefaults", "-no-user-config", "-S", "-display", "none", "-qmp", "stdio",
		"-chardev", "socket,id=qtest,fd=3", "-qtest", "chardev:qtest", "-qtest-log", "none")
	s.cmd = exec.Command(command[0], append(all, args...)...)
	s.cmd.ExtraFiles = []*os.File{theirs}
	s.cmd.Stderr = &s.stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	s.out = json.NewDecoder(stdout)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	s.timer = time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	var greeting json.RawMessage
	if err := s.out.Decode(&greeting); err != nil {
		s.stop()
		return nil, errors.New(strings.TrimSpace(s.stderr.String()))
	}
	if err := s.run("qmp_capabilities", nil, nil); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *session) stop() {
	s.timer.Stop()
	s.in.Close()
	s.qtest.Close()
	s.cmd.Process.Kill()
	s.cmd.Wait() // how it ended is of no interest: it was killed
}

// run executes one command; events in between are dropped.
func (s *session) run(name string, arguments, result any) error {
	request := map[string]any{"execute": name}
	if arguments != nil {
		request["arguments"] = arguments
	}
	b, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := s.in.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for {
		var reply struct {
			Return json.RawMessage
			Error  *qmpError
		}
		if err := s.out.Decode(&reply); err != nil {
			return fmt.Errorf("%s: %w (%s)", name, err, strings.TrimSpace(s.stderr.String()))
		}
		if reply.Error != nil {
			return reply.Error
		}
		if reply.Return == nil {
			continue
		}
		if result == nil {
			return nil
		}
		if err := json.Unmarshal(reply.Return, result); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
}

func (s *session) hmp(line string) (string, error) {
	var text string
	err := s.run("human-monitor-command", map[string]string{"command-line": line}, &text)
	return text, err
}

// port sends a line of the qtest protocol; the number in the answer, if any,
// is returned.
func (s *session) port(format string, args ...any) (uint32, error) {
	if _, err := fmt.Fprintf(s.qtest, format+"\n", args...); err != nil {
		return 0, fmt.Errorf("qtest: %w", err)
	}
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("qtest: %w", err)
		}
		if strings.HasPrefix(line, "IRQ ") {
			continue
		}
		var v uint32
		fmt.Sscanf(line, "OK 0x%x", &v) // "OK" alone means no value
		return v, nil
	}
}

// at addresses a function on a bus.
type at struct{ bus, slot, function int }

func (s *session) selectConfig(a at, offset int) error {
	_, err := s.port("outl 0xcf8 0x%x", 1<<31|a.bus<<16|a.slot<<11|a.function<<8|offset&^3)
	return err
}

// config reads a double word of configuration space.
func (s *session) config(a at, offset int) (uint32, error) {
	if err := s.selectConfig(a, offset); err != nil {
		return 0, err
	}
	return s.port("inl 0xcfc")
}

// setConfig writes a double word of configuration space.
func (s *session) setConfig(a at, offset int, v uint32) error {
	if err := s.selectConfig(a, offset); err != nil {
		return err
	}
	_, err := s.port("outl 0xcfc 0x%x", v)
	return err
}
