package gdb_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/daemon"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start boots a machine of a command line with a debugger's port, and returns
// the path of that and the events so far.
func start(t *testing.T, args ...string) (path string, events func() []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "gdb")
	args = append([]string{"-M", "q35", "-nodefaults", "-display", "none", "-gdb", "unix:" + path + ",server=on,wait=off"}, args...)
	cfg, err := config.ParseArgs("qemu", args)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	vm, err := daemon.Start(*cfg, daemon.Options{OnEvent: func(name string, _ any) { list = append(list, name) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vm.Close() })
	return path, func() (now []string) {
		vm.Machine.Do(func() { now = append(now, list...) })
		return now
	}
}

func dial(t *testing.T, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func packet(data string) string {
	sum := byte(0)
	for _, b := range []byte(data) {
		sum += b
	}
	return "$" + data + "#" + strconv.FormatUint(uint64(sum)>>4, 16) + strconv.FormatUint(uint64(sum)&0xf, 16)
}

// exchange sends something and reads as many bytes as are expected.
func exchange(t *testing.T, conn net.Conn, send, want string) {
	t.Helper()
	if _, err := io.WriteString(conn, send); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil {
		t.Fatalf("after %q: %v; %q came, want %q", send, err, got[:n], want)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("after %q (-want +got):\n%s", send, diff)
	}
	io.WriteString(conn, strings.Repeat("+", strings.Count(want, "$")))
}

// TestWire plays what was recorded with QEMU 11.1.3.
func TestWire(t *testing.T) {
	path, events := start(t, "-smp", "2", "-S")
	conn := dial(t, path)
	raw, err := os.ReadFile("testdata/wire.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")[1:]
	for i := 0; i+1 < len(lines); i += 2 {
		send, want := lines[i][2:], lines[i+1][2:]
		if text, ok := strings.CutPrefix(send, "RAW "); ok {
			if send, err = strconv.Unquote(`"` + text + `"`); err != nil {
				t.Fatal(err)
			}
		} else {
			send = packet(send)
		}
		exchange(t, conn, send, want)
	}
	want := strings.Fields(strings.Repeat("RESUME STOP ", 5))
	if diff := cmp.Diff(want, events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// A debugger's registers last until the reset.
func TestReset(t *testing.T) {
	path, events := start(t)
	conn := dial(t, path)
	exchange(t, conn, packet("P0=7856341200000000"), "+$OK#9a")
	exchange(t, conn, packet("p0"), "+"+packet("7856341200000000"))
	exchange(t, conn, packet("P99=00000080"), "+$E14#aa")                  // no such register
	exchange(t, conn, packet("P1b=0000008000000000"), "+$E22#a9")          // CR0: paging
	exchange(t, conn, packet("qRcmd,73797374656d5f7265736574"), "+$OK#9a") // system_reset
	exchange(t, conn, packet("p0"), "+"+packet("0000000000000000"))
	if diff := cmp.Diff([]string{"RESUME", "STOP", "RESET"}, events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// All of the memory a packet can hold gets through.
func TestLargeRead(t *testing.T) {
	path, _ := start(t, "-S")
	exchange(t, dial(t, path), packet("m0,10000"), "+"+packet(strings.Repeat("00", 1<<16)))
}

// TestDebugger has gdb itself look at a machine.
func TestDebugger(t *testing.T) {
	if _, err := exec.LookPath("gdb"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("there is no gdb")
	}
	path, _ := start(t, "-S", "-smp", "2")
	args := []string{"-batch", "-nx", "-ex", "set tcp connect-timeout 60", "-ex", "target remote " + path}
	for _, line := range []string{
		"info threads", "info registers rip cr0", "set var $rax = 0x1234", "print/x $rax", "set {int}0x1000 = 0x11223344",
		"monitor xp /4xb 0x1000", "break *0x7c00", "thread 2", "detach",
	} {
		args = append(args, "-ex", line)
	}
	out, err := exec.Command("gdb", args...).CombinedOutput()
	if err != nil {
		t.Errorf("gdb: %v", err)
	}
	for _, want := range []string{
		"(CPU#0 [running])", "(CPU#1 [halted ])", "0xfff0", "[ ET NW CD ]", "$1 = 0x1234", "00001000: 0x44 0x33 0x22 0x11",
		"Breakpoint 1 at 0x7c00", "[Inferior 1 (process 1) detached]",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("gdb does not say %q:\n%s", want, out)
		}
	}
}
