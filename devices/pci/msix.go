package pci

import (
	"encoding/binary"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
)

// Bits of the message control word and of a table entry.
const (
	msixMaskAll = 0x4000
	msixEnable  = 0x8000

	msixEntrySize = 16
	msixVectorCtl = 12
	msixMasked    = 1
)

// msixState is the table and the pending bits of a function with MSI-X.
type msixState struct {
	at        uint8
	n         int
	entries   []byte
	pending   []byte
	table     memory.Region
	pba       memory.Region
	exclusive *memory.Region // the container, when it is a BAR of its own
	sent      uint64
}

// MSIX says where table and pending bits of an MSI-X capability go: into
// regions that are, or lie in, the given BARs. The two regions made for them
// belong to the function, whoever owns the containers.
type MSIX struct {
	Vectors          int
	Table, PBA       *memory.Region // containers
	TableBAR, PBABAR int
	TableOff, PBAOff uint32
	Offset           int // of the capability; 0: the first free place
}

// InitMSIX adds the capability.
func (d *Device) InitMSIX(m MSIX) error {
	if m.Vectors < 1 || m.Vectors > 2048 {
		return fmt.Errorf("The number of MSI-X vectors is invalid")
	}
	at, err := d.AddCapability(CapMSIX, m.Offset, 12)
	if err != nil {
		return err
	}
	d.SetConfigWord(at+2, uint16(m.Vectors-1))
	d.SetConfigLong(at+4, m.TableOff|uint32(m.TableBAR))
	d.SetConfigLong(at+8, m.PBAOff|uint32(m.PBABAR))
	d.SetWritable(at+2, 2, msixEnable|msixMaskAll)

	x := &msixState{
		at: uint8(at), n: m.Vectors,
		entries: make([]byte, m.Vectors*msixEntrySize),
		pending: make([]byte, (m.Vectors+63)/64*8),
	}
	d.msix = x
	d.resetMSIX()
	sys := d.Env().Memory
	x.table.InitIO(sys, &d.Object, memory.Funcs{OnRead: x.readTable, OnWrite: d.writeTable}, "msix-table", uint64(len(x.entries)))
	x.table.SetRules(&msixRules)
	m.Table.AddSubregion(uint64(m.TableOff), &x.table)
	x.pba.InitIO(sys, &d.Object, memory.Funcs{OnRead: x.readPBA}, "msix-pba", uint64(len(x.pending)))
	x.pba.SetRules(&msixRules)
	m.PBA.AddSubregion(uint64(m.PBAOff), &x.pba)
	return nil
}

// InitMSIXExclusive adds the capability with a BAR of its own: the table at 0,
// the pending bits in its upper half.
func (d *Device) InitMSIXExclusive(vectors, bar int) error {
	return d.initMSIXExclusive(vectors, bar, 0)
}

func (d *Device) initMSIXExclusive(vectors, bar, offset int) error {
	size, pba := uint64(4096), uint64(2048)
	if table := uint64(vectors) * msixEntrySize; table > pba {
		pba = table
	}
	for size < pba+uint64(vectors+63)/64*8 {
		size *= 2
	}
	c := new(memory.Region)
	c.Init(d.Env().Memory, &d.Object, d.TypeName()+"-msix", size)
	err := d.InitMSIX(MSIX{Vectors: vectors, Table: c, PBA: c, TableBAR: bar, PBABAR: bar, PBAOff: uint32(pba), Offset: offset})
	if err != nil {
		return err
	}
	d.msix.exclusive = c
	return d.RegisterBAR(bar, BARMem, c)
}

var msixRules = memory.Rules{
	Valid: memory.Access{Min: 4, Max: 8},
	Impl:  memory.Access{Max: 4},
}

// ExitMSIX takes the table and the pending bits out of their containers. A
// model whose containers go before the function calls it in ExitPCI; otherwise
// it happens after that.
func (d *Device) ExitMSIX() {
	x := d.msix
	if x == nil {
		return
	}
	for _, r := range [...]*memory.Region{&x.table, &x.pba} {
		if c := r.Container(); c != nil {
			c.DelSubregion(r)
		}
	}
	d.msix = nil
}

func (d *Device) msixControl() uint16 { return d.ConfigWord(int(d.msix.at) + 2) }

// MSIXEnabled reports whether the guest switched MSI-X on.
func (d *Device) MSIXEnabled() bool { return d.msix != nil && d.msixControl()&msixEnable != 0 }

// masked reports whether a vector must not send.
func (d *Device) msixMasked(v int) bool {
	return d.msixControl()&(msixEnable|msixMaskAll) != msixEnable ||
		d.msix.entries[v*msixEntrySize+msixVectorCtl]&msixMasked != 0
}

// NotifyMSIX sends a vector's message, or marks the vector pending while it is
// masked.
func (d *Device) NotifyMSIX(vector int) {
	x := d.msix
	if x == nil || vector < 0 || vector >= x.n || !d.MSIXEnabled() {
		return
	}
	if d.msixMasked(vector) {
		x.pending[vector/8] |= 1 << (vector % 8)
		return
	}
	e := x.entries[vector*msixEntrySize:]
	x.sent++
	d.sendMessage(binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint32(e[8:]))
}

// releasePending sends the pending vectors that are not masked any more.
func (d *Device) releasePending() {
	x := d.msix
	for v := 0; v < x.n; v++ {
		if bit := byte(1) << (v % 8); x.pending[v/8]&bit != 0 && !d.msixMasked(v) {
			x.pending[v/8] &^= bit
			d.NotifyMSIX(v)
		}
	}
}

func (d *Device) writeMSIX(addr, size int) {
	if d.msix != nil && overlaps(addr, size, int(d.msix.at)+2, 2) && d.MSIXEnabled() {
		d.releasePending()
	}
}

func (d *Device) resetMSIX() {
	x := d.msix
	if x == nil {
		return
	}
	d.SetConfigWord(int(x.at)+2, d.msixControl()&^(msixEnable|msixMaskAll))
	clear(x.entries)
	clear(x.pending)
	for v := 0; v < x.n; v++ {
		x.entries[v*msixEntrySize+msixVectorCtl] = msixMasked
	}
}

func (x *msixState) readTable(addr uint64, size int) uint64 { return readBytes(x.entries, addr, size) }
func (x *msixState) readPBA(addr uint64, size int) uint64   { return readBytes(x.pending, addr, size) }

func readBytes(p []byte, addr uint64, size int) uint64 {
	var buf [8]byte
	copy(buf[:size], p[addr:])
	return binary.LittleEndian.Uint64(buf[:])
}

func (d *Device) writeTable(addr uint64, size int, val uint64) {
	if d.msix == nil {
		return
	}
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], val)
	copy(d.msix.entries[addr:], buf[:size])
	if d.MSIXEnabled() {
		d.releasePending()
	}
}
