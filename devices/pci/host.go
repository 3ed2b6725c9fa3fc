package pci

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qom"
)

// ConfigPorts is the configuration mechanism of PCs: an address at port 0xcf8,
// data at 0xcfc. Cycles to functions that are absent, or do not show, read all
// ones.
type ConfigPorts struct {
	bus         *Bus
	address     uint32
	index, data memory.Region
}

// configEnable is the bit of the address that makes data mean configuration.
const configEnable = 1 << 31

// Init makes the two regions, children of owner, and maps them into io.
func (c *ConfigPorts) Init(bus *Bus, owner *qom.Object, sys *memory.System, io *memory.Region) {
	c.bus = bus
	c.index.InitIO(sys, owner, memory.Funcs{OnRead: c.readIndex, OnWrite: c.writeIndex}, "pci-conf-idx", 4)
	c.data.InitIO(sys, owner, memory.Funcs{OnRead: c.readData, OnWrite: c.writeData}, "pci-conf-data", 4)
	io.AddSubregion(0xcf8, &c.index)
	io.AddSubregion(0xcfc, &c.data)
}

// Reset forgets the address.
func (c *ConfigPorts) Reset() { c.address = 0 }

func (c *ConfigPorts) readIndex(uint64, int) uint64 { return uint64(c.address) }

func (c *ConfigPorts) writeIndex(addr uint64, size int, val uint64) {
	if addr == 0 && size == 4 { // narrower writes belong to other devices
		c.address = uint32(val)
	}
}

func (c *ConfigPorts) readData(addr uint64, size int) uint64 {
	if c.address&configEnable == 0 {
		return ones(size)
	}
	return uint64(c.bus.ReadConfig(uint8(c.address>>16), uint8(c.address>>8), int(c.address&0xfc)|int(addr), size))
}

func (c *ConfigPorts) writeData(addr uint64, size int, val uint64) {
	if c.address&configEnable != 0 {
		c.bus.WriteConfig(uint8(c.address>>16), uint8(c.address>>8), int(c.address&0xfc)|int(addr), size, uint32(val))
	}
}

func ones(size int) uint64 { return 1<<(8*size) - 1 }

// ConfigMemory is the memory-mapped configuration mechanism of PCI Express: 4096
// bytes per function.
type ConfigMemory struct {
	bus    *Bus
	region memory.Region
	base   uint64
	space  *memory.Region // that it is mapped into, nil when it is not
}

// Init makes the region, a child of owner, unmapped. size is its largest size:
// 1 MiB per bus.
func (c *ConfigMemory) Init(bus *Bus, owner *qom.Object, sys *memory.System, size uint64) {
	c.bus = bus
	ops := memory.Funcs{OnRead: c.read, OnWrite: c.write}
	c.region.InitIO(sys, owner, ops, "pcie-mmcfg-mmio", size)
}

// Map shows size bytes of the mechanism at an address of space; size 0 hides
// it.
func (c *ConfigMemory) Map(space *memory.Region, base, size uint64) {
	if c.space != nil {
		c.space.DelSubregion(&c.region)
		c.space = nil
	}
	if size == 0 {
		return
	}
	c.region.SetSize(size)
	space.AddSubregionOverlap(base, &c.region, 0)
	c.space, c.base = space, base
}

// Base returns where it is and how many bytes show, 0 when it is not mapped.
func (c *ConfigMemory) Base() (base, size uint64) {
	if c.space == nil {
		return 0, 0
	}
	return c.base, c.region.Size()
}

func (c *ConfigMemory) read(addr uint64, size int) uint64 {
	return uint64(c.bus.ReadConfig(uint8(addr>>20), uint8(addr>>12), int(addr&0xfff), size))
}

func (c *ConfigMemory) write(addr uint64, size int, val uint64) {
	c.bus.WriteConfig(uint8(addr>>20), uint8(addr>>12), int(addr&0xfff), size, uint32(val))
}

// ReadConfig is a configuration read cycle that starts on b: size bytes at an
// offset of the function at devfn on the bus of that number.
func (b *Bus) ReadConfig(number, devfn uint8, offset, size int) uint32 {
	d := b.route(number, devfn, offset)
	if d == nil {
		return uint32(ones(size))
	}
	val := d.configRead(offset, size) & uint32(ones(size))
	if t := d.Env().Trace; t.On(trace.PCIRead) {
		d.traceConfig(t, trace.PCIRead, "->", offset, val)
	}
	return val
}

// traceConfig writes the line of an access to a function's configuration.
func (d *Device) traceConfig(t *trace.Tracer, p trace.Point, arrow string, offset int, val uint32) {
	t.Printf(p, "%s %02x:%02x.%x @0x%x %s 0x%x", d.TypeName(), d.PCIBus().Number(), d.Devfn()>>3, d.Devfn()&7, offset, arrow, val)
}

// WriteConfig is a configuration write cycle.
func (b *Bus) WriteConfig(number, devfn uint8, offset, size int, val uint32) {
	if d := b.route(number, devfn, offset); d != nil {
		if t := d.Env().Trace; t.On(trace.PCIWrite) {
			d.traceConfig(t, trace.PCIWrite, "<-", offset, val)
		}
		d.configWrite(offset, size, val)
	}
}

// route finds the function that answers a configuration cycle, or nil.
func (b *Bus) route(number, devfn uint8, offset int) *Device {
	bus := b.Find(number)
	if bus == nil {
		return nil
	}
	d := bus.At(devfn)
	if d == nil || !d.Exposed() || d.Gate().Closed() || offset >= configSize && !d.express {
		return nil
	}
	return d
}
