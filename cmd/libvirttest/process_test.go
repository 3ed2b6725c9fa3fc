package libvirttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The process is as libvirt has started it: it leaves alone what it inherits and
// does not know, and writes to the domain's log.
func TestProcess(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("process", "")
	pids := processes(c.root)
	if len(pids) != 1 {
		t.Fatalf("processes %v, want one", pids)
	}
	proc := fmt.Sprintf("/proc/%d/", pids[0])
	for name, want := range map[string]string{"cwd": "/", "fd/0": "/dev/null", "fd/1": "process.log", "fd/2": "process.log"} {
		if target, err := os.Readlink(proc + name); err != nil || target != want && filepath.Base(target) != want {
			t.Errorf("%s is %s, %v; want %s", name, target, err, want)
		}
	}
	if open := descriptors(t, c.root); !slices.Contains(open, c.root+"/run/qemu/process.pid") {
		t.Errorf("libvirt's file of our number is not among %q", open)
	}
	if status, err := os.ReadFile(proc + "status"); err != nil || !strings.Contains(string(status), "\nPPid:\t1\n") {
		t.Errorf("it has not left its parent: %v\n%s", err, status)
	}
}

// libvirt asks an emulator what it can do once with KVM and once without, and then
// knows. One that did not claim KVM where the host has it would be asked at every
// occasion, which takes seconds.
func TestProbes(t *testing.T) {
	t.Parallel()
	c := connect(t)
	starts := c.file("starts", "")
	program := c.file("counted", fmt.Sprintf("#!/bin/sh\necho >>%s; exec %s \"$@\"\n", starts, emulator))
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.run("domcapabilities --emulatorbin %s --virttype qemu", program)
	}
	text, err := os.ReadFile(starts)
	if err != nil {
		t.Fatal(err)
	}
	want := 1
	if kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
		kvm.Close()
		want = 2
	}
	if n := strings.Count(string(text), "\n"); n != want {
		t.Errorf("it was started %d times, want %d", n, want)
	}
}

// Where the host has KVM, domains that want it start.
func TestKVM(t *testing.T) {
	t.Parallel()
	c := connect(t)
	kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no KVM: ", err)
	}
	kvm.Close()
	c.run("define %s", c.file("kvm.xml", strings.Replace(fmt.Sprintf(smallXML, "kvm", emulator), "type='qemu'", "type='kvm'", 1)))
	c.run("start kvm")
	c.eventually("running", "domstate kvm")
	c.contains("qemu-monitor-command kvm --hmp 'info kvm'", "kvm support: enabled")
}

// The process that libvirt's probe starts listens, has its number in a file, and
// lets go of the standard error that libvirt reads to its end.
func TestProbeCommandLine(t *testing.T) {
	t.Parallel()
	needLibvirt(t)
	dir := t.TempDir()
	for _, accel := range []string{"kvm:tcg", "kvm:mshv:tcg", "tcg"} {
		socket, pid := filepath.Join(dir, "qmp.monitor"), filepath.Join(dir, "qmp.pid")
		cmd := exec.Command(emulator, "-S", "-no-user-config", "-nodefaults", "-nographic", "-machine", "none,accel="+accel,
			"-qmp", "unix:"+socket+",server=on,wait=off", "-pidfile", pid, "-daemonize")
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 { // to the end of standard error
			t.Fatalf("accel=%s: %v %s", accel, err, out)
		}
		if _, err := os.Stat(socket); err != nil {
			t.Errorf("accel=%s: %v", accel, err)
		}
		number, err := os.ReadFile(pid)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(number)))
		if err == nil {
			err = syscall.Kill(n, syscall.SIGTERM)
		}
		if err != nil {
			t.Errorf("accel=%s: %v", accel, err)
		}
		await(t, "the process stays", func() bool { _, err := os.Stat(pid); return err != nil })
	}
}
