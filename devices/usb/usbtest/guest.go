package usbtest

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/usb"
)

// TRB is a block of an xHCI ring.
type TRB struct {
	Param           uint64
	Status, Control uint32
}

// Kind returns the type of a block.
func (t TRB) Kind() int { return int(t.Control >> 10 & 0x3f) }

// Code returns the completion code of an event.
func (t TRB) Code() int { return int(t.Status >> 24) }

// Slot returns the slot of an event.
func (t TRB) Slot() int { return int(t.Control >> 24) }

// Left returns how many bytes a transfer event says were not moved.
func (t TRB) Left() int { return int(t.Status & 0xffffff) }

// Guest drives an xHCI as an operating system does: through configuration
// space, the registers of BAR 0 and rings in memory.
type Guest struct {
	M    *Machine
	Func *pci.Device
	Base uint64 // of BAR 0

	dcbaa  uint64
	cmd    *Ring
	events uint64
	seen   int
	cycle  bool
	Slots  map[int]*GuestSlot
}

// GuestSlot is a device that the guest addressed.
type GuestSlot struct {
	Number  int
	Input   uint64 // input context
	Context uint64
	Rings   map[int]*Ring // by device context index
}

// Ring is a command or transfer ring of the guest.
type Ring struct {
	g     *Guest
	Addr  uint64
	at    int
	cycle bool
}

// Sizes of the guest's rings, in blocks; the last of a ring is the link back.
const (
	ringSize      = 32
	eventRingSize = 256
)

// Where the guest puts BAR 0, and where its memory starts.
const (
	barBase    = 0xe0000000
	memoryBase = 1 << 20
)

// Registers of BAR 0.
const (
	regUSBCMD  = 0x40
	RegUSBSTS  = 0x44
	regCRCR    = 0x58
	regDCBAAP  = 0x70
	regCONFIG  = 0x78
	regRuntime = 0x1000
	regIntr0   = regRuntime + 0x20
	regDoor    = 0x2000
)

// Boot starts a controller: BAR 0, bus master, rings, MSI-X vector 0, run.
func (m *Machine) Boot(d *qdev.Device) *Guest {
	m.TB.Helper()
	g := &Guest{M: m, Func: pci.FromDevice(d), Base: barBase + uint64(pci.FromDevice(d).Slot())<<16, Slots: map[int]*GuestSlot{}}
	g.Func.WriteConfig(0x10, 4, uint32(g.Base))
	g.Func.WriteConfig(0x14, 4, 0)
	g.Func.WriteConfig(0x04, 2, 0x6)
	if at := g.Func.FindCapability(pci.CapMSIX); at != 0 {
		g.W(0x3000, MSIBase)
		g.W(0x3004, 0)
		g.W(0x3008, 0x77)
		g.W(0x300c, 0)
		g.Func.WriteConfig(at+2, 2, 0x8000)
	}
	g.Start()
	return g
}

// Start resets the controller and starts it with new rings. The changes that
// ports announce are taken note of.
func (g *Guest) Start() {
	g.W(regUSBCMD, 2)
	for n := range int(g.R(4) >> 24) {
		g.SetPORTSC(n+1, 0x200|0x7f<<17&^2)
	}
	g.cmd, g.dcbaa = g.NewRing(), g.Alloc(8*65)
	g.events, g.seen, g.cycle = g.Alloc(16*eventRingSize), 0, true
	table := g.Alloc(16)
	g.Poke64(table, g.events)
	g.Poke32(table+8, eventRingSize)
	g.W(regCONFIG, 64)
	g.W64(regDCBAAP, g.dcbaa)
	g.W64(regCRCR, g.cmd.Addr|1)
	g.W(regIntr0+8, 1)
	g.W64(regIntr0+0x18, g.events)
	g.W64(regIntr0+0x10, table)
	g.W(regIntr0, 3)
	g.W(regUSBCMD, 5)
}

// W writes a register; R reads one.
func (g *Guest) W(off uint64, v uint32) { g.M.Space.WriteN(g.Base+off, 4, uint64(v)); g.M.Settle() }

// W64 writes a register of two halves, the low one first.
func (g *Guest) W64(off uint64, v uint64) { g.W(off, uint32(v)); g.W(off+4, uint32(v>>32)) }

// R reads a register.
func (g *Guest) R(off uint64) uint32 {
	v, _ := g.M.Space.ReadN(g.Base+off, 4)
	return uint32(v)
}

// PORTSC returns the status of a port, counted from 1.
func (g *Guest) PORTSC(n int) uint32 { return g.R(0x440 + 0x10*uint64(n-1)) }

// SetPORTSC writes it.
func (g *Guest) SetPORTSC(n int, v uint32) { g.W(0x440+0x10*uint64(n-1), v) }

// Alloc returns zeroed memory of the machine, in whole pages.
func (g *Guest) Alloc(n int) uint64 {
	at := g.M.next
	g.M.next += (uint64(n) + 4095) &^ 4095
	g.Poke(at, make([]byte, n))
	return at
}

// Poke writes memory.
func (g *Guest) Poke(at uint64, p []byte) { g.M.Space.Write(at, p) }

// Poke32 writes a number to memory.
func (g *Guest) Poke32(at uint64, v uint32) { g.M.Space.WriteN(at, 4, uint64(v)) }

// Poke64 writes a number to memory.
func (g *Guest) Poke64(at uint64, v uint64) { g.M.Space.WriteN(at, 8, v) }

// Peek reads memory.
func (g *Guest) Peek(at uint64, n int) []byte {
	p := make([]byte, n)
	g.M.Space.Read(at, p)
	return p
}

// Peek32 reads a number from memory.
func (g *Guest) Peek32(at uint64) uint32 { return binary.LittleEndian.Uint32(g.Peek(at, 4)) }

// NewRing makes an empty ring.
func (g *Guest) NewRing() *Ring { return &Ring{g: g, Addr: g.Alloc(16 * ringSize), cycle: true} }

// Put queues a block and returns where it is.
func (r *Ring) Put(t TRB) uint64 {
	at := r.Addr + 16*uint64(r.at)
	r.write(at, t)
	if r.at++; r.at == ringSize-1 {
		r.write(r.Addr+16*uint64(r.at), TRB{Param: r.Addr, Control: 6<<10 | 2})
		r.at, r.cycle = 0, !r.cycle
	}
	return at
}

func (r *Ring) write(at uint64, t TRB) {
	if r.cycle {
		t.Control |= 1
	}
	r.g.Poke64(at, t.Param)
	r.g.Poke32(at+8, t.Status)
	r.g.Poke32(at+12, t.Control)
}

// Events takes the new events off the event ring and says so to the controller.
func (g *Guest) Events() []TRB {
	var list []TRB
	for {
		at := g.events + 16*uint64(g.seen)
		b := g.Peek(at, 16)
		t := TRB{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
		if (t.Control&1 != 0) != g.cycle {
			break
		}
		list = append(list, t)
		if g.seen++; g.seen == eventRingSize {
			g.seen, g.cycle = 0, !g.cycle
		}
	}
	g.W64(regIntr0+0x18, g.events+16*uint64(g.seen)|8)
	return list
}

// Ring rings a doorbell.
func (g *Guest) Ring(slot, target int) { g.W(regDoor+4*uint64(slot), uint32(target)) }

// Command executes a command and returns its event; others are lost.
func (g *Guest) Command(t TRB) TRB {
	g.M.TB.Helper()
	at := g.cmd.Put(t)
	g.Ring(0, 0)
	for _, e := range g.Events() {
		if e.Kind() == 33 && e.Param == at {
			return e
		}
	}
	g.M.TB.Fatalf("no event for command %d; USBSTS %#x", t.Kind(), g.R(RegUSBSTS))
	return TRB{}
}

// Address resets a root port and addresses the device at the end of a route
// from it: 4 bits per hub, the nearest lowest. It returns the slot, or the
// completion code that it failed with.
func (g *Guest) Address(port int, route uint32) (*GuestSlot, int) {
	if route == 0 {
		g.SetPORTSC(port, 0x210)
	}
	e := g.Command(TRB{Control: 9 << 10})
	if e.Code() != 1 {
		return nil, e.Code()
	}
	s := &GuestSlot{Number: e.Slot(), Input: g.Alloc(33 * 32), Context: g.Alloc(32 * 32), Rings: map[int]*Ring{1: g.NewRing()}}
	g.Poke64(g.dcbaa+8*uint64(s.Number), s.Context)
	g.Poke32(s.Input+4, 3)
	g.Poke32(s.Input+0x20, 1<<27|route)
	g.Poke32(s.Input+0x24, uint32(port)<<16)
	g.endpoint(s, 1, 4, 64)
	e = g.Command(TRB{Param: s.Input, Control: 11<<10 | uint32(s.Number)<<24})
	if e.Code() != 1 {
		g.Command(TRB{Control: 10<<10 | uint32(s.Number)<<24})
		return nil, e.Code()
	}
	g.Slots[s.Number] = s
	return s, 1
}

// endpoint fills in an input endpoint context.
func (g *Guest) endpoint(s *GuestSlot, id, typ, packet int) {
	at := s.Input + 32*uint64(id+1)
	g.Poke32(at+4, uint32(packet)<<16|uint32(typ)<<3|3<<1)
	g.Poke64(at+8, s.Rings[id].Addr|1)
}

// Configure adds an endpoint: typ is 2 bulk or 3 interrupt, 4 more for IN.
func (g *Guest) Configure(s *GuestSlot, id, typ, packet int) int {
	s.Rings[id] = g.NewRing()
	g.Poke32(s.Input, 0)
	g.Poke32(s.Input+4, 1|1<<id)
	g.Poke32(s.Input+0x20, uint32(id)<<27)
	g.endpoint(s, id, typ, packet)
	return g.Command(TRB{Param: s.Input, Control: 12<<10 | uint32(s.Number)<<24}).Code()
}

// Control makes a control transfer with n bytes of data; for OUT requests they
// are data. It returns the answer and the completion code.
func (g *Guest) Control(s *GuestSlot, r usb.Request, n int, data []byte) ([]byte, int) {
	g.M.TB.Helper()
	r.Length = uint16(n)
	b, buf, ring := r.Bytes(), g.Alloc(max(n, 1)), s.Rings[1]
	g.Poke(buf, data)
	setup := uint32(2 << 16)
	dataIn, statusIn := uint32(0), uint32(1<<16)
	if r.In() {
		setup, dataIn, statusIn = 3<<16, 1<<16, 0
	}
	if n == 0 {
		setup = 0
	}
	ring.Put(TRB{binary.LittleEndian.Uint64(b[:]), 8, 2<<10 | 1<<6 | setup})
	if n > 0 {
		ring.Put(TRB{buf, uint32(n), 3<<10 | 1<<2 | dataIn})
	}
	last := ring.Put(TRB{0, 0, 4<<10 | 1<<5 | statusIn})
	g.Ring(s.Number, 1)
	left, code := 0, 0
	for _, e := range g.Events() {
		switch {
		case e.Kind() != 32 || e.Slot() != s.Number:
		case e.Code() == 13:
			left = e.Left()
		case e.Param == last || e.Code() != 1:
			code = e.Code()
		}
	}
	if code == 6 { // stalled: bring the endpoint back
		g.Command(TRB{Control: 14<<10 | uint32(s.Number)<<24 | 1<<16})
		g.Command(TRB{Param: ring.here(), Control: 16<<10 | uint32(s.Number)<<24 | 1<<16})
	}
	return g.Peek(buf, n-left), code
}

// here is where the guest will put the next block, with the cycle state.
func (r *Ring) here() uint64 {
	at := r.Addr + 16*uint64(r.at)
	if r.cycle {
		at |= 1
	}
	return at
}

// Queue puts a transfer of n bytes on an endpoint's ring and rings; it returns
// where the data is and where the block is.
func (g *Guest) Queue(s *GuestSlot, id, n int) (data, block uint64) {
	data = g.Alloc(n)
	return data, g.QueueAt(s, id, data, n)
}

// QueueAt is Queue for data that is at a certain place.
func (g *Guest) QueueAt(s *GuestSlot, id int, data uint64, n int) (block uint64) {
	block = s.Rings[id].Put(TRB{data, uint32(n), 1<<10 | 1<<5 | 1<<2})
	g.Ring(s.Number, id)
	return block
}
