package hmp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/machine/machinetest"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/hmp"
	"github.com/qomd/qomd/qom"
)

// newHuman makes a running machine and its monitor.
func newHuman(t testing.TB, typ string) (*machine.Machine, *hmp.Human) {
	t.Helper()
	m := machinetest.New(t, machine.Options{Type: typ, Accel: "qtest"})
	m.OnViolation = func(v qom.Violation) { t.Errorf("violation: %+v", v) }
	var set *qmp.CommandSet
	s := commands.Schema(m.Options().Catalog)
	h := hmp.New(m, s, func() *qmp.CommandSet { return set })
	set = commands.New(m, s, h.Command)
	machinetest.Boot(t, m)
	return m, h
}

// run runs a line as human-monitor-command does.
func run(t testing.TB, m *machine.Machine, h *hmp.Human, line string) string {
	t.Helper()
	var out string
	m.Do(func() {
		var err error
		if out, err = h.Command(nil, line, nil); err != nil {
			t.Error(err)
		}
	})
	return out
}

// TestLines compares answers with those of QEMU 11.1.3.
func TestLines(t *testing.T) {
	m, h := newHuman(t, "none")
	for _, c := range []struct{ line, want string }{
		{"", ""},
		{"nope", "unknown command: 'nope'\r\n"},
		{"  info   nope x", "unknown command: 'info   nope'\r\n"},
		{"info /x", "unknown command: 'info '\r\n"},
		{"/", "unknown command: ''\r\n"},
		{`info "status"`, "unknown command: 'info \"status\"'\r\n"},
		{"info status", "VM status: running\r\n"},
		{"info status x", "status: extraneous characters at the end of line\r\nTry \"help info status\" for more information\r\n"},
		{"stop now", "stop|s: extraneous characters at the end of line\r\nTry \"help stop\" for more information\r\n"},
		{"s", ""},
		{"info status", "VM status: paused\r\n"},
		{"c", ""},
		{"qom-set -", "qom-set: unsupported option -Try \"help qom-set\" for more information\r\n"},
		{"p /x 255", "0xff\r\n"},
		{"p 8", "0x8\r\n"},
		{"p/o 8", "010\r\n"},
		{"p/o 0", "0\r\n"},
		{"p/x 0", "0\r\n"},
		{"p/c 39", "'\\''\r\n"},
		{"p/c 300", "'\\x12c'\r\n"},
		{"p/u -1", "18446744073709551615\r\n"},
		{"p/d -1", "-1\r\n"},
		{"p/xb 08", "print|p: extraneous characters at the end of line\r\nTry \"help p\" for more information\r\n"},
		{"x 0", "Can not dump without CPU\r\n"},
		{"xp/2bx 0x100000000", "100000000: Cannot access memory\r\n"},
		{"help nope", "unknown command: 'nope'\r\n"},
		{"help info x y", "unknown command: 'info x'\r\n"},
		{"qom-list", "/\r\n"},
		{"qom-list /nope", "Error: Device '/nope' not found\r\n"},
		{"qom-get / type", "\"container\"\r\n"},
		{"qom-set / type x", "Error: Property 'container.type' is not writable\r\n"},
		{"qom-set -j / type {", "Error: 1:2: JSON parse error, premature end of input\r\n"},
		{"qom-set -j / type 1 2", "Error: Expecting at most one JSON value\r\n"},
		{"device_add", "Error: Parameter 'driver' is missing\r\n"},
		{"device_add nope,help", "Device 'nope' not found\r\n"},
		{"device_add device,help", "Parameter 'typename' expects a non-abstract device type\r\n"},
		{"device_add usb-tablet,id=1", "Try \"help device_add\" for more information\r\n"},
		{"device_del /machine", "Error: /machine is not a device\r\n"},
		{"object_add x", "Error: Parameter 'qom-type' does not accept value 'x'\r\n"},
		{"object_add iothread", "Error: Parameter 'id' is missing\r\n"},
		{"object_add iothread,id=1", "Error: Parameter 'id' expects an identifier\r\nIdentifiers consist of letters, digits, '-', '.', '_', starting with a letter.\r\n"},
		{"object_add iothread,id=a", ""},
		{"object_add iothread,id=a", "Error: attempt to add duplicate property 'a' to object (type 'container')\r\n"},
		{"object_add iothread,help", "iothread options:\r\n  aio-max-batch=<int>\r\n  poll-grow=<int>\r\n  poll-max-ns=<int>\r\n" +
			"  poll-shrink=<int>\r\n  poll-weight=<int>\r\n  thread-pool-max=<int>\r\n  thread-pool-min=<int>\r\n"},
		{"object_del a", ""},
		{"object_del a", "Error: object 'a' not found\r\n"},
		{"info qom-tree /nope", "Path '/nope' could not be resolved.\r\n"},
		{"info history", ""},
		{"cpu 0", "invalid CPU index\r\n"},
	} {
		if got := run(t, m, h, c.line); got != c.want {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
	m.Do(func() {
		for _, index := range []int64{-1, 0} {
			if _, err := h.Command(nil, "info status", &index); err == nil || err.Error() != "Parameter 'cpu-index' expects a CPU number" {
				t.Errorf("cpu-index %d: %v", index, err)
			}
		}
	})
}

// TestHelp: every command and topic is listed once and describes itself.
func TestHelp(t *testing.T) {
	m, h := newHuman(t, "none")
	seen := map[string]bool{}
	for _, prefix := range []string{"", "info "} {
		list := run(t, m, h, strings.TrimSpace("help "+prefix))
		entry := "" // of several lines where the arguments are
		for line := range strings.Lines(list) {
			if entry += line; !strings.Contains(entry, " -- ") {
				continue
			}
			line, entry = entry, ""
			name, _, _ := strings.Cut(strings.TrimPrefix(line, prefix), " ")
			if seen[prefix+name] {
				t.Errorf("odd line %q", line)
			}
			seen[prefix+name] = true
			first, _, _ := strings.Cut(name, "|")
			if first == "info" {
				continue
			}
			if got := run(t, m, h, "help "+prefix+first); got != line {
				t.Errorf("help %s%s: %q, listed as %q", prefix, first, got, line)
			}
		}
	}
	for _, name := range []string{"help|?", "quit|q", "device_add", "info qtree", "info refs"} {
		if !seen[name] {
			t.Errorf("%q is not listed", name)
		}
	}
}

// TestServeConn talks to a monitor as a person does.
func TestServeConn(t *testing.T) {
	m, h := newHuman(t, "none")
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); h.ServeConn(context.Background(), server) }()
	in := bufio.NewReader(client)
	expect := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
			t.Fatalf("got %q, error %v, want %q", got, err, want)
		}
	}
	send := func(s string) {
		t.Helper()
		if _, err := io.WriteString(client, s); err != nil {
			t.Fatal(err)
		}
	}
	expect("QEMU 11.1.3 monitor - type 'help' for more information\r\n(qemu) ")
	send("p")
	expect("p\x1b[K")
	send(" 1\n")
	expect("\x1b[Dp \x1b[K\x1b[D\x1b[Dp 1\x1b[K\r\n0x1\r\n(qemu) ")
	send("info hi\t\n")
	expect("i\x1b[K")
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	expect("0: 'p 1'\r\n1: 'info history '\r\n(qemu) ")
	send("q\r")
	rest, err := io.ReadAll(in)
	if err != nil || string(rest) != "q\x1b[K\r\n" {
		t.Errorf("after quit: %q, error %v", rest, err)
	}
	<-done
	if !m.Exiting() {
		t.Error("quit did not end the machine")
	}
}

// TestServeConnCancel: the end of the context ends the monitor.
func TestServeConnCancel(t *testing.T) {
	_, h := newHuman(t, "none")
	client, server := net.Pipe()
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.ServeConn(ctx, server) }()
	if _, err := bufio.NewReader(client).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-done
}

// FuzzLine: no line may panic. What it may do to the machine is left out.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"info qtree -b", "help info", "p/3x 1+(2", `qom-list "/machine"`, "device_add nope,a=b,,c", "object_add a.b=c,id=x", "xp/4i 0", "info mtree -f -o"} {
		f.Add(s)
	}
	m, h := newHuman(f, "none")
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "/") && len(line) > 64 {
			t.Skip() // large dumps
		}
		m.Do(func() {
			if out, err := h.Command(nil, line, nil); err != nil || strings.Contains(out, "internal error") {
				t.Errorf("%q: %q, error %v", line, out, err)
			}
		})
	})
}
