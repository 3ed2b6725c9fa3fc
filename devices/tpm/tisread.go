package tpm

// Registers of the FIFO interface, by their offsets in the page of a locality
// (PTP, "FIFO interface", and TIS 1.3).
const (
	regAccess     = 0x000
	regIntEnable  = 0x008
	regIntVector  = 0x00c
	regIntStatus  = 0x010
	regCapability = 0x014
	regStatus     = 0x018
	regFIFO       = 0x024
	regInterface  = 0x030
	regXFIFO      = 0x080
	regXFIFOEnd   = 0x0bc
	regID         = 0xf00
	regRevision   = 0xf04
)

const (
	accessEstablished = 0x01 // 0: the flag is set
	accessRequest     = 0x02
	accessPending     = 0x04
	accessSeize       = 0x08 // write; kept, and never shown
	accessSeized      = 0x10
	accessActive      = 0x20
	accessValid       = 0x80

	intData      = 1 << 0
	intValid     = 1 << 1
	intLocality  = 1 << 2
	intLowLevel  = 1 << 3
	intPolarity  = 3 << 3
	intReady     = 1 << 7
	intEnabled   = 1 << 31
	intSupported = intData | intValid | intLocality | intReady

	statusRetry    = 1 << 1
	statusSelfTest = 1 << 2
	statusExpect   = 1 << 3
	statusData     = 1 << 4
	statusGo       = 1 << 5
	statusReady    = 1 << 6
	statusValid    = 1 << 7
	statusCancel   = 1 << 24
	statusResetEst = 1 << 25
	statusFamily   = 3 << 26
	statusTPM12    = 0
	statusTPM20    = 1 << 26

	// Interface 1.3, transfers of 64 bytes, interrupts on low levels.
	capabilityTPM12 = 2<<28 | 3<<9 | 1<<4 | intSupported
	capabilityTPM20 = 3<<28 | 3<<9 | 1<<4 | intSupported
	interfaceTPM12  = 0xffffffff
	interfaceTPM20  = 1<<13 | 1<<8 // TIS, five localities
	interfaceLock   = 1 << 19

	identity = 0x0001_1014 // device 1 of IBM
	revision = 1

	noByte = 0xff // what is read where there is no data
)

// Read implements [memory.Ops].
func (t *tis) Read(addr uint64, size int) uint64 {
	if t.backend.broken != nil {
		return 0
	}
	n := int(addr >> 12 & 7)
	if reg := addr & 0xffc; reg == regFIFO || reg >= regXFIFO && reg <= regXFIFOEnd {
		return uint64(t.readFIFO(n, min(size, 4-int(addr&3))))
	}
	return uint64(t.register(n, addr&0xffc, size) >> (addr & 3 * 8))
}

func (t *tis) register(n int, reg uint64, size int) uint32 {
	l := &t.localities[n]
	switch reg {
	case regAccess:
		return t.access(n)
	case regIntEnable:
		return l.Enable
	case regIntVector:
		return uint32(t.irq)
	case regIntStatus:
		return l.Interrupt
	case regCapability:
		if t.family == Version12 {
			return capabilityTPM12
		}
		return capabilityTPM20
	case regStatus:
		if t.active == n {
			return t.burst(size)<<8 | l.Status
		}
	case regInterface:
		return l.Interface
	case regID:
		return identity
	case regRevision:
		return revision
	}
	return 0xffffffff
}

func (t *tis) access(n int) uint32 {
	v := uint32(t.localities[n].Access &^ accessSeize)
	for i := range t.localities {
		if i != n && t.localities[i].Access&accessRequest != 0 {
			v |= accessPending
		}
	}
	if !t.backend.established {
		v |= accessEstablished
	}
	return v
}

// burst is how many bytes the FIFO takes or has. A read of one byte shows no 0
// where it is 256.
func (t *tis) burst(size int) uint32 {
	if t.localities[t.active].Status&statusData != 0 {
		return uint32(t.filled() - t.at)
	}
	room := t.size - t.at
	if size == 1 {
		room = min(room, 0xff)
	}
	return uint32(room)
}

// filled is how long the response in the buffer is.
func (t *tis) filled() int { return int(min(sizeOf(t.buffer), uint32(t.size))) }

func (t *tis) readFIFO(n, count int) (val uint32) {
	if t.active != n {
		return 0xffffffff
	}
	for i := range count {
		val |= uint32(t.readByte(n)) << (8 * i)
	}
	return val
}

func (t *tis) readByte(n int) byte {
	l := &t.localities[n]
	if l.State != completion || l.Status&statusData == 0 || t.at >= t.size {
		return noByte
	}
	v := t.buffer[t.at]
	if t.at++; t.at >= t.filled() {
		l.setStatus(statusValid)
		t.raise(n, intValid)
	}
	return v
}
