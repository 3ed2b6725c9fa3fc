package chipset

import (
	"github.com/qomd/qomd/devices/pci"
)

// hostBridge is function 0 of the root bus: it lets the guest choose what shows
// below 1 MiB and, on q35, where configuration space is in memory.
type hostBridge struct {
	pci.Device
	model *hostModel
	board *Board
}

// hostModel is what the two differ in.
type hostModel struct {
	class   pci.Class
	pam     int // first of seven registers with two bits for each area
	express int // register with the place of configuration space; 0: none
}

var (
	mch    = hostModel{class: pci.Class{Vendor: 0x8086, Device: 0x29c0, Class: 0x0600}, pam: 0x90, express: 0x60}
	i440FX = hostModel{class: pci.Class{Vendor: 0x8086, Device: 0x1237, Class: 0x0600, Revision: 2}, pam: 0x59}
)

// expressReset is the register's value at reset: the usual place, not enabled.
const expressReset = 0xb0000000

func (h *hostBridge) attach(b *Board, _ *part) { h.board = b }

// RealizePCI implements [pci.Function].
func (h *hostBridge) RealizePCI() error { return nil }

// ResetPCI implements [pci.FunctionResetter].
func (h *hostBridge) ResetPCI() {
	for i := range 7 {
		h.SetConfig(h.model.pam+i, 0)
	}
	if h.model.express != 0 {
		h.SetConfigLong(h.model.express, expressReset)
		h.SetConfigLong(h.model.express+4, 0)
	}
	h.update()
}

// ConfigWrite implements [pci.ConfigWriter].
func (h *hostBridge) ConfigWrite(addr, size int, val uint32) {
	h.WriteConfig(addr, size, val)
	if addr >= headerEnd {
		h.update()
	}
}

// headerEnd is where the registers of the chip itself begin.
const headerEnd = 0x40

// update shows what the registers say.
func (h *hostBridge) update() {
	sys := h.Env().Memory
	sys.Begin()
	defer sys.Commit()
	for i := range areas {
		if h.board.areas == nil {
			break
		}
		// The first area is alone in the upper half of its register.
		mode := h.Config(h.model.pam+(i+1)/2) >> (4 * ((i + 1) % 2)) & 3
		for j := range 4 {
			h.board.areas[4*i+j].SetEnabled(j == int(mode))
		}
	}
	if h.model.express == 0 {
		return
	}
	reg := h.ConfigLong(h.model.express)
	if reg&1 == 0 {
		h.board.mmcfg.Map(h.board.opts.System, 0, 0)
		return
	}
	size := uint64(mmcfgSize) >> (reg >> 1 & 3)
	base := (uint64(reg) | uint64(h.ConfigLong(h.model.express+4)&0xf)<<32) &^ (size - 1)
	if at, n := h.board.mmcfg.Base(); at != base || n != size {
		h.board.mmcfg.Map(h.board.opts.System, base, size)
	}
}
