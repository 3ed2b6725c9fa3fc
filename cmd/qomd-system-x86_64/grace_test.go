package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/chardev"
)

// A grace that nobody chose is two milliseconds, longer while clients are busy;
// one that somebody chose is just that.
func TestEventGrace(t *testing.T) {
	for _, c := range []struct {
		env            string
		want           time.Duration
		stretch, fails bool
	}{
		{"", 2 * time.Millisecond, true, false},
		{"0", 0, false, false},
		{"15ms", 15 * time.Millisecond, false, false},
		{"-1ms", 0, false, true},
		{"soon", 0, false, true},
	} {
		t.Setenv(graceEnv, c.env)
		grace, stretch, err := eventGrace()
		if grace != c.want || stretch != c.stretch || (err != nil) != c.fails {
			t.Errorf("%s=%s: %v, stretches %v, %v", graceEnv, c.env, grace, stretch, err)
		}
	}
}

// A client is known by its connection, and is busy while a thread of its wants to
// run.
func TestClients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	other, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var here clients
	if c := chardev.NewConn(conn); here.note(c) != c {
		t.Error("the connection is not the same")
	}
	if len(here.pids) == 0 {
		t.Skip("the system does not tell who is at the other end")
	}
	if !here.pids[os.Getpid()] || !here.busy() { // as this thread runs
		t.Errorf("clients %v, busy %v", here.pids, here.busy())
	}

	for script, want := range map[string]bool{"while :; do :; done": true, "read x": false} {
		cmd := exec.Command("sh", "-c", script)
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		there := clients{pids: map[int]bool{cmd.Process.Pid: true}}
		for deadline := time.Now().Add(endLimit); there.busy() != want; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: busy %v, want %v", script, !want, want)
			}
		}
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
		if there.busy() || len(there.pids) > 0 {
			t.Errorf("%v are remembered, though ended", there.pids)
		}
	}
}

func TestRuns(t *testing.T) {
	for stat, want := range map[string]bool{"1 (a) R 0": true, "1 (a) S (R) 0": false, "1 (x) R) S 0": false, "1 (a) D 0": true, "": false, "1 (a)": false} {
		if runs([]byte(stat)) != want {
			t.Errorf("%q: want %v", stat, want)
		}
	}
}
