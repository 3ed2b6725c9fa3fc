package command

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

// run runs the command and returns status and what it printed.
func run(args ...string) (status int, out, errOut string) {
	var o, e bytes.Buffer
	status = Main(args, &o, &e)
	return status, o.String(), e.String()
}

// What people see of a device that is asked to leave, that has left and is held,
// and that is gone.
func TestRefs(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("qemu-xhci,id=x0,addr=6"), qmptest.Device("e1000,id=n0,addr=7"))
	socket := m.Socket()
	want := func(contains []string, args ...string) {
		t.Helper()
		status, out, errOut := run(append([]string{"refs", "--socket", socket}, args...)...)
		if status != 0 || errOut != "" {
			t.Fatalf("status %d: %s", status, errOut)
		}
		for _, part := range contains {
			if !strings.Contains(out, part) {
				t.Errorf("%v: %q is not in:\n%s", args, part, out)
			}
		}
	}
	want([]string{"nothing is leaving\n"})
	want([]string{"x0 (qemu-xhci #", "  qemu-xhci is held by\n    qom-child: /machine/peripheral\n", "  xhci-core (base-xhci) is held by\n    qom-child: /machine/peripheral/x0\n"}, "x0")
	release := m.Hold("/machine/peripheral/x0/xhci-core")
	m.Step(time.Second)
	c := m.Client()
	c.Must("device_del", qmptest.A{"id": "x0"})
	m.Acknowledge()
	c.Must("device_del", qmptest.A{"id": "n0"})
	want([]string{
		"n0 (e1000 #", "): asked to leave ", " ago, waiting for the guest to let it go\n",
		"x0 (qemu-xhci #", "): unplugged ", " ago, DEVICE_DELETED is not sent yet\n",
		"  xhci-core (base-xhci) is held by\n    x-hold: qmptest /machine/peripheral/x0/xhci-core, ",
	})
	want([]string{"digraph references {\n", `[label="xhci-core (base-xhci)\nlive"]`, `label="x-hold\n`}, "--dot")
	release()
	m.Acknowledge()
	want([]string{"nothing is leaving\n"})

	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"--socket", socket, "nope"}, "Device 'nope' not found"},
		{[]string{"--socket", filepath.Join(t.TempDir(), "none")}, "no such file"},
	} {
		status, _, errOut := run(append([]string{"refs"}, tc.args...)...)
		if status != 1 || !strings.Contains(errOut, tc.want) {
			t.Errorf("%v: status %d, %q", tc.args, status, errOut)
		}
	}
}

// Without --socket the only socket of the runtime folder is taken.
func TestRefsFindsTheSocket(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if status, _, errOut := run("refs"); status != 1 || !strings.Contains(errOut, "name its socket with --socket") {
		t.Errorf("status %d, %q", status, errOut)
	}
}
