package cxl

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// Sizes of the component register block, CXL 3.1 section 8.2.3.
const (
	componentSize = 64 << 10
	ioSize        = 4 << 10
	cacheMemSize  = 4 << 10
)

// Offsets in the registers for CXL.cache and CXL.mem, section 8.2.4, where QEMU
// has them.
const (
	regRAS  = 0x080
	regLink = 0x0d8
	regHDM  = 0x128

	hdmControl  = regHDM + 0x04
	hdmFirst    = regHDM + 0x10
	hdmStride   = 0x20
	hdmBaseLow  = 0x00
	hdmBaseHigh = 0x04
	hdmSizeLow  = 0x08
	hdmSizeHigh = 0x0c
	hdmCtl      = 0x10
	hdmSkipLow  = 0x14
	hdmSkipHigh = 0x18
	hdmDecoders = 4

	hdmCommit    = 1 << 9
	hdmCommitted = 1 << 10
	hdmError     = 1 << 11

	componentEnd = hdmFirst + hdmDecoders*hdmStride
)

// capability is an entry of the component's capability array.
type capability struct{ id, version, at uint32 }

// decodersID is the number of the decoders' capability.
const decodersID = 5

// componentCapabilities are the link's errors, the link, and last the decoders.
var componentCapabilities = []capability{{2, 2, regRAS}, {4, 2, regLink}, {decodersID, 1, regHDM}}

// hostCapabilities are those of a host bridge: no errors, and two that QEMU has
// no registers of, extended security and the snoop filter.
var hostCapabilities = []capability{{}, {4, 2, regLink}, {decodersID, 1, regHDM}, {6, 1, 0x278}, {8, 1, 0xaa0}}

// Capabilities of decoders: there are four; interleaving of 256 bytes and 4 KiB.
const (
	hdmFour        = 0x2 | 1<<8 | 1<<9
	hdmOneTarget   = 1 << 4
	hdmEightTarget = 8 << 4
	hdmAllWays     = 1<<11 | 1<<12 // 3, 6, 12 and 16
)

// component is the block of a CXL component's registers.
type component struct {
	block, io, cacheMem memory.Region
	regs                [componentEnd / 4]uint32
	errors              []linkError // uncorrectable, the first one first
	hdm                 uint32      // capability of the decoders, 0: there are none
	routes              bool        // decoders lead to ports
	host                bool        // it is a host bridge
}

var componentRules = memory.Rules{
	Valid: memory.Access{Min: 4, Max: 8},
	Impl:  memory.Access{Min: 4, Max: 8},
}

// init makes the regions; the block is for a BAR.
func (c *component) init(sys *memory.System, owner *qom.Object) {
	c.block.Init(sys, owner, owner.TypeName(), componentSize)
	c.io.InitIO(sys, owner, memory.Funcs{}, ".io", ioSize)
	c.cacheMem.InitIO(sys, owner, c, ".cache_mem", cacheMemSize)
	c.cacheMem.SetRules(&componentRules)
	c.block.AddSubregion(0, &c.io)
	c.block.AddSubregion(ioSize, &c.cacheMem)
}

// reset returns the registers to their power-on state.
func (c *component) reset() {
	clear(c.regs[:])
	c.errors = nil
	list := componentCapabilities
	switch {
	case c.host:
		list = hostCapabilities
	case c.hdm == 0:
		list = list[:len(list)-1]
	}
	c.regs[0] = 1 | 1<<16 | 1<<20 | uint32(len(list))<<24
	for i, k := range list {
		c.regs[i+1] = k.id | k.version<<16 | k.at<<20
	}
	if !c.host {
		c.resetRAS()
	}
	c.set(regHDM, c.hdm)
}

func (c *component) reg(at int) uint32    { return c.regs[at/4] }
func (c *component) set(at int, v uint32) { c.regs[at/4] = v }

// writable tells which bits of a register a guest can write.
func (c *component) writable(at int) uint32 {
	switch {
	case at >= regHDM && c.hdm == 0:
		return 0
	case at == hdmControl:
		return 0x3
	case at >= hdmFirst:
		switch (at - hdmFirst) % hdmStride {
		case hdmSkipLow: // of a port: a list of targets
			if c.routes {
				return 0xffffffff
			}
			return 0xf0000000
		case hdmBaseLow, hdmSizeLow:
			return 0xf0000000
		case hdmBaseHigh, hdmSizeHigh, hdmSkipHigh:
			return 0xffffffff
		case hdmCtl:
			return 0x13ff
		}
		return 0
	case c.host:
		return 0
	}
	return rasWritable(at)
}

// Read implements [memory.Ops]. There are no registers of 8 bytes.
func (c *component) Read(addr uint64, size int) uint64 {
	if size != 4 || addr >= componentEnd {
		return 0
	}
	return uint64(c.reg(int(addr)))
}

// Write implements [memory.Ops]. A decoder is committed as soon as it is told to.
func (c *component) Write(addr uint64, size int, val uint64) {
	if size != 4 || addr >= componentEnd {
		return
	}
	at := int(addr)
	mask := c.writable(at)
	v := uint32(val)&mask | c.reg(at)&^mask
	switch {
	case at == rasUncStatus:
		c.clearUncorrectable(uint32(val) & mask)
		return
	case at == rasCorStatus:
		c.set(at, c.reg(at)&^(uint32(val)&mask))
		return
	case at >= hdmFirst && (at-hdmFirst)%hdmStride == hdmCtl:
		v &^= hdmError | hdmCommitted
		if v&hdmCommit != 0 {
			v |= hdmCommitted
		}
	}
	c.set(at, v)
}

// put24 stores the lower 24 bits of v.
func put24(p []byte, v uint32) {
	binary.LittleEndian.PutUint16(p, uint16(v))
	p[2] = byte(v >> 16)
}
