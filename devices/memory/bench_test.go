package memory

import (
	"fmt"
	"runtime"
	"testing"
	"unsafe"
)

func BenchmarkReadRAM(b *testing.B) {
	m := newMachine(b)
	pc(m)
	m.memory.WriteN(0x5000, 4, 1)
	b.ReportAllocs()
	for b.Loop() {
		m.memory.ReadN(0x5000, 4)
	}
}

func BenchmarkWriteRAM(b *testing.B) {
	m := newMachine(b)
	pc(m)
	b.ReportAllocs()
	for b.Loop() {
		m.memory.WriteN(0x5000, 4, 1)
	}
}

func BenchmarkReadIO(b *testing.B) {
	m := newMachine(b)
	pc(m)
	d := m.plug("card")
	mapCard(m, d, 0xe0000000)
	b.ReportAllocs()
	for b.Loop() {
		m.memory.ReadN(0xe0000000, 4)
	}
}

func BenchmarkWriteIO(b *testing.B) {
	m := newMachine(b)
	pc(m)
	d := m.plug("card")
	mapCard(m, d, 0xe0000000)
	b.ReportAllocs()
	for b.Loop() {
		m.memory.WriteN(0xe0000000, 4, 1)
	}
}

// One change of the topology, one rendering.
func BenchmarkRender(b *testing.B) {
	m := newMachine(b)
	pc(m)
	for i := range uint64(32) {
		mapCard(m, m.plug(fmt.Sprint("card", i)), 0xe0000000+i<<16)
	}
	d := m.plug("card")
	mapCard(m, d, 0xd0000000)
	b.ReportAllocs()
	for b.Loop() {
		d.r.SetEnabled(!d.r.Enabled())
		m.memory.Current()
		m.Settle()
	}
}

// A device that comes and goes while nobody looks.
func BenchmarkPlugIdle(b *testing.B) {
	m := newMachine(b)
	pc(m)
	b.ReportAllocs()
	for b.Loop() {
		d := m.plug("card")
		mapCard(m, d, 0xe0000000)
		unplug(m, d)
		m.Settle()
	}
}

func BenchmarkDMAMap(b *testing.B) {
	m := newMachine(b)
	pc(m)
	b.ReportAllocs()
	for b.Loop() {
		dma, err := DMAMap(m.memory, 0x5000, 512, FromDevice, "disk, request 1")
		if err != nil {
			b.Fatal(err)
		}
		dma.Unmap(512)
	}
}

// Memory that nobody wrote takes next to nothing, whatever its size.
func TestUntouchedRAMIsSmall(t *testing.T) {
	m := newMachine(t)
	const n = 64
	regions := make([]*Region, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range regions {
		regions[i] = new(Region)
		regions[i].InitRAM(m.System, nil, "ram", 128<<20)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / n; each > 1024 {
		t.Errorf("128 MiB of untouched RAM take %d bytes; a region is %d", each, unsafe.Sizeof(Region{}))
	}
	runtime.KeepAlive(regions)
	m.finish()
}
