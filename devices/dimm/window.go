package dimm

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// HugePage is the alignment of guest memory: a huge page of the host. slotRoom
// is how much address space each slot adds, so that alignment cannot use the
// window up.
const (
	HugePage = uint64(2) << 20
	slotRoom = uint64(1) << 30
)

// A MemoryDevice is a device whose memory is put into the window.
type MemoryDevice interface {
	// MemoryID is the id of the device, empty when it has none.
	MemoryID() string
	// Address is where the memory is, or is wanted; 0 for anywhere.
	Address() uint64
	SetAddress(addr uint64)
	// Memory is what is put there; nil while no backend is set.
	Memory() *memory.Region
	// MemorySize is how much room it takes; it does not change after realize.
	MemorySize() uint64
	// PluggedSize is how much of that the guest has.
	PluggedSize() uint64
	// Alignment is what address and size are multiples of.
	Alignment() uint64
}

// Window is the range of addresses that memory devices are put into.
type Window struct {
	region memory.Region
	base   uint64
	size   uint64 // of the range
	limit  uint64 // sum of the devices' sizes
	slots  []*DIMM
	list   []MemoryDevice // by address
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

// Size returns how many bytes of addresses the window has.
func (w *Window) Size() uint64 { return w.size }

// End returns the first address behind the window, 0 without one.
func (w *Window) End() uint64 { return w.base + w.size }

// Devices lists what is plugged, by address. The slice is the window's.
func (w *Window) Devices() []MemoryDevice { return w.list }

// Plugged returns how much memory the guest has in the window, in bytes.
func (w *Window) Plugged() uint64 {
	var n uint64
	for _, d := range w.list {
		n += d.PluggedSize()
	}
	return n
}

// used returns the sum of the devices' sizes.
func (w *Window) used() uint64 {
	var n uint64
	for _, d := range w.list {
		n += d.MemorySize()
	}
	return n
}

// PrepareModule finds a slot and an address for a module that is to be plugged,
// or checks those it asks for, in QEMU's order.
func (w *Window) PrepareModule(d *DIMM) error {
	slot, err := w.freeSlot(d.Slot())
	if err != nil {
		return err
	}
	if err := w.Prepare(d); err != nil {
		return err
	}
	d.Store("slot", slot)
	return nil
}

var errNoWindow = errors.New("the configuration is not prepared for memory devices (e.g., for memory hotplug), " +
	"consider specifying the maxmem option")

// Prepare finds an address for a device that is to be plugged, or checks the one
// it asks for.
func (w *Window) Prepare(d MemoryDevice) error {
	switch {
	case w.limit == 0:
		return errNoWindow
	case d.Memory() == nil:
		return errNoBackend
	}
	addr, err := w.freeAddress(d.Address(), d.MemorySize(), d.Alignment())
	if err != nil {
		return err
	}
	d.SetAddress(addr)
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
func (w *Window) freeAddress(want, size, alignment uint64) (uint64, error) {
	used := w.used()
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
			return 0, fmt.Errorf("address range conflicts with memory device id='%s'", label(d))
		}
		at = alignUp(d.Address()+d.MemorySize(), alignment)
	}
	if size > w.size-(at-w.base) {
		return 0, errors.New("could not find position in guest address space for memory device - memory fragmented due to alignments")
	}
	return at, nil
}

// label is the device's id, or what QEMU says of one without.
func label(d MemoryDevice) string {
	if id := d.MemoryID(); id != "" {
		return id
	}
	return "(unnamed)"
}

// Plug shows the memory of a realized device to the guest. Calling leave, while
// the device is still realized, takes it out of the window again.
func (w *Window) Plug(d MemoryDevice) (leave func()) {
	i, _ := slices.BinarySearchFunc(w.list, d, func(a, b MemoryDevice) int { return cmp.Compare(a.Address(), b.Address()) })
	w.list = slices.Insert(w.list, i, d)
	r := d.Memory()
	w.region.AddSubregion(d.Address()-w.base, r)
	return func() {
		w.region.DelSubregion(r)
		w.list = slices.DeleteFunc(w.list, func(e MemoryDevice) bool { return e == d })
	}
}

// PlugModule is [Window.Plug] of a module, which also takes its slot. When the
// module is unrealized it leaves, and left is called unless it is nil.
func (w *Window) PlugModule(d *DIMM, left func()) {
	w.slots[d.Slot()] = d
	leave := w.Plug(d)
	d.leave = func() {
		leave()
		w.slots[d.Slot()] = nil
		if left != nil {
			left()
		}
	}
}
