package libvirttest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a command may take on a busy machine.
const patience = time.Minute

// shell is a virsh that stays.
type shell struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	pipe   io.Closer // below out
	marker int
	ended  bool
}

// startShell starts a virsh, which has to be stopped; its own messages and those
// on monitors go to files in dir.
func startShell(t *testing.T, dir, uri string) *shell {
	t.Helper()
	s := &shell{t: t, cmd: exec.Command("stdbuf", "-oL", "virsh", "-q", "-c", uri)}
	s.cmd.Env = append(os.Environ(), "COLUMNS=30000", // no line is folded
		"LIBVIRT_LOG_FILTERS=2:qemu.qemu_monitor",
		"LIBVIRT_LOG_OUTPUTS=3:file:"+filepath.Join(dir, "virsh.log")+" 2:file:"+filepath.Join(dir, wireLog))
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s.cmd.Stdout, s.cmd.Stderr = w, w // in the order they are written
	s.out = bufio.NewReader(r)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pipe = r
	return s
}

// stop ends virsh, and with it the libvirt inside, as a daemon that is stopped:
// its domains stay.
func (s *shell) stop() {
	if s.ended {
		return
	}
	s.ended = true
	s.in.Close()
	kill := time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	defer kill.Stop()
	s.cmd.Wait()
	s.pipe.Close()
}

// part has another test, a part of the first, hear of what goes wrong, until the
// function it returns is called.
func (s *shell) part(t *testing.T) (back func()) {
	outer := s.t
	s.t = t
	return func() { s.t = outer }
}

// try runs a command and returns what it printed.
func (s *shell) try(format string, args ...any) (output string, ok bool) {
	s.t.Helper()
	command := fmt.Sprintf(format, args...)
	s.marker++
	marker := fmt.Sprintf("end-of-command-%d", s.marker)
	kill := time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	defer kill.Stop()
	if _, err := fmt.Fprintf(s.in, "%s\necho %s\n", command, marker); err != nil {
		s.t.Fatal(err)
	}
	// virsh repeats what it reads.
	var text []byte
	for !bytes.Contains(text, []byte("\n"+marker)) {
		b, err := s.out.ReadByte()
		if err != nil {
			s.t.Fatalf("virsh ended in %s: %v, after %q", command, err, text)
		}
		text = append(text, b)
	}
	_, output, found := strings.Cut(string(text), command+"\n")
	if !found {
		s.t.Fatalf("virsh repeats %s as %q", command, text)
	}
	output, _, _ = strings.Cut(output, "virsh # echo "+marker)
	return strings.TrimSpace(output), !strings.Contains(output, "error:")
}

// run runs a command that must work.
func (s *shell) run(format string, args ...any) string {
	s.t.Helper()
	output, ok := s.try(format, args...)
	if !ok {
		s.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), output)
	}
	return output
}

// fails runs a command that must fail, with an error that contains want.
func (s *shell) fails(want, format string, args ...any) {
	s.t.Helper()
	if output, ok := s.try(format, args...); ok || !strings.Contains(output, want) {
		s.t.Errorf("%s\ngave %q, want an error with %q", fmt.Sprintf(format, args...), output, want)
	}
}

// eventually runs a command until it prints want.
func (s *shell) eventually(want, format string, args ...any) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		output, _ := s.try(format, args...)
		if output == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s\nstill gives %q, want %q", fmt.Sprintf(format, args...), output, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
