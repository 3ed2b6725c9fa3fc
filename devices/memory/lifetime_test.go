package memory

import (
	"fmt"
	"runtime"
	"testing"
	"weak"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qom"
)

// mapCard gives a card a BAR owned by its core, in the memory space at addr,
// with a block owned by the core and one owned by the card.
func mapCard(m *machine, d *device, addr uint64) {
	d.core.bar.Init(m.System, &d.core.Object, "bar", 0x4000)
	d.core.cap.InitIO(m.System, &d.core.Object, d, "cap", 0x1000)
	d.r.InitIO(m.System, &d.Object, d, "msix-table", 0x1000)
	d.core.bar.AddSubregion(0, &d.core.cap)
	d.core.bar.AddSubregion(0x3000, &d.r)
	m.mem.AddSubregionOverlap(addr, &d.core.bar, 1)
}

// unplug does what a device does when it is unrealized, then unparents it.
func unplug(m *machine, d *device) {
	d.gate.Close()
	m.mem.DelSubregion(&d.core.bar)
	d.core.bar.DelSubregion(&d.r)
	d.Unparent()
}

func TestHoldersOfAMappedDevice(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	mapCard(m, d, 0xe0000000)
	want := func(name string, o *qom.Object, list ...string) {
		t.Helper()
		if diff := cmp.Diff(list, holders(o)); diff != "" {
			t.Errorf("holders of %s (-want +got):\n%s", name, diff)
		}
	}
	want("core", &d.core.Object, "subregion: bar in container system")
	want("card", &d.Object, "subregion: msix-table in container bar")

	if v, res := m.memory.ReadN(0xe0000000, 4); v != 0x55667788 || res != OK {
		t.Errorf("read %#x, %d", v, res)
	}
	want("core", &d.core.Object, "subregion: bar in container system", "flat-range: flat view 1 of system")
	want("card", &d.Object, "subregion: msix-table in container bar", "flat-range: flat view 1 of system")
	m.check(1)

	storage := d.Storage()
	unplug(m, d)
	if d.Phase() != qom.Live || d.core.Phase() != qom.Live {
		t.Error("the old view does not hold its owners")
	}
	if v, res := m.memory.ReadN(0xe0000000, 4); v != 0 || res != DecodeError {
		t.Errorf("read after unplug %#x, %d", v, res)
	}
	m.check(1)
	m.Settle()
	if !storage.Freed() {
		t.Error("storage not freed after the grace period")
	}
	m.check(0)
	m.finish()
}

// An idle machine renders nothing, however many devices come and go.
func TestIdleRendersNothing(t *testing.T) {
	m := newMachine(t)
	for i := range 100 {
		d := m.plug(fmt.Sprint("card", i))
		mapCard(m, d, 0xe0000000)
		unplug(m, d)
		m.Settle()
	}
	if st := m.Stats(); st.Rendered != 0 || st.Discarded != 0 || m.Reclaimer.Ran() != 0 {
		t.Errorf("idle machine worked: %+v, %s", st, &m.Reclaimer)
	}
	m.check(0)
	m.finish()
}

// The collector as oracle: once the storage is freed nothing here refers to
// the device any more.
func TestNothingRetained(t *testing.T) {
	m := newMachine(t)
	gone := func() weak.Pointer[device] {
		d := m.plug("card")
		mapCard(m, d, 0xe0000000)
		m.memory.ReadN(0xe0000000, 4)
		dma, err := DMAMap(m.memory, 0xe0000000, 8, ToDevice, "x")
		if err != nil {
			t.Fatal(err)
		}
		s, _ := NewCache(m.memory, 0xe0003000, 4, "y")
		unplug(m, d)
		m.Settle()
		dma.UnmapAsync(0)
		s.Release()
		m.Settle()
		return weak.Make(d)
	}()
	m.check(0)
	for range 10 {
		if runtime.GC(); gone.Value() == nil {
			break
		}
	}
	if gone.Value() != nil {
		t.Error("something still refers to the freed device")
	}
	m.finish()
}

func TestStallAndStep(t *testing.T) {
	m := newMachine(t)
	m.Reclaimer.Stall(true)
	d := m.plug("card")
	var root Region
	root.Init(m.System, &d.Object, "bus master", 1<<32)
	space := m.NewSpace(&root, "card")
	mapCard(m, d, 0x1000)
	m.memory.ReadN(0x1000, 4)
	unplug(m, d)
	space.Destroy()
	storage := d.Storage()
	m.Settle()
	if m.Reclaimer.Run() || storage.Freed() || m.Reclaimer.Len() != 2 {
		t.Errorf("stalled reclaimer ran: %s", &m.Reclaimer)
	}
	if diff := cmp.Diff([]string{"flat view 1 of system", "address space card"}, m.Reclaimer.Waiting()); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
	m.check(1)
	if n := m.Reclaimer.Step(); n != 2 {
		t.Errorf("step ran %d", n)
	}
	if !storage.Freed() {
		t.Error("storage not freed")
	}
	m.Reclaimer.Stall(false)
	m.check(0)
	m.finish()
}

// A callback may queue another, which takes one more grace period.
func TestCallbacksQueueCallbacks(t *testing.T) {
	m := newMachine(t)
	var got []string
	again := Callback{What: "again"}
	again.Fn = func() { got = append(got, "again") }
	m.Reclaimer.Retire("first", func() {
		got = append(got, "first")
		m.Reclaimer.Queue(&again)
		if m.Reclaimer.Run() || m.Reclaimer.Step() != 0 {
			t.Error("reclaimer ran inside a callback")
		}
	})
	m.Reclaimer.Retire("second", func() { got = append(got, "second") })
	if n := m.Reclaimer.Step(); n != 2 {
		t.Errorf("first batch ran %d", n)
	}
	m.Reclaimer.Run()
	if diff := cmp.Diff([]string{"first", "second", "again"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	// A node may be queued again once it ran, not while it waits.
	m.Reclaimer.Queue(&again)
	m.Reclaimer.Queue(&again)
	if len(m.broken) != 1 || m.Reclaimer.Len() != 1 {
		t.Errorf("queued twice: %v, %s", m.broken, &m.Reclaimer)
	}
	m.broken = nil
	m.Reclaimer.Run()
	m.finish()
}

// Readers that pinned before keep a callback waiting; later ones do not.
func TestPins(t *testing.T) {
	m := newMachine(t)
	woken, ran := 0, 0
	m.Reclaimer.Wake = func() { woken++ }
	early, early2 := m.Pin(), m.Pin()
	m.Reclaimer.Retire("x", func() { ran++ })
	late := m.Pin()
	m.Reclaimer.Retire("y", func() { ran++ })
	step := func(wantRan, wantWoken int) {
		t.Helper()
		m.Reclaimer.Run()
		if ran != wantRan || woken != wantWoken {
			t.Errorf("%d ran, %d woken, want %d, %d", ran, woken, wantRan, wantWoken)
		}
	}
	step(0, 0)
	early.Unpin()
	step(0, 0)
	early2.Unpin()
	step(1, 1)
	late.Unpin()
	step(2, 2)
	m.finish()
}

// The scenario of the issue: a mapping leads into a BAR that an embedded child
// owns while the device is unplugged.
func TestMappingOutlivesUnplug(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	mapCard(m, d, 0xe0000000)
	writes := 0
	d.write = func(uint64, int, uint64) { writes++ }
	dma, err := DMAMap(m.memory, 0xe0000000, 512, FromDevice, "virtio-blk vb, request 1")
	if err != nil || !dma.Bounced() || dma.Len() != 512 {
		t.Fatalf("mapping: %v, %+v", err, dma)
	}
	storage := d.Storage()
	unplug(m, d)
	m.Settle()
	if d.Phase() != qom.Freed && d.Phase() != qom.Finalized {
		t.Errorf("the card is %s", d.Phase())
	}
	if storage.Freed() || d.core.Phase() != qom.Live {
		t.Error("the core's memory went under the mapping")
	}
	if diff := cmp.Diff([]string{"dma-map: virtio-blk vb, request 1, 512 bytes at 0xe0000000"}, holders(&d.core.Object)); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	m.check(1)
	if _, err := dma.WriteAt(make([]byte, 512), 0); err != nil {
		t.Error(err)
	}
	dma.UnmapAsync(512)
	m.Settle()
	if !storage.Freed() || writes != 0 {
		t.Errorf("freed %v, %d writes reached the device", storage.Freed(), writes)
	}
	m.check(0)
	dma.Unmap(0)
	if len(m.broken) != 1 {
		t.Errorf("unmapping twice: %v", m.broken)
	}
	m.broken = nil
	m.finish()
}

func TestGate(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	mapCard(m, d, 0x1000)
	d.other.InitIO(m.System, &d.Object, d, "ports", 8)
	m.io.AddSubregion(0x100, &d.other)
	entered := 0
	d.read = func(uint64, int) uint64 { entered++; return 0x42 }
	d.write = func(uint64, int, uint64) { entered++ }
	cache, ok := NewCache(m.memory, 0x1000, 4, "ring")
	if !ok {
		t.Fatal("nothing to cache")
	}
	found, ok := Find(m.ports, 0x100, 4, "finder")
	if !ok {
		t.Fatal("nothing found")
	}
	if v, res := cache.ReadN(0, 4); v != 0x42 || res != OK {
		t.Errorf("cache: %#x, %d", v, res)
	}
	entered = 0
	d.gate.Close()
	type answer struct {
		Val uint64
		Res Result
	}
	read := func(v uint64, res Result) answer { return answer{v, res} }
	got := []answer{
		read(m.memory.ReadN(0x1000, 4)), read(cache.ReadN(0, 4)), read(m.ports.ReadN(0x100, 2)), read(found.ReadN(0, 1)),
		{Res: m.memory.WriteN(0x1000, 4, 1)}, {Res: cache.WriteN(0, 4, 1)}, {Res: m.ports.WriteN(0x100, 2, 1)}, {Res: found.WriteN(0, 1, 1)},
	}
	want := []answer{{0, DecodeError}, {0, DecodeError}, {0xffff, OK}, {0xff, OK}, {0, DecodeError}, {0, DecodeError}, {0, OK}, {0, OK}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("late accesses (-want +got):\n%s", diff)
	}
	if r, w := d.gate.Late(); r != 4 || w != 4 || entered != 0 {
		t.Errorf("%d reads, %d writes late; callbacks entered %d times", r, w, entered)
	}
	m.io.DelSubregion(&d.other)
	unplug(m, d)
	storage := d.Storage()
	m.Settle()
	m.check(1)
	if v, res := cache.ReadN(0, 4); v != 0 || res != DecodeError {
		t.Errorf("cache after unplug: %#x, %d", v, res)
	}
	found.Release()
	m.Settle()
	if storage.Freed() {
		t.Error("the cache holds nothing")
	}
	cache.Release()
	m.Settle()
	m.check(0)
	m.finish()
}
