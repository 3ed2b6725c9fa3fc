package chipset

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/vmstate"
)

// dma is one of the two controllers for direct memory access, an 8257 (or 8237A,
// Intel's data sheet): its registers. No device on the bus asks it for anything.
type dma struct {
	wired
	chip  dmaState
	paged bool // the first ports for pages have been made
}

// dmaState is what a controller keeps.
type dmaState struct {
	Channels              [4]dmaChannel
	Command, Status, Mask byte
	High                  bool // the next byte of a channel's register is the higher one
}

type dmaChannel struct {
	Address, Count uint16 // as they were set
	Current        uint16 // address: as it was when the last register was complete
	Mode, Page     byte
}

// Numbers of the control registers.
const (
	dmaCommand = iota // and status, when read
	dmaRequest        // and mask, when read
	dmaMaskOne
	dmaMode
	dmaFirstByte
	dmaClear
	dmaUnmask
	dmaMaskAll

	dmaSupported = 0x04 // of the commands: to rest
)

// registers implements the part: one set of ports for each region.
func (d *dma) registers(region string) (memory.Ops, *memory.Rules) {
	switch region {
	case "dma-chan":
		return dmaChannels{d}, &alignedBytes
	case "dma-cont":
		return dmaControl{d}, &alignedBytes
	}
	first := 1
	if d.paged {
		first = 7
	}
	d.paged = true
	return dmaPages{d, first}, &listRules
}

// shift is 1 where the controller moves words, and its ports are two bytes apart.
func (d *dma) shift() uint { return uint(d.StoredUint("dshift")) }

// Reset implements [qdev.Resetter].
func (d *dma) Reset() { d.clear() }

func (d *dma) clear() {
	d.chip.High, d.chip.Mask, d.chip.Status, d.chip.Command = false, 0xff, 0, 0
}

// higher tells which byte of a register is meant, and changes over to the other.
func (d *dma) higher() bool {
	was := d.chip.High
	d.chip.High = !was
	return was
}

// dmaChannels are address and count of each channel.
type dmaChannels struct{ *dma }

func (d dmaChannels) Read(addr uint64, _ int) uint64 {
	reg := addr >> d.shift() & 7
	c := &d.chip.Channels[reg>>1]
	value := c.Count
	if reg&1 == 0 {
		value = c.Current
	}
	if d.higher() {
		value >>= 8
	}
	return uint64(byte(value))
}

func (d dmaChannels) Write(addr uint64, _ int, val uint64) {
	reg := addr >> d.shift() & 7
	c := &d.chip.Channels[reg>>1]
	to := &c.Count
	if reg&1 == 0 {
		to = &c.Address
	}
	if !d.higher() {
		*to = *to&0xff00 | uint16(byte(val))
		return
	}
	*to = *to&0xff | uint16(byte(val))<<8
	c.Current = c.Address
}

// dmaControl are the registers for all channels.
type dmaControl struct{ *dma }

func (d dmaControl) Read(addr uint64, _ int) uint64 {
	switch addr >> d.shift() & 0xf {
	case dmaCommand:
		status := d.chip.Status
		d.chip.Status &= 0xf0
		return uint64(status)
	case dmaRequest:
		return uint64(d.chip.Mask)
	}
	return 0
}

func (d dmaControl) Write(addr uint64, _ int, val uint64) {
	v, s := byte(val), &d.chip
	bit := byte(1) << (v & 3)
	switch addr >> d.shift() & 0xf {
	case dmaCommand:
		if v&^dmaSupported == 0 {
			s.Command = v
		}
	case dmaRequest:
		s.Status &^= bit<<4 | bit
		if v&4 != 0 {
			s.Status |= bit << 4
		}
	case dmaMaskOne:
		s.Mask &^= bit
		if v&4 != 0 {
			s.Mask |= bit
		}
	case dmaMode:
		s.Channels[v&3].Mode = v
	case dmaFirstByte:
		s.High = false
	case dmaClear:
		d.clear()
	case dmaUnmask:
		s.Mask = 0
	case dmaMaskAll:
		s.Mask = v
	}
}

// dmaPages are the upper bytes of the channels' addresses, each a port of a byte, the
// first of a number. As QEMU's lists of ports they take no access of four bytes, and
// read ones where there is no port.
type dmaPages struct {
	*dma
	first int
}

// pageChannels are the channels by the number of the port, -1 for none.
var pageChannels = [8]int{-1, 2, 3, 1, -1, -1, -1, 0}

// listRules are those of QEMU's lists of ports.
var listRules = memory.Rules{
	Valid: memory.Access{Min: 1, Max: 4, Unaligned: true},
	Impl:  memory.Access{Min: 1, Max: 4, Unaligned: true},
}

// page is the byte behind a port, nil where there is none.
func (d dmaPages) page(addr uint64) *byte {
	n := d.first + int(addr)
	if n >= len(pageChannels) || pageChannels[n] < 0 {
		return nil
	}
	return &d.chip.Channels[pageChannels[n]].Page
}

func (d dmaPages) Read(addr uint64, size int) uint64 {
	if size > 2 {
		return ^uint64(0)
	}
	value := ^uint64(0)
	for i := size - 1; i >= 0; i-- {
		value <<= 8
		if p := d.page(addr + uint64(i)); p != nil {
			value |= uint64(*p)
		} else {
			value |= 0xff
		}
	}
	return value
}

func (d dmaPages) Write(addr uint64, size int, val uint64) {
	if size > 2 {
		return
	}
	for i := range size {
		if p := d.page(addr + uint64(i)); p != nil {
			*p = byte(val >> (8 * i))
		}
	}
}

// VMState implements [vmstate.Stater].
func (d *dma) VMState(f *vmstate.Fields) {
	d.wired.VMState(f)
	f.Field("controller", &d.chip)
}
