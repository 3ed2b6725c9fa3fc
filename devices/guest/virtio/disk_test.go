package virtio_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/qomd/qomd/devices/guest/virtio"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qmptest"
)

type args = qmptest.A

// function is the PCI function 00:04.0 of a machine, for a driver.
type function struct {
	m    *machine.Machine
	next uint64
}

const (
	slot = 4
)

func (f *function) address(reg uint8) uint64 {
	f.m.IOSpace().WriteN(0xcf8, 4, 1<<31|slot<<11|uint64(reg&^3))
	return 0xcfc + uint64(reg&3)
}

func (f *function) ReadConfig(reg uint8, size int) uint32 {
	v, _ := f.m.IOSpace().ReadN(f.address(reg), size)
	return uint32(v)
}

func (f *function) writeConfig(reg uint8, size int, v uint64) {
	f.m.IOSpace().WriteN(f.address(reg), size, v)
}

func (f *function) Read(addr uint64, size int) uint64 {
	v, _ := f.m.MemorySpace().ReadN(addr, size)
	return v
}

func (f *function) Write(addr uint64, size int, v uint64) { f.m.MemorySpace().WriteN(addr, size, v) }

func (f *function) Allocate(size uint64) (uint64, bool) {
	at := (f.next + size - 1) &^ (size - 1)
	f.next = at + size
	return at, true
}

// guest is a machine without a guest, whose disk a test drives.
type guest struct {
	t      *testing.T
	q      *qmptest.Machine
	m      *machine.Machine
	c      *qmptest.Client
	driver *virtio.Device
	disk   *virtio.Disk
	// answers are the requests that came back, by slot, with their data.
	answers map[int][][]byte
	bad     int // of them, with a status that is not 0
}

func newGuest(t *testing.T) *guest {
	q := qmptest.Start(t, qmptest.PC(), qmptest.GuestNone())
	return &guest{t: t, q: q, m: q.VM.Machine, c: q.Client(), answers: map[int][][]byte{}}
}

// Where the memory BAR of a disk is put.
const (
	below = 0xe0000000
	above = 0x12_3450_0000
)

// plug adds a disk over a node, and starts its driver.
func (g *guest) plug(node args, bar uint64) {
	g.t.Helper()
	g.c.Must("blockdev-add", node)
	g.c.Must("device_add", args{"driver": "virtio-blk-pci", "id": "vb", "drive": node["node-name"], "addr": "04.0"})
	g.m.Do(func() {
		f := &function{m: g.m, next: 16 << 20}
		f.writeConfig(0x20, 4, bar&0xffffffff)
		f.writeConfig(0x24, 4, bar>>32)
		f.writeConfig(0x04, 2, 7)
		d, ok := virtio.Open(f)
		if !ok || d.Disk() == nil {
			g.t.Error("the function is no disk")
			return
		}
		g.driver, g.disk = d, d.Disk()
		if err := d.Start(); err != nil {
			g.t.Error(err)
		}
		g.disk.OnDone = func(slot int, status byte, data []byte) {
			g.answers[slot] = append(g.answers[slot], data)
			if status != 0 {
				g.bad++
			}
		}
	})
	if g.t.Failed() {
		g.t.FailNow()
	}
}

// submit hands out requests, as if at once.
func (g *guest) submit(f func(d *virtio.Disk) (slot int, ok bool)) (slot int) {
	g.t.Helper()
	g.m.Do(func() {
		var ok bool
		if slot, ok = f(g.disk); !ok {
			g.t.Error("no room for a request")
		}
	})
	return slot
}

// settle waits until the host has done what it was asked, and takes what came
// back.
func (g *guest) settle() {
	g.m.Blocks.Wait()
	g.m.Do(g.driver.Interrupt)
}

func image(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(name, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestDisk: what a driver writes through registers and rings is in the file
// behind the disk, and is read again.
func TestDisk(t *testing.T) {
	t.Run("below 4 GiB", func(t *testing.T) { testDisk(t, below) })
	t.Run("above", func(t *testing.T) { testDisk(t, above) })
}

func testDisk(t *testing.T, bar uint64) {
	g, name := newGuest(t), image(t)
	g.plug(args{"driver": "file", "node-name": "n", "filename": name}, bar)
	if n := g.disk.Sectors(); n != 2048 {
		t.Errorf("%d sectors", n)
	}
	data := bytes.Repeat([]byte("a sector of data"), 3*512/16)
	g.submit(func(d *virtio.Disk) (int, bool) { return d.Write(7, data) })
	g.submit(func(d *virtio.Disk) (int, bool) { return d.Flush() })
	g.settle()
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got[7*512:10*512], data) || bytes.Count(got, []byte{0}) != 1<<20-len(data) {
		t.Errorf("the file has something else: %v", err)
	}
	slot := g.submit(func(d *virtio.Disk) (int, bool) { return d.Read(8, 1024) })
	g.answers = map[int][][]byte{}
	g.settle()
	if a := g.answers[slot]; len(a) != 1 || !bytes.Equal(a[0], data[512:]) {
		t.Errorf("%d answers", len(a))
	}
	g.submit(func(d *virtio.Disk) (int, bool) { return d.Read(2048, 512) })
	g.settle()
	if g.bad != 1 || g.driver.InFlight() != 0 {
		t.Errorf("%d bad answers to a read past the end, %d in flight", g.bad, g.driver.InFlight())
	}
}

// relay passes bytes on between a client and a server; while it is shut those
// of the client wait.
type relay struct {
	mu   sync.Mutex
	open *sync.Cond
	shut bool
}

func newRelay(t *testing.T, server string) (*relay, string) {
	r, name := new(relay), filepath.Join(t.TempDir(), "relay.sock")
	r.open = sync.NewCond(&r.mu)
	ln, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	t.Cleanup(func() { ln.Close() })
	t.Cleanup(func() { r.set(false) })
	running.Go(func() {
		near, err := ln.Accept()
		if err != nil {
			return
		}
		defer near.Close()
		far, err := net.Dial("unix", server)
		if err != nil {
			t.Error(err)
			return
		}
		running.Go(func() { io.Copy(near, far); near.Close() })
		io.Copy(writer(func(p []byte) (int, error) { r.wait(); return far.Write(p) }), near)
		far.Close()
	})
	return r, name
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func (r *relay) set(shut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut = shut
	r.open.Broadcast()
}

func (r *relay) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.shut {
		r.open.Wait()
	}
}

// TestEjectInFlight ejects a disk with 32 requests in flight whose host does not
// answer, for as long as the test likes. The monitor does, all the while. (A
// QEMU would not come back from the eject.) Then the host wakes up: every
// request was carried out once, and the storage is freed once.
func TestEjectInFlight(t *testing.T) {
	const n = 32
	host := qmptest.Start(t, qmptest.None())
	name, socket := image(t), filepath.Join(t.TempDir(), "nbd.sock")
	host.Client().Must("blockdev-add", args{"driver": "file", "node-name": "f", "filename": name})
	host.Client().Must("nbd-server-start", args{"addr": args{"type": "unix", "data": args{"path": socket}}})
	host.Client().Must("block-export-add", args{"type": "nbd", "id": "e", "node-name": "f", "writable": true})
	relay, socket := newRelay(t, socket)

	g := newGuest(t)
	g.plug(args{"driver": "nbd", "node-name": "n", "export": "f", "server": args{"type": "unix", "path": socket}}, below)
	write := func(text string) {
		for i := range n {
			g.submit(func(d *virtio.Disk) (int, bool) { return d.Write(uint64(2*i), bytes.Repeat([]byte(text), 1024)) })
		}
	}
	// First without an eject: each comes back, once.
	relay.set(true)
	write("a")
	if f := g.driver.InFlight(); f != n {
		t.Fatalf("%d in flight", f)
	}
	relay.set(false)
	g.settle()
	if len(g.answers) != n || g.bad != 0 || g.driver.InFlight() != 0 {
		t.Fatalf("%d answers, %d bad", len(g.answers), g.bad)
	}
	for slot, a := range g.answers {
		if len(a) != 1 {
			t.Errorf("slot %d was answered %d times", slot, len(a))
		}
	}

	relay.set(true)
	write("b")
	g.answers = map[int][][]byte{}
	freed := 0
	g.m.Do(func() {
		o, _ := g.m.Tree().Resolve("/machine/peripheral/vb", "")
		o.OnFree(func() { freed++ })
	})
	g.c.Must("device_del", args{"id": "vb"})
	g.m.Do(func() { g.m.IOSpace().WriteN(0xae08, 4, 1<<slot) }) // ACPI hot-plug: eject
	var draining []struct {
		Objects []struct {
			References []struct{ Kind string }
		}
	}
	g.c.Must("x-query-draining", nil, &draining)
	held := 0
	for _, d := range draining {
		for _, o := range d.Objects {
			for _, r := range o.References {
				if r.Kind == "pending-io" {
					held++
				}
			}
		}
	}
	if held != n {
		t.Errorf("%d requests hold what drains", held)
	}
	var peripheral []any
	g.c.Must("qom-list", args{"path": "/machine/peripheral"}, &peripheral)
	if len(peripheral) != 1 { // its type
		t.Errorf("%v is left in the tree", peripheral)
	}
	g.c.Must("query-block", nil)
	if e := g.c.Events(); len(e) != 0 || freed != 0 {
		t.Errorf("events %v while the host does not answer, storage freed %d times", e, freed)
	}

	relay.set(false)
	g.m.Blocks.Wait()
	for range 2 { // the backend's event has no id
		g.c.Await("DEVICE_DELETED")
	}
	if freed != 1 || len(g.answers) != 0 {
		t.Errorf("storage freed %d times, %d answers from a disk that is gone", freed, len(g.answers))
	}
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got[:n*1024], bytes.Repeat([]byte("b"), n*1024)) {
		t.Errorf("requests are lost: %v", err)
	}
	g.c.Must("blockdev-del", args{"node-name": "n"})
}
