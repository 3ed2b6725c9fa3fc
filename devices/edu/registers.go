package edu

// registers are BAR 0. What is not a register reads all ones.
type registers struct{ e *Edu }

// Read implements [memory.Ops].
func (r registers) Read(addr uint64, size int) uint64 {
	e, none := r.e, ^uint64(0)
	if addr < firstWide && size != 4 {
		return none
	}
	switch addr {
	case regID:
		return identification
	case regLiveness:
		return uint64(e.liveness)
	case regFactorial:
		return uint64(e.factorial)
	case regStatus:
		return uint64(e.status)
	case regIRQStatus:
		return uint64(e.irq)
	case regDMASource:
		return e.dma.source
	case regDMATarget:
		return e.dma.target
	case regDMACount:
		return e.dma.count
	case regDMACommand:
		return e.dma.command
	}
	return none
}

// Write implements [memory.Ops]. The registers of a transfer are fixed while it
// runs.
func (r registers) Write(addr uint64, size int, val uint64) {
	e := r.e
	if addr < firstWide && size != 4 {
		return
	}
	switch addr {
	case regLiveness:
		e.liveness = ^uint32(val)
	case regFactorial:
		e.compute(uint32(val))
	case regStatus:
		e.status = uint32(val) & statusIRQ
	case regIRQRaise:
		e.raise(uint32(val))
	case regIRQAck:
		e.lower(uint32(val))
	case regDMASource:
		e.dma.set(&e.dma.source, val)
	case regDMATarget:
		e.dma.set(&e.dma.target, val)
	case regDMACount:
		e.dma.set(&e.dma.count, val)
	case regDMACommand:
		if val&dmaStart != 0 && !e.dma.running() {
			e.dma.command = val
			e.dma.start()
		}
	}
}
