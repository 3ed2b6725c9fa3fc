package thread_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/thread"
)

// A thread is one of the process's, has its name, can be pinned, and is gone
// once it was stopped.
func TestThread(t *testing.T) {
	a, b := thread.Start("CPU 0/TCG"), thread.Start("CPU 1/TCG")
	if a.ID() == b.ID() || a.ID() == os.Getpid() {
		t.Fatalf("threads %d and %d of process %d", a.ID(), b.ID(), os.Getpid())
	}
	task := func(n *thread.Thread) string { return fmt.Sprintf("/proc/self/task/%d", n.ID()) }
	if name, err := os.ReadFile(task(b) + "/comm"); err != nil || strings.TrimSpace(string(name)) != "CPU 1/TCG" {
		t.Errorf("named %q, %v", name, err)
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(b.ID(), &set); err != nil {
		t.Error(err)
	}
	if err := unix.SchedSetaffinity(b.ID(), &set); err != nil {
		t.Error(err)
	}
	a.Stop()
	b.Stop()
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := os.Stat(task(b))
		if os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there: %v", task(b), err)
		}
		time.Sleep(time.Millisecond)
	}
	var none *thread.Thread
	if none.ID() != os.Getpid() {
		t.Errorf("no thread has number %d", none.ID())
	}
	none.Stop()
}
