package edu

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qom"
)

// barSize is the size of BAR 0; the registers are at its start.
const barSize = 1 << 20

// Offsets of registers. Those below 0x80 take accesses of 4 bytes only.
const (
	regID          = 0x00
	regLiveness    = 0x04
	regFactorial   = 0x08
	regStatus      = 0x20
	regIRQStatus   = 0x24
	regIRQRaise    = 0x60
	regIRQAck      = 0x64
	regDMASource   = 0x80
	regDMATarget   = 0x88
	regDMACount    = 0x90
	regDMACommand  = 0x98
	firstWide      = 0x80
	identification = 0x010000ed // version 1.0
)

// Bits of the status register and of the interrupt status.
const (
	statusIRQ = 0x80 // raise an interrupt when a factorial is ready

	irqFactorial = 0x001
	irqDMA       = 0x100
)

// Edu is the device.
type Edu struct {
	pci.Device
	mmio memory.Region
	dma  engine

	liveness  uint32
	factorial uint32
	status    uint32
	irq       uint32
}

var rules = memory.Rules{Valid: memory.Access{Min: 4, Max: 8}, Impl: memory.Access{Min: 4, Max: 8}}

// Register adds the type edu.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "edu", Parent: "pci-device", New: func() qom.Instance { return new(Edu) }})
}

// RealizePCI implements [pci.Function].
func (e *Edu) RealizePCI() error {
	if err := e.InitMSI(pci.MSI{Vectors: 1, Wide: true}); err != nil {
		return err
	}
	e.dma.dev = e
	e.mmio.InitIO(e.Env().Memory, &e.Object, registers{e}, "edu-mmio", barSize)
	e.mmio.SetRules(&rules)
	return e.RegisterBAR(0, pci.BARMem, &e.mmio)
}

// ExitPCI implements [pci.Exiter]: a transfer that has not happened by now will
// not happen.
func (e *Edu) ExitPCI() { e.dma.cancel() }

// raise and lower change the interrupt status, and with it the line or, where
// the guest chose that, send a message.
func (e *Edu) raise(bits uint32) {
	e.irq |= bits
	switch {
	case e.irq == 0:
	case e.MSIEnabled():
		e.NotifyMSI(0)
	default:
		e.SetIRQ(true)
	}
}

func (e *Edu) lower(bits uint32) {
	e.irq &^= bits
	if e.irq == 0 && !e.MSIEnabled() {
		e.SetIRQ(false)
	}
}

// compute is the factorial unit. QEMU's has a thread and a busy bit; this one
// is ready before anybody can look.
func (e *Edu) compute(n uint32) {
	e.factorial = 1
	for ; n > 0 && e.factorial != 0; n-- { // once it is 0 it stays 0, modulo 2^32
		e.factorial *= n
	}
	if e.status&statusIRQ != 0 {
		e.raise(irqFactorial)
	}
}
