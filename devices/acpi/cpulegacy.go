package acpi

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// legacyCPUSize is the size of the registers of processors as they are up to
// QEMU 10.0 until the guest wants others: a bitmap of the processors that are
// there, by APIC id.
const legacyCPUSize = 0x20

// Legacy reports whether the registers are the bitmap: then a processor can come
// but not be asked to go, and nothing is known of what the guest reports.
func (h *CPUHotplug) Legacy() bool { return h.legacy }

// Modernize replaces the bitmap by the registers of today, for good. The region
// of the bitmap stays a child of the device, as in QEMU.
func (h *CPUHotplug) Modernize() {
	io := h.region.Container()
	io.DelSubregion(&h.region)
	h.legacy = false
	h.initModern(&h.modern, h.region.Owner(), io, h.region.Address())
}

// initModern makes the registers of today.
func (h *CPUHotplug) initModern(r *memory.Region, dev *qom.Object, io *memory.Region, base uint64) {
	r.InitIO(h.env.Memory, dev, memory.Funcs{OnRead: h.read, OnWrite: h.write}, cpuRegion, cpuHPSize)
	r.SetRules(&cpuHPRules)
	io.AddSubregion(base, r)
}

// legacyRead reads eight bits of the bitmap.
func (h *CPUHotplug) legacyRead(addr uint64, _ int) (bits uint64) {
	for i := range h.cpus {
		if id := h.cpus[i].id; id/8 == addr && h.slots.slots[i].dev != nil {
			bits |= 1 << (id % 8)
		}
	}
	return bits
}

// legacyWrite is how the guest asks for the registers of today: a zero at the
// beginning of the bitmap, where there is always a processor.
func (h *CPUHotplug) legacyWrite(addr uint64, _ int, val uint64) {
	if addr == 0 && val == 0 && h.legacy {
		h.Modernize()
	}
}
