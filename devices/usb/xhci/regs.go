package xhci

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/regs"
	"github.com/qomd/qomd/devices/trace"
)

// Layout of BAR 0.
const (
	barSize      = 0x4000
	capSize      = 0x40
	operOffset   = 0x40
	operSize     = 0x400
	portOffset   = operOffset + operSize
	portSize     = 0x10
	rtOffset     = 0x1000
	rtSize       = 0x20 * (maxIntrs + 1)
	doorOffset   = 0x2000
	doorSize     = 0x20 * (maxSlots + 1)
	tableOffset  = 0x3000 // MSI-X
	pendOffset   = 0x3800
	extendedCaps = 0x20
)

// Operational registers, xHCI 5.4.
const (
	opUSBCMD regs.Reg = iota
	opUSBSTS
	opPAGESIZE
	opDNCTRL
	opCRCRLow
	opCRCRHigh
	opDCBAAPLow
	opDCBAAPHigh
	opCONFIG
)

// Bits of USBCMD and USBSTS, xHCI 5.4.1 and 5.4.2.
const (
	cmdRun        = 1 << 0
	cmdReset      = 1 << 1
	cmdInterrupts = 1 << 2

	stsHalted    = 1 << 0
	stsHostError = 1 << 2
	stsInterrupt = 1 << 3
	stsPort      = 1 << 4
	stsError     = 1 << 12
)

// Bits of CRCR, xHCI 5.4.5.
const (
	crcrStop    = 1 << 1
	crcrAbort   = 1 << 2
	crcrRunning = 1 << 3
)

// Runtime registers, xHCI 5.5; all but the first are arrays over interrupters.
const (
	rtMFINDEX regs.Reg = iota
	rtIMAN
	rtIMOD
	rtERSTSize
	rtERSTLow
	rtERSTHigh
	rtERDPLow
	rtERDPHigh
)

const (
	imanPending = 1 << 0
	imanEnable  = 1 << 1
	erdpBusy    = 1 << 3 // event handler busy
)

// tables are the layouts of the register blocks, made once per type and shared
// by all controllers.
type tables struct {
	caps, oper, runtime, door *regs.Table[*Core]
	port                      *regs.Table[*port]
}

func newTables() *tables {
	return &tables{
		// xHCI 5.3 and 7.2; the values depend on the controller's size.
		caps: regs.NewTable(capSize, []regs.Row[*Core]{
			{Name: "caps", Off: 0, Count: capSize / 4, OnRead: (*Core).capability},
		}),
		oper: regs.NewTable(operSize, []regs.Row[*Core]{
			opUSBCMD:     {Name: "usbcmd", Off: 0x00, Write: 0xc0f, OnWrite: (*Core).usbcmdWritten},
			opUSBSTS:     {Name: "usbsts", Off: 0x04, Reset: stsHalted, W1C: 0x41c},
			opPAGESIZE:   {Name: "pagesize", Off: 0x08, Reset: 1}, // 4 KiB
			opDNCTRL:     {Name: "dnctrl", Off: 0x14, Write: 0xffff},
			opCRCRLow:    {Name: "crcr", Off: 0x18, OnRead: (*Core).crcrRead, OnWrite: (*Core).crcrWritten},
			opCRCRHigh:   {Name: "crcr high", Off: 0x1c, Write: 0xffffffff, OnWrite: (*Core).crcrHighWritten},
			opDCBAAPLow:  {Name: "dcbaap", Off: 0x30, Write: 0xffffffc0},
			opDCBAAPHigh: {Name: "dcbaap high", Off: 0x34, Write: 0xffffffff},
			opCONFIG:     {Name: "config", Off: 0x38, Write: 0xff},
		}),
		runtime: regs.NewTable(rtSize, []regs.Row[*Core]{
			rtMFINDEX:  {Name: "mfindex", Off: 0x00, OnRead: (*Core).mfindex},
			rtIMAN:     perIntr("iman", 0x00, imanEnable, imanPending, (*Core).imanWritten),
			rtIMOD:     perIntr("imod", 0x04, 0xffffffff, 0, nil),
			rtERSTSize: perIntr("erstsz", 0x08, 0xffff, 0, nil),
			rtERSTLow:  perIntr("erstba", 0x10, 0xffffffc0, 0, nil),
			rtERSTHigh: perIntr("erstba high", 0x14, 0xffffffff, 0, (*Core).erstWritten),
			rtERDPLow:  perIntr("erdp", 0x18, 0xfffffff7, erdpBusy, (*Core).erdpWritten),
			rtERDPHigh: perIntr("erdp high", 0x1c, 0xffffffff, 0, nil),
		}),
		door: regs.NewTable(doorSize, []regs.Row[*Core]{
			{Name: "doorbell", Off: 0, Count: maxSlots + 1, OnWrite: (*Core).doorbell},
		}),
		port: regs.NewTable(portSize, []regs.Row[*port]{
			portPORTSC:   {Name: "portsc", Off: 0x0, Write: scWritable, W1C: scChanges, OnWrite: (*port).written},
			portPORTPMSC: {Name: "portpmsc", Off: 0x4, Write: 0xffffffff},
			portPORTLI:   {Name: "portli", Off: 0x8},
		}),
	}
}

func perIntr(name string, off, write, w1c uint64, f func(*Core, int, uint64, uint64, uint64)) regs.Row[*Core] {
	return regs.Row[*Core]{Name: name, Off: 0x20 + off, Count: maxIntrs, Stride: 0x20, Write: write, W1C: w1c, OnWrite: f}
}

// Access rules, xHCI 5.3 to 5.6: capabilities can be read in any size, the
// rest in whole registers.
var (
	capRules  = memory.Rules{Valid: memory.Access{Min: 1, Max: 4}, Impl: memory.Access{Min: 1, Max: 4}}
	wideRules = memory.Rules{Valid: memory.Access{Min: 4, Max: 8}, Impl: memory.Access{Min: 4, Max: 4}}
	longRules = memory.Rules{Valid: memory.Access{Min: 4, Max: 4}, Impl: memory.Access{Min: 4, Max: 4}}
)

// capability answers the capability registers, xHCI 5.3, and behind them the
// two protocols that the ports speak, xHCI 7.2.
func (c *Core) capability(i int, _ uint64) uint64 {
	n2, n3 := uint64(c.n2), uint64(c.n3)
	const usbName = 0x20425355 // "USB "
	switch i * 4 {
	case 0x00: // version 1.0, length of this block
		return 0x0100<<16 | capSize
	case 0x04: // HCSPARAMS1
		return (n2+n3)<<24 | uint64(len(c.intrs))<<8 | maxSlots
	case 0x08: // HCSPARAMS2: one segment per event ring
		return 0x0f
	case 0x10: // HCCPARAMS1: 64-bit addresses, streams, extended capabilities
		v := uint64(extendedCaps/4)<<16 | 1
		if c.streams {
			v |= 7 << 12
		}
		return v
	case 0x14:
		return doorOffset
	case 0x18:
		return rtOffset
	case extendedCaps: // USB 2.0, next one 4 words on
		return 0x02000402
	case extendedCaps + 0x4, extendedCaps + 0x14:
		return usbName
	case extendedCaps + 0x8: // USB 3.0 ports come first
		return n2<<8 | (n3 + 1)
	case extendedCaps + 0x10: // USB 3.0
		return 0x03000002
	case extendedCaps + 0x18:
		return n3<<8 | 1
	}
	return 0
}

func (c *Core) usbcmdWritten(_ int, old, now, _ uint64) {
	if now&cmdReset != 0 {
		c.Reset()
		return
	}
	switch {
	case now&cmdRun != 0 && c.failed():
		c.oper.ClearBits(opUSBCMD, 0, cmdRun)
	case now&cmdRun != 0 && old&cmdRun == 0:
		c.oper.ClearBits(opUSBSTS, 0, stsHalted)
		c.started = c.Env().Clock.Now()
	case now&cmdRun == 0 && old&cmdRun != 0:
		c.halt()
	}
	c.updateInterrupt(0)
}

// mfindex counts microframes of 125 us while the controller runs.
func (c *Core) mfindex(int, uint64) uint64 {
	if !c.running() {
		return 0
	}
	return uint64(c.Env().Clock.Now()-c.started) / 125000 & 0x3fff
}

// crcrRead hides what is not kept; QEMU hides too whether the ring runs.
func (c *Core) crcrRead(_ int, val uint64) uint64 { return val &^ (crcrStop | crcrAbort | crcrRunning) }

// crcrWritten keeps the low half until the high half completes the pointer.
func (c *Core) crcrWritten(_ int, old, _, raw uint64) {
	c.oper.Set(opCRCRLow, raw&^(crcrRunning|0x30)|old&crcrRunning)
}

func (c *Core) crcrHighWritten(int, uint64, uint64, uint64) {
	low := c.oper.Get(opCRCRLow)
	if low&crcrRunning == 0 {
		c.commands = ring{low&^0x3f | c.oper.Get(opCRCRHigh)<<32, low&1 != 0}
		return
	}
	if low&(crcrStop|crcrAbort) != 0 {
		c.oper.ClearBits(opCRCRLow, 0, crcrRunning|crcrStop|crcrAbort)
		c.tell(0, event{kind: evCommand, code: ccCommandStopped, pointer: c.commands.dequeue})
	}
}

func (c *Core) imanWritten(i int, _, _, _ uint64) { c.updateInterrupt(i) }

func (c *Core) erstWritten(i int, _, _, _ uint64) { c.resetRing(i) }

// erdpWritten goes on interrupting when the guest says that it is done while
// there is more.
func (c *Core) erdpWritten(i int, _, _, raw uint64) {
	if raw&erdpBusy == 0 {
		return
	}
	if seen, ok := c.dequeued(i); ok && seen != c.intrs[i].enqueue {
		c.raise(i)
	}
}

func (c *Core) doorbell(i int, _, _, raw uint64) {
	if t := c.Env().Trace; t.On(trace.XHCIDoorbell) {
		t.Printf(trace.XHCIDoorbell, "off 0x%04x, val 0x%08x", 4*i, raw)
	}
	if !c.running() {
		return
	}
	target, stream := int(raw&0xff), int(raw>>16&0xffff)
	switch {
	case i == 0:
		if target == 0 {
			c.runCommands()
		}
	case target >= 1 && target <= 31:
		if s := c.slots[i]; s != nil {
			c.kick(s, target, stream)
		}
	}
}
