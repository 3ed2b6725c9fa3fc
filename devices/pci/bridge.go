package pci

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Bridge is the base of functions with a secondary bus; it corresponds to
// PCIBridge in QEMU. Its windows show parts of the secondary bus' memory and
// I/O in the spaces of the primary bus: as regions of the bridge in somebody
// else's container they hold it for as long as they are there.
type Bridge struct {
	Device
	sec     Bus
	mem, io memory.Region // the secondary bus' spaces
	windows [numWindows]memory.Region
}

// windows of a bridge.
const (
	windowPref = iota
	windowMem
	windowIO
	windowVGAIOLow
	windowVGAIOHigh
	windowVGAMem
	numWindows
)

func (b *Bridge) bridge() *Bridge { return b }

// BridgeFrom returns the bridge that d is, nil when it is none.
func BridgeFrom(d *Device) *Bridge {
	if m, ok := d.Self().(interface{ bridge() *Bridge }); ok {
		return m.bridge()
	}
	return nil
}

// Secondary returns the bus behind the bridge.
func (b *Bridge) Secondary() *Bus { return &b.sec }

// initHeader fills in the type 1 header.
func (b *Bridge) initHeader() {
	s := &b.space
	s.bytes[regHeaderType] |= headerBridge
	b.SetWritable(regPrimaryBus, 4, 0xffffffff)
	b.SetWritable(regIOBase, 2, 0xf0f0)
	b.SetWritable(regMemBase, 4, 0xfff0fff0)
	b.SetWritable(regPrefBase, 4, 0xfff0fff0)
	b.SetWritable(regPrefBaseUpper, 4, 0xffffffff)
	b.SetWritable(regPrefLimUpper, 4, 0xffffffff)
	s.bytes[regPrefBase] |= 1 // 64 bit
	s.bytes[regPrefLimit] |= 1
	b.SetWritable(regBridgeControl, 2, bridgeWritable)
	b.SetClearable(regBridgeControl, 2, bridgeDiscard)
	b.SetClearable(regSecStatus, 2, statusErrors)
}

// conventional marks the bridge as one on conventional buses: 66 MHz, fast
// back-to-back.
func (b *Bridge) conventional() {
	b.changeWord(regStatus, 0, 0x00a0)
	b.changeWord(regSecStatus, 0, 0x00a0)
}

// StartBridge makes the secondary bus, of type "PCI" or "PCIE", and the
// windows. The bus is called as the bridge, when that has an id.
func (b *Bridge) StartBridge(busType string) {
	sys, self := b.Env().Memory, &b.Object
	qdev.InitBus(&b.sec, busType, &b.Device.Device, nil, b.ID())
	b.sec.parent = b
	b.mem.Init(sys, self, "pci_bridge_pci", ^uint64(0))
	b.io.Init(sys, self, "pci_bridge_io", 1<<32)
	b.sec.mem, b.sec.io = &b.mem, &b.io
	b.bus.adopt(&b.sec)

	sys.Begin()
	defer sys.Commit()
	for i, w := range [numWindows]struct {
		name         string
		target       *memory.Region
		offset, size uint64
	}{
		windowPref:      {"pci_bridge_pref_mem", &b.mem, 0, 0},
		windowMem:       {"pci_bridge_mem", &b.mem, 0, 0},
		windowIO:        {"pci_bridge_io", &b.io, 0, 0},
		windowVGAIOLow:  {"pci_bridge_vga_io_lo", &b.io, 0x3b0, 0xc},
		windowVGAIOHigh: {"pci_bridge_vga_io_hi", &b.io, 0x3c0, 0x20},
		windowVGAMem:    {"pci_bridge_vga_mem", &b.mem, 0xa0000, 0x20000},
	} {
		b.windows[i].InitAlias(sys, self, w.name, w.target, w.offset, w.size)
	}
	b.bus.mem.AddSubregionOverlap(0, &b.windows[windowPref], 1)
	b.bus.mem.AddSubregionOverlap(0, &b.windows[windowMem], 1)
	b.bus.io.AddSubregionOverlap(0, &b.windows[windowIO], 1)
}

// StopBridge takes the windows out of the primary bus' spaces. A bridge that
// does not call it stays alive, held by them.
func (b *Bridge) StopBridge() {
	b.bus.disown(&b.sec)
	for i := range b.windows {
		if c := b.windows[i].Container(); c != nil {
			c.DelSubregion(&b.windows[i])
		}
	}
}

// Window is a range of addresses that a bridge forwards.
type Window struct{ Base, Limit uint64 }

// MemoryWindow returns the window for memory, as the registers have it.
func (b *Bridge) MemoryWindow() Window {
	return Window{
		uint64(b.ConfigWord(regMemBase)&0xfff0) << 16,
		uint64(b.ConfigWord(regMemLimit)&0xfff0)<<16 | 0xfffff,
	}
}

// PrefetchableWindow returns the window for prefetchable memory.
func (b *Bridge) PrefetchableWindow() Window {
	return Window{
		uint64(b.ConfigWord(regPrefBase)&0xfff0)<<16 | uint64(b.ConfigLong(regPrefBaseUpper))<<32,
		uint64(b.ConfigWord(regPrefLimit)&0xfff0)<<16 | uint64(b.ConfigLong(regPrefLimUpper))<<32 | 0xfffff,
	}
}

// IOWindow returns the window for I/O ports.
func (b *Bridge) IOWindow() Window {
	w := Window{uint64(b.Config(regIOBase)&0xf0) << 8, uint64(b.Config(regIOLimit)&0xf0)<<8 | 0xfff}
	if b.Config(regIOBase)&0xf == 1 {
		w.Base |= uint64(b.ConfigWord(regIOBaseUpper)) << 16
		w.Limit |= uint64(b.ConfigWord(regIOLimitUpper)) << 16
	}
	return w
}

// updateWindows brings the windows to where the registers say.
func (b *Bridge) updateWindows() {
	sys := b.Env().Memory
	sys.Begin()
	defer sys.Commit()
	command := b.ConfigWord(regCommand)
	memory, io := command&commandMemory != 0, command&commandIO != 0
	b.place(windowPref, b.PrefetchableWindow(), memory)
	b.place(windowMem, b.MemoryWindow(), memory)
	b.place(windowIO, b.IOWindow(), io)
	vga := b.ConfigWord(regBridgeControl)&bridgeVGA != 0
	b.show(windowVGAIOLow, b.bus.io, 0x3b0, vga && io)
	b.show(windowVGAIOHigh, b.bus.io, 0x3c0, vga && io)
	b.show(windowVGAMem, b.bus.mem, 0xa0000, vga && memory)
}

func (b *Bridge) place(i int, w Window, enabled bool) {
	r, size := &b.windows[i], uint64(0)
	if enabled && w.Limit >= w.Base {
		size = w.Limit + 1 - w.Base
	}
	r.SetSize(size)
	r.SetAliasOffset(w.Base)
	r.SetAddress(w.Base)
}

func (b *Bridge) show(i int, space *memory.Region, addr uint64, visible bool) {
	r := &b.windows[i]
	switch {
	case visible && r.Container() == nil:
		space.AddSubregionOverlap(addr, r, 1)
	case !visible && r.Container() != nil:
		space.DelSubregion(r)
	}
}

// decodesBus reports whether configuration cycles for a bus number are passed
// on to the secondary bus.
func (b *Bridge) decodesBus(number uint8) bool {
	return b.ConfigWord(regBridgeControl)&bridgeReset == 0 &&
		b.Config(regSecondaryBus) <= number && number <= b.Config(regSubordinate)
}

// WriteBridgeConfig is the effect of a configuration write on a bridge; its
// models call it in place of [Device.WriteConfig].
func (b *Bridge) WriteBridgeConfig(addr, size int, val uint32) {
	was := b.ConfigWord(regBridgeControl)
	b.WriteConfig(addr, size, val)
	if overlaps(addr, size, regCommand, 2) || overlaps(addr, size, regIOBase, 2) ||
		overlaps(addr, size, regMemBase, 20) || overlaps(addr, size, regBridgeControl, 2) {
		b.updateWindows()
	}
	if ^was&b.ConfigWord(regBridgeControl)&bridgeReset != 0 {
		b.sec.ColdReset()
	}
}

// ConfigWrite implements [ConfigWriter].
func (b *Bridge) ConfigWrite(addr, size int, val uint32) { b.WriteBridgeConfig(addr, size, val) }

// ResetBridge returns bus numbers and windows to their power-on state: nothing
// is forwarded.
func (b *Bridge) ResetBridge() {
	b.SetConfigLong(regPrimaryBus, 0)
	b.changeWord(regIOBase, 0xf0f0, 0)
	b.SetConfigLong(regMemBase, 0)
	b.changeWord(regPrefBase, 0xfff0, 0)
	b.changeWord(regPrefLimit, 0xfff0, 0)
	b.SetConfigLong(regPrefBaseUpper, 0)
	b.SetConfigLong(regPrefLimUpper, 0)
	b.SetConfigWord(regBridgeControl, 0)
	for _, i := range [...]int{windowPref, windowMem, windowIO} {
		b.windows[i].SetSize(0)
	}
	b.show(windowVGAIOLow, b.bus.io, 0, false)
	b.show(windowVGAIOHigh, b.bus.io, 0, false)
	b.show(windowVGAMem, b.bus.mem, 0, false)
}

// ResetPCI implements [FunctionResetter].
func (b *Bridge) ResetPCI() { b.ResetBridge() }

// closeWindows makes the windows empty by turning base and limit around, as
// QEMU's root ports do at reset.
func (b *Bridge) closeWindows() {
	b.changeWord(regIOBase, 0xf0f0, 0x00f0)
	b.SetConfigLong(regMemBase, 0x0000fff0)
	b.changeWord(regPrefBase, 0xfff0, 0xfff0)
	b.changeWord(regPrefLimit, 0xfff0, 0)
}

// Downstream reports whether the bridge is a PCI Express port that leads away
// from the root: its bus has one slot.
func (b *Bridge) Downstream() bool {
	typ, ok := b.ExpressType()
	return ok && b.express && (typ == ExpressRootPort || typ == ExpressDownstream)
}
