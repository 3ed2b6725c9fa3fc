package dimm

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// alignment is that of modules: a huge page of the host. slotRoom is how much
// address space each slot adds, so that alignment cannot use the window up.
const (
	alignment = uint64(2) << 20
	slotRoom  = uint64(1) << 30
)

// Window is the range of addresses that modules are put into.
type Window struct {
	region memory.Region
	base   uint64
	size   uint64 // of the range
	limit  uint64 // sum of the modules' sizes
	slots  []*DIMM
	list   []*DIMM // by address
}

// Init makes the window in system, a child of the machine, behind the memory
// that ends at address end. It has room for limit bytes of memory.
func (w *Window) Init(sys *memory.System, owner *qom.Object, system *memory.Region, end, limit uint64, slots int) {
	w.base = alignUp(end, slotRoom)
	w.limit, w.size = limit, limit+uint64(slots)*slotRoom
	w.slots = make([]*DIMM, slots)
	w.region.Init(sys, owner, "device-memory", w.size)
	system.AddSubregion(w.base, &w.region)
}

func alignUp(n, unit uint64) uint64 { return (n + unit - 1) &^ (unit - 1) }

// Slots returns how many modules fit.
func (w *Window) Slots() int { return len(w.slots) }

// At returns the module in a slot, nil when there is none.
func (w *Window) At(slot int) *DIMM {
	if slot >= len(w.slots) {
		return nil
	}
	return w.slots[slot]
}

// End returns the first address behind the window, 0 without one.
func (w *Window) End() uint64 { return w.base + w.size }

// Modules lists what is plugged, by address. The slice is the window's.
func (w *Window) Modules() []*DIMM { return w.list }

// Plugged returns the sum of the modules' sizes, in bytes.
func (w *Window) Plugged() uint64 {
	var n uint64
	for _, d := range w.list {
		n += d.MemorySize()
	}
	return n
}

// Prepare finds a slot and an address for a module that is to be plugged, or
// checks those it asks for, in QEMU's order.
func (w *Window) Prepare(d *DIMM) error {
	slot, err := w.freeSlot(d.Slot())
	if err != nil {
		return err
	}
	b := d.memdev()
	if b == nil {
		return errNoBackend
	}
	addr, err := w.freeAddress(d.Address(), d.MemorySize())
	if err != nil {
		return err
	}
	d.Store("slot", slot)
	d.Store("addr", addr)
	return nil
}

func (w *Window) freeSlot(want int64) (int64, error) {
	n := int64(len(w.slots))
	switch {
	case n == 0:
		return 0, errors.New("no slots where allocated, please specify the 'slots' option")
	case want == -1:
		for i, d := range w.slots {
			if d == nil {
				return int64(i), nil
			}
		}
		return 0, errors.New("no free slots available")
	case want < 0 || want >= n:
		return 0, fmt.Errorf("invalid slot number %d, valid range is [0-%d]", want, n-1)
	case w.slots[want] != nil:
		return 0, fmt.Errorf("slot %d is busy", want)
	}
	return want, nil
}

// freeAddress finds the lowest gap for size bytes; an address other than 0 is
// taken as it is.
func (w *Window) freeAddress(want, size uint64) (uint64, error) {
	used := w.Plugged()
	switch {
	case size > w.limit || used > w.limit-size:
		return 0, fmt.Errorf("not enough space, currently 0x%x in use of total space for memory devices 0x%x", used, w.limit)
	case size%alignment != 0:
		return 0, fmt.Errorf("backend memory size must be multiple of 0x%x", alignment)
	case want%alignment != 0:
		return 0, fmt.Errorf("address must be aligned to 0x%x bytes", alignment)
	case want != 0 && (want < w.base || want-w.base > w.size || size > w.size-(want-w.base)):
		return 0, fmt.Errorf("can't add memory device [0x%x:0x%x], usable range for memory devices [0x%x:0x%x]", want, size, w.base, w.size)
	}
	at := w.base
	if want != 0 {
		at = want
	}
	for _, d := range w.list {
		if at+size <= d.Address() || d.Address()+d.MemorySize() <= at {
			continue
		}
		if want != 0 {
			return 0, fmt.Errorf("address range conflicts with memory device id='%s'", d.label())
		}
		at = alignUp(d.Address()+d.MemorySize(), alignment)
	}
	if size > w.size-(at-w.base) {
		return 0, errors.New("could not find position in guest address space for memory device - memory fragmented due to alignments")
	}
	return at, nil
}

// label is the module's id, or what QEMU says of one without.
func (d *DIMM) label() string {
	if d.ID() != "" {
		return d.ID()
	}
	return "(unnamed)"
}

// Plug shows a realized module to the guest. When the module is unrealized it
// leaves the window, and left is called unless it is nil.
func (w *Window) Plug(d *DIMM, left func()) {
	w.slots[d.Slot()] = d
	i, _ := slices.BinarySearchFunc(w.list, d, func(a, b *DIMM) int { return cmp.Compare(a.Address(), b.Address()) })
	w.list = slices.Insert(w.list, i, d)
	w.region.AddSubregion(d.Address()-w.base, d.region())
	d.leave = func() {
		w.region.DelSubregion(d.region())
		w.list = slices.DeleteFunc(w.list, func(e *DIMM) bool { return e == d })
		w.slots[d.Slot()] = nil
		if left != nil {
			left()
		}
	}
}
