package cxl

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
)

// capacityUnit is what capacities are counted in.
const capacityUnit = 256 << 20

// media is the memory behind the device, by device physical addresses: volatile
// memory, persistent memory, and memory for dynamic capacity, in this order.
type media struct {
	parts  [3]*object.MemoryBackend // nil where there is none
	spaces [3]*memory.AddressSpace
	labels *object.MemoryBackend
}

// Parts of the media.
const (
	volatileMemory = iota
	persistentMemory
	dynamicMemory
)

func (m *media) size(part int) uint64 {
	if b := m.parts[part]; b != nil {
		return b.Size()
	}
	return 0
}

// static is how much is there for good.
func (m *media) static() uint64 { return m.size(volatileMemory) + m.size(persistentMemory) }

func (m *media) total() uint64 { return m.static() + m.size(dynamicMemory) }

// at returns the memory at a device physical address, and where in it.
func (m *media) at(dpa uint64) (*memory.Region, uint64) {
	for i := range m.parts {
		if size := m.size(i); dpa >= size {
			dpa -= size
			continue
		}
		return m.parts[i].RAM(), dpa
	}
	return nil, 0
}

// write stores p at a device physical address.
func (m *media) write(dpa uint64, p []byte) {
	for len(p) > 0 {
		r, off := m.at(dpa)
		if r == nil {
			return
		}
		n := r.Load(off, p)
		if n == 0 {
			return
		}
		p, dpa = p[n:], dpa+uint64(n)
	}
}

// fillChunk is how much is filled at once.
const fillChunk = 64 << 10

// fill stores a byte all over a range; with 0 the memory of whole pages is given
// back.
func (m *media) fill(dpa, length uint64, value byte) {
	const page = 4 << 10
	chunk := make([]byte, fillChunk)
	for i := range chunk {
		chunk[i] = value
	}
	for length > 0 {
		r, off := m.at(dpa)
		if r == nil {
			return
		}
		n := min(length, r.Size()-off)
		if value == 0 && off%page == 0 && n >= page {
			n &^= page - 1
			r.Clear(off, n)
		} else {
			n = uint64(r.Load(off, chunk[:min(n, page-off%page)]))
		}
		dpa, length = dpa+n, length-n
	}
}

// memoryProps are the properties that name the parts' backends, and what the
// address spaces are called that show them.
var memoryProps = [3]struct{ prop, space string }{
	{"volatile-memdev", "cxl-type3-dpa-vmem-space"},
	{"persistent-memdev", "cxl-type3-dpa-pmem-space"},
	{"volatile-dc-memdev", "cxl-dcd-dpa-dc-space"},
}

// takeMedia finds the backends and makes them the device's, as QEMU checks them.
func (t *Type3) takeMedia() error {
	var wanted [3]*object.MemoryBackend
	for i, p := range memoryProps {
		wanted[i] = object.MemoryOf(&t.Object, p.prop)
	}
	old, labels := object.MemoryOf(&t.Object, "memdev"), object.MemoryOf(&t.Object, "lsa")
	regions := int(t.StoredUint("num-dc-regions"))
	if old == nil && wanted[volatileMemory] == nil && wanted[persistentMemory] == nil && regions == 0 {
		return errors.New("at least one memdev property must be set")
	}
	if old != nil {
		if wanted[persistentMemory] != nil {
			return errors.New("[memdev] cannot be used with new [persistent-memdev] property")
		}
		wanted[persistentMemory] = old // as it implies
	}
	switch {
	case wanted[persistentMemory] != nil && labels == nil:
		return errors.New("lsa property must be set for persistent devices")
	case t.Bool("hdm-db", false) && !t.Bool("x-256b-flit", false):
		return errors.New("hdm-db requires operating in 256b flit")
	}
	t.media.labels = labels
	for _, part := range []int{volatileMemory, persistentMemory} {
		if wanted[part] != nil {
			if err := t.take(part, wanted[part]); err != nil {
				return err
			}
		}
	}
	if regions == 0 {
		return nil
	}
	if wanted[dynamicMemory] == nil {
		return errors.New("dynamic capacity must have a backing device")
	}
	if err := t.take(dynamicMemory, wanted[dynamicMemory]); err != nil {
		return err
	}
	return t.makeRegions(regions)
}

// take makes a backend a part of the media.
func (t *Type3) take(part int, b *object.MemoryBackend) error {
	if b.Mapped() {
		return fmt.Errorf("memory backend %s can't be used multiple times.", b.Name())
	}
	b.SetMapped(true)
	name := memoryProps[part].space
	if t.ID() != "" {
		name += ":" + t.ID()
	}
	t.media.parts[part], t.media.spaces[part] = b, t.Env().Memory.NewSpace(b.RAM(), name)
	return nil
}

// leaveMedia gives the backends back.
func (t *Type3) leaveMedia() {
	for i, b := range t.media.parts {
		if b != nil {
			t.media.spaces[i].Destroy()
			b.SetMapped(false)
		}
	}
	t.media, t.regions = media{}, nil
}

// identify is Identify Memory Device, CXL 3.1 section 8.2.9.9.1.1. Capacity that
// is no multiple of 256 MiB cannot be told.
func (t *Type3) identify([]byte) (code, []byte) {
	if !t.wholeUnits() {
		return internalError, nil
	}
	out := make([]byte, 0x45)
	copy(out, "BWFW VERSION 00")
	for i, n := range []uint64{t.media.static(), t.media.size(volatileMemory), t.media.size(persistentMemory)} {
		binary.LittleEndian.PutUint64(out[0x10+8*i:], n/capacityUnit)
	}
	binary.LittleEndian.PutUint32(out[0x38:], uint32(t.labelSize()))
	put24(out[0x3c:], poisonRecords)
	binary.LittleEndian.PutUint16(out[0x43:], logLimit)
	return success, out
}

// wholeUnits reports whether all parts are multiples of 256 MiB.
func (t *Type3) wholeUnits() bool {
	for i := range t.media.parts {
		if t.media.size(i)%capacityUnit != 0 {
			return false
		}
	}
	return true
}

// partitions is Get Partition Info, section 8.2.9.9.2.1: how much is volatile and
// persistent, now and after the next reset, where 0 says that nothing changes.
func (t *Type3) partitions([]byte) (code, []byte) {
	if !t.wholeUnits() {
		return internalError, nil
	}
	out := make([]byte, 0x20)
	binary.LittleEndian.PutUint64(out, t.media.size(volatileMemory)/capacityUnit)
	binary.LittleEndian.PutUint64(out[8:], t.media.size(persistentMemory)/capacityUnit)
	return success, out
}
