package pci

import (
	"fmt"
	"math"

	"github.com/qomd/qomd/devices/memory"
)

// BARKind says how a base address register decodes; the values are the type
// bits of the register.
type BARKind uint8

// The kinds of base address registers.
const (
	BARMem      BARKind = 0
	BARIO       BARKind = 1
	BARMem64    BARKind = 4
	BARPrefetch BARKind = 8 // added to BARMem or BARMem64
)

// NumBARs is how many base address registers a function has, the option ROM's
// included, which is [ROMBAR].
const (
	NumBARs = 7
	ROMBAR  = 6
)

// Unmapped is the address of a BAR that decodes nothing.
const Unmapped = ^uint64(0)

type bar struct {
	region *memory.Region
	space  *memory.Region // that it is mapped into
	size   uint64
	addr   uint64
	kind   BARKind
}

// RegisterBAR makes region what BAR n decodes, 0 to 5. Its size must be a power
// of two, at least 16 for memory and 4 for I/O. A 64-bit BAR takes the register
// after it as well.
func (d *Device) RegisterBAR(n int, kind BARKind, region *memory.Region) error {
	if n < 0 || n >= ROMBAR {
		return fmt.Errorf("%s has no BAR %d", d.TypeName(), n)
	}
	return d.registerBAR(n, kind, region)
}

func (d *Device) registerBAR(n int, kind BARKind, region *memory.Region) error {
	size := region.Size()
	if size == 0 || size&(size-1) != 0 {
		return fmt.Errorf("BAR %d of %s has size 0x%x, which is no power of two", n, d.TypeName(), size)
	}
	if d.bars[n].region != nil {
		return fmt.Errorf("BAR %d of %s is registered twice", n, d.TypeName())
	}
	b := bar{region: region, size: size, addr: Unmapped, kind: kind, space: d.bus.mem}
	if kind&BARIO != 0 {
		b.space = d.bus.io
	}
	d.bars[n] = b
	at := d.barOffset(n)
	mask := ^(size - 1)
	if n == ROMBAR {
		mask |= romEnable
	}
	d.SetWritable(at, 4, uint32(mask))
	if kind&BARIO == 0 && kind&BARMem64 != 0 {
		d.SetWritable(at+4, 4, uint32(mask>>32))
	}
	d.resetBAR(n)
	return nil
}

// resetBAR returns the register to what it reads before anybody wrote it.
func (d *Device) resetBAR(n int) {
	at, kind := d.barOffset(n), d.bars[n].kind
	if n == ROMBAR {
		d.SetConfigLong(at, 0)
		return
	}
	d.SetConfigLong(at, uint32(kind))
	if kind&BARIO == 0 && kind&BARMem64 != 0 {
		d.SetConfigLong(at+4, 0)
	}
}

// barOffset returns where in the configuration space a BAR is.
func (d *Device) barOffset(n int) int {
	switch {
	case n != ROMBAR:
		return regBAR0 + 4*n
	case d.space.bytes[regHeaderType]&^headerMultifunction == headerBridge:
		return regROMBridge
	}
	return regROM
}

// BAR describes a base address register.
type BAR struct {
	Number  int
	Kind    BARKind
	Region  *memory.Region
	Size    uint64
	Address uint64 // [Unmapped] when it decodes nothing
}

// BARs lists the registers in use.
func (d *Device) BARs() []BAR {
	var list []BAR
	for i, b := range d.bars {
		if b.region != nil {
			list = append(list, BAR{i, b.kind, b.region, b.size, b.addr})
		}
	}
	return list
}

// BARAddress returns where BAR n is, [Unmapped] when it decodes nothing.
func (d *Device) BARAddress(n int) uint64 {
	if d.bars[n].region == nil {
		return Unmapped
	}
	return d.bars[n].addr
}

// decodes computes from the registers where a BAR is.
func (d *Device) decodes(n int) uint64 {
	b, at, command := &d.bars[n], d.barOffset(n), d.ConfigWord(regCommand)
	addr := uint64(d.ConfigLong(at))
	top := uint64(math.MaxUint32)
	switch {
	case !d.powered:
		return Unmapped
	case b.kind&BARIO != 0:
		if command&commandIO == 0 {
			return Unmapped
		}
	case command&commandMemory == 0, n == ROMBAR && addr&romEnable == 0:
		return Unmapped
	case b.kind&BARMem64 != 0:
		addr |= uint64(d.ConfigLong(at+4)) << 32
		top = math.MaxUint64
	}
	addr &= ^(b.size - 1)
	last := addr + b.size - 1
	// As QEMU: neither address 0 nor the top of the range is decoded, which is
	// what guests program while they size the register.
	if addr == 0 || last <= addr || last >= top {
		return Unmapped
	}
	return addr
}

// updateBARs maps every BAR to where the registers say.
func (d *Device) updateBARs() {
	if d.bus == nil {
		return
	}
	sys := d.Env().Memory
	sys.Begin()
	defer sys.Commit()
	for i := range d.bars {
		b := &d.bars[i]
		if b.region == nil {
			continue
		}
		addr := d.decodes(i)
		if addr == b.addr {
			continue
		}
		if b.addr != Unmapped {
			b.space.DelSubregion(b.region)
		}
		b.addr = addr
		if addr != Unmapped {
			b.space.AddSubregionOverlap(addr, b.region, 1)
		}
	}
}

// unmapBARs takes all BARs out of their spaces and forgets them.
func (d *Device) unmapBARs() {
	for i := range d.bars {
		b := &d.bars[i]
		if b.region != nil && b.addr != Unmapped {
			b.space.DelSubregion(b.region)
		}
		*b = bar{}
	}
}
