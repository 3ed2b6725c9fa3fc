package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/qmp/client"
)

// Every processor and every iothread has a thread of the process, which
// managers can pin.
func TestThreadsToPin(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "qmp.sock")
	p := start(t, "-machine", "q35", "-nodefaults", "-display", "none", "-smp", "2,maxcpus=4",
		"-object", "iothread,id=io0", "-qmp", "unix:"+socket+",server=on,wait=off")
	conn, err := p.dial("unix:" + socket)
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(conn, client.Config{})
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	defer c.Disconnect()
	seen := map[int]bool{p.cmd.Process.Pid: true} // which is no thread of its own
	check := func(command string, want int) {
		t.Helper()
		var list []struct {
			ID int `json:"thread-id"`
		}
		if err := c.Execute(context.Background(), command, nil, &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != want {
			t.Fatalf("%s lists %d, want %d", command, len(list), want)
		}
		for _, l := range list {
			if seen[l.ID] {
				t.Errorf("%s: thread %d is used twice", command, l.ID)
			}
			if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", p.cmd.Process.Pid, l.ID)); err != nil {
				t.Errorf("%s: %v", command, err)
			}
			seen[l.ID] = true
		}
	}
	check("query-cpus-fast", 2)
	check("query-iothreads", 1)
}
