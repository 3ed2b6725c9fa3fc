package daemon_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/daemon"
)

// shared is what the machines of one process have in common.
var shared daemon.Shared

// boot starts a machine from a command line.
func boot(t testing.TB, args ...string) *daemon.VM {
	t.Helper()
	cfg, err := config.ParseArgs("bench", args)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := daemon.Start(*cfg, daemon.Options{Shared: &shared, Guest: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// q35 is the machine of the measurements; with a port to plug things in.
var q35 = []string{"-machine", "q35", "-nodefaults", "-display", "none", "-device", "qemu-xhci,id=xhci"}

// conversation is a client that has negotiated, over a connection in memory.
type conversation struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func converse(t testing.TB, vm *daemon.VM) *conversation {
	t.Helper()
	ours, theirs := net.Pipe()
	vm.ServeConn(theirs, qmp.Monitor{Name: "bench"})
	c := &conversation{t: t, conn: ours, r: bufio.NewReaderSize(ours, 1<<16)}
	c.lines(1)
	c.send([]byte(`{"execute": "qmp_capabilities"}`), 1)
	t.Cleanup(func() { ours.Close() })
	return c
}

// send sends a request and takes n messages.
func (c *conversation) send(request []byte, n int) {
	c.t.Helper()
	if _, err := c.conn.Write(request); err != nil {
		c.t.Fatal(err)
	}
	c.lines(n)
}

func (c *conversation) lines(n int) {
	c.t.Helper()
	for range n {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		if bytes.HasPrefix(line, []byte(`{"error"`)) {
			c.t.Fatalf("%s", line)
		}
	}
}

// A property, asked for by a client: parse, check, look up, answer.
func BenchmarkQOMGet(b *testing.B) {
	vm := boot(b, q35...)
	defer vm.Close()
	c := converse(b, vm)
	request := []byte(`{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/xhci", "property": "p2"}}`)
	b.ReportAllocs()
	for b.Loop() {
		c.send(request, 1)
	}
}

// A device that comes and goes, over the wire, until its DEVICE_DELETED.
func BenchmarkPlugUnplug(b *testing.B) {
	for _, bench := range []struct {
		driver, bus string
		events      int
	}{
		{"usb-tablet", "xhci.0", 1},
		{"qemu-xhci", "rp0", 2}, // with the guest's acknowledgement
	} {
		b.Run(bench.driver, func(b *testing.B) {
			vm := boot(b, append(q35, "-device", "pcie-root-port,id=rp0,chassis=1")...)
			defer vm.Close()
			c := converse(b, vm)
			add := fmt.Appendf(nil, `{"execute": "device_add", "arguments": {"driver": "%s", "id": "d", "bus": "%s"}}`, bench.driver, bench.bus)
			del := []byte(`{"execute": "device_del", "arguments": {"id": "d"}}`)
			b.ReportAllocs()
			for b.Loop() {
				c.send(add, 1)
				c.send(del, 1+bench.events)
			}
		})
	}
}

// A machine from its command line to being ready, and its end.
func BenchmarkBoot(b *testing.B) {
	boot(b, q35...).Close() // types are read once per process
	b.ReportAllocs()
	for b.Loop() {
		boot(b, q35...).Close()
	}
}

// What a machine costs that nobody talks to.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		heap, goroutines := idleCost(b, 100)
		b.ReportMetric(heap, "heap-B/machine")
		b.ReportMetric(goroutines, "goroutines/machine")
	}
}

// An idle machine has its listener's goroutine only, and little memory.
func TestIdleMachineIsSmall(t *testing.T) {
	heap, goroutines := idleCost(t, 50)
	t.Logf("%.1f KiB and %.2f goroutines per machine", heap/1024, goroutines)
	if limit := 150.0 * 1024; heap > limit {
		t.Errorf("%.1f KiB per machine, want at most %.0f", heap/1024, limit/1024)
	}
	if goroutines > 1 {
		t.Errorf("%.2f goroutines per machine, want one at most", goroutines)
	}
}

// idleCost boots n machines with a socket each and returns what one costs.
func idleCost(t testing.TB, n int) (heap, goroutines float64) {
	t.Helper()
	dir := t.TempDir()
	one := func(i int) *daemon.VM {
		socket := filepath.Join(dir, fmt.Sprint(i))
		return boot(t, append(q35, "-qmp", "unix:"+socket+",server=on,wait=off")...)
	}
	one(0).Close()
	before, running := memory(), runtime.NumGoroutine()
	list := make([]*daemon.VM, n)
	for i := range list {
		list[i] = one(i + 1)
	}
	heap = float64(memory()-before) / float64(n)
	goroutines = float64(runtime.NumGoroutine()-running) / float64(n)
	for _, vm := range list {
		vm.Close()
	}
	return heap, goroutines
}

// memory is what the heap has in use once garbage is gone.
func memory() uint64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
