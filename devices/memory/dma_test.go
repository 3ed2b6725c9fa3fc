package memory

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qom"
)

func mustMap(t *testing.T, as *AddressSpace, addr uint64, size int, dir Direction, who string) *Mapping {
	t.Helper()
	m, err := DMAMap(as, addr, size, dir, who)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMapRAM(t *testing.T) {
	m := newMachine(t)
	d := m.plug("dimm")
	d.r.InitRAM(m.System, &d.Object, "dimm", 0x4000)
	m.mem.AddSubregion(0x1000, &d.r)
	in := mustMap(t, m.memory, 0x1ff0, 0x10000, FromDevice, "disk, request 7")
	if in.Len() != 0x3010 || in.Bounced() || m.memory.Bounced() != 0 {
		t.Errorf("%d bytes, bounced %v", in.Len(), in.Bounced())
	}
	data := bytes.Repeat([]byte{0xa5, 0x5a, 1}, 0x800)
	if n, err := in.WriteAt(data, 8); n != len(data) || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	if n, err := in.WriteAt(data, int64(in.Len())-4); n != 4 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("wrote %d, %v over the end", n, err)
	}
	got := make([]byte, len(data))
	if m.memory.Read(0x1ff8, got); !bytes.Equal(got, data) {
		t.Error("what was written in place does not show")
	}
	out := mustMap(t, m.memory, 0x1ff8, len(data), ToDevice, "disk, request 8")
	m.memory.WriteN(0x1ff8, 1, 0x77) // mapped in place: later writes show
	if n, err := out.ReadAt(got, 0); n != len(data) || err != nil || got[0] != 0x77 {
		t.Errorf("read %d, %v, %#x", n, err, got[0])
	}
	if n, err := out.ReadAt(got, int64(out.Len())-1); n != 1 || err != io.EOF {
		t.Errorf("read %d, %v over the end", n, err)
	}
	if _, err := out.WriteAt(got, 0); err == nil {
		t.Error("wrote to a mapping for reading")
	}
	// The dimm goes; its bytes stay until the last mapping ends.
	m.mem.DelSubregion(&d.r)
	d.Unparent()
	m.Settle()
	if diff := cmp.Diff([]string{
		"dma-map: disk, request 7, 12304 bytes at 0x1ff0", "dma-map: disk, request 8, 6144 bytes at 0x1ff8",
	}, holders(&d.Object)); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if n, err := in.WriteAt([]byte{1}, 0); n != 1 || err != nil {
		t.Errorf("wrote %d, %v after unplug", n, err)
	}
	m.check(1)
	in.Unmap(in.Len())
	out.UnmapAsync(0)
	m.check(1)
	m.Settle()
	m.check(0)
	m.finish()
}

// A reference that another goroutine ends lasts until the machine drains, and
// the data is written back before.
func TestUnmapElsewhere(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	regs := map[uint64]byte{}
	d.read = func(uint64, int) uint64 { return 0 }
	d.write = func(a uint64, _ int, v uint64) { regs[a] = byte(v) }
	d.r.InitIO(m.System, &d.Object, d, "bar", 0x1000)
	d.r.SetRules(&Rules{Impl: Access{Max: 1}})
	m.mem.AddSubregion(0x10000, &d.r)
	var done sync.WaitGroup
	m.Elsewhere = done.Go
	in := mustMap(t, m.memory, 0x10010, 4, FromDevice, "a")
	if _, err := in.WriteAt([]byte{7}, 0); err != nil {
		t.Fatal(err)
	}
	in.Unmap(1)
	if regs[0x10] != 7 || m.memory.Bounced() != 0 {
		t.Errorf("registers %v, %d bytes in use", regs, m.memory.Bounced())
	}
	done.Wait()
	m.check(1)
	m.mem.DelSubregion(&d.r)
	d.Unparent()
	m.check(1)
	m.Settle()
	m.check(0)
	m.finish()
}

func TestBounceBuffers(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	regs := map[uint64]byte{}
	d.read = func(a uint64, size int) uint64 { return uint64(regs[a]) }
	d.write = func(a uint64, size int, v uint64) { regs[a] = byte(v) }
	d.r.InitIO(m.System, &d.Object, d, "bar", 0x2000)
	d.r.SetRules(&Rules{Impl: Access{Max: 1}})
	m.mem.AddSubregion(0x10000, &d.r)
	as := m.memory

	regs[0x10] = 0x42
	out := mustMap(t, as, 0x10010, 4, ToDevice, "a")
	var b [4]byte
	if _, err := out.ReadAt(b[:], 0); err != nil || b[0] != 0x42 || !out.Bounced() {
		t.Errorf("read %v, %v", b, err)
	}
	in := mustMap(t, as, 0x10100, 0x3000, FromDevice, "b")
	if in.Len() != DefaultBounceLimit-4 || as.Bounced() != DefaultBounceLimit {
		t.Errorf("mapped %d, %d in use", in.Len(), as.Bounced())
	}
	if _, err := DMAMap(as, 0x10000, 1, FromDevice, "c"); !errors.Is(err, ErrBounceExhausted) {
		t.Errorf("no buffers left: %v", err)
	}
	var order []string
	as.Wait(func() { order = append(order, "first"); mustMap(t, as, 0x10000, 4, FromDevice, "w").Unmap(0) })
	gone := as.Wait(func() { order = append(order, "gone") })
	as.Wait(func() { order = append(order, "second"); as.Wait(func() { order = append(order, "again") }) })
	gone.Cancel()
	gone.Cancel()
	if _, err := in.WriteAt([]byte{1, 2, 3}, 0); err != nil || regs[0x100] != 0 {
		t.Errorf("bounce buffer written through: %v", err)
	}
	in.Unmap(2)
	if diff := cmp.Diff(map[uint64]byte{0x10: 0x42, 0x100: 1, 0x101: 2}, regs); diff != "" {
		t.Errorf("device (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"first", "second"}, order[:min(2, len(order))]); diff != "" {
		t.Errorf("waiters (-want +got):\n%s", diff)
	}
	out.Unmap(0)
	if as.Bounced() != 0 {
		t.Errorf("%d bytes in use", as.Bounced())
	}

	// Nothing there: a bounce buffer as well, which holds nobody.
	none := mustMap(t, as, 0x9000, 0x10000, ToDevice, "d")
	if _, err := none.ReadAt(b[:], 0); err != nil || b != [4]byte{} || none.Len() != DefaultBounceLimit {
		t.Errorf("unassigned: %v, %v, %d", b, err, none.Len())
	}
	none.Unmap(0)

	// What is written back goes to what is there by then.
	in = mustMap(t, as, 0x10000, 4, FromDevice, "e")
	if _, err := in.WriteAt([]byte{9, 9, 9, 9}, 0); err != nil {
		t.Error(err)
	}
	var ram Region
	ram.InitRAM(m.System, nil, "ram", 0x1000)
	m.mem.AddSubregionOverlap(0x10000, &ram, 1)
	in.Unmap(4)
	if v, _ := as.ReadN(0x10000, 4); v != 0x09090909 || regs[0] != 0 {
		t.Errorf("written back %#x, device has %d", v, regs[0])
	}
	if _, err := DMAMap(as, 0, 0, ToDevice, "f"); err == nil {
		t.Error("mapped nothing")
	}
	m.check(1)
	m.finish()
}

// A device that destroys its space with its own mappings open is told of.
func TestDestroyWithBouncedBytes(t *testing.T) {
	m := newMachine(t)
	var root Region
	root.Init(m.System, nil, "root", 0x1000)
	as := m.NewSpace(&root, "card")
	dma := mustMap(t, as, 0, 4, FromDevice, "x")
	as.Destroy()
	m.Settle()
	if len(m.broken) != 1 {
		t.Errorf("violations: %v", m.broken)
	}
	m.broken = nil
	dma.Unmap(4)
	if _, res := as.ReadN(0, 4); res != DecodeError {
		t.Errorf("destroyed space: %d", res)
	}
	m.finish()
}

func TestFind(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	d.r.InitRAM(m.System, &d.Object, "ram", 0x100)
	m.mem.AddSubregion(0x1000, &d.r)
	if _, ok := Find(m.memory, 0xfff, 4, "x"); ok {
		t.Error("found where nothing is")
	}
	s, ok := Find(m.memory, 0x10f0, 0x40, "finder")
	if !ok || s.Region != &d.r || s.Offset != 0xf0 || s.Size != 0x10 {
		t.Fatalf("found %+v, %v", s, ok)
	}
	if res := s.WriteN(8, 4, 0x12345678); res != OK {
		t.Errorf("write: %d", res)
	}
	if v, res := s.ReadN(8, 4); v != 0x12345678 || res != OK {
		t.Errorf("read %#x, %d", v, res)
	}
	for _, off := range []uint64{13, 1<<64 - 4} {
		if v, res := s.ReadN(off, 4); v != 0 || res != DecodeError {
			t.Errorf("read %#x, %d at %#x", v, res, off)
		}
		if res := s.WriteN(off, 4, 1); res != DecodeError {
			t.Errorf("write %d at %#x", res, off)
		}
	}
	if list := holders(&d.Object); list[len(list)-1] != "find: finder" {
		t.Errorf("holders: %v", list)
	}
	s.Release()
	s.Release()
	if len(m.broken) != 1 || m.broken[0].Kind != qom.ViolationToken {
		t.Errorf("released twice: %v", m.broken)
	}
	m.broken = nil
	m.check(1)
	m.finish()
}
