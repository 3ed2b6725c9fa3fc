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

// Threads run where the process's own may at that moment.
func TestThreadsInherit(t *testing.T) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &all); err != nil {
		t.Fatal(err)
	}
	if all.Count() < 2 {
		t.Skip("there is one processor")
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(os.Getpid(), &one); err != nil {
		t.Fatal(err)
	}
	defer unix.SchedSetaffinity(os.Getpid(), &all)
	a := thread.Start("CPU 0/TCG")
	defer a.Stop()
	var have unix.CPUSet
	if err := unix.SchedGetaffinity(a.ID(), &have); err != nil {
		t.Fatal(err)
	}
	if have != one {
		t.Errorf("it runs on %d processors, want one", have.Count())
	}
}
