package virtio

import "github.com/qomd/qomd/devices/pci"

// Registers of the legacy interface, VIRTIO 1.2 section 4.1.4.8.
const (
	legacyHostFeatures  = 0
	legacyGuestFeatures = 4
	legacyPage          = 8
	legacyQueueSize     = 12
	legacyQueueSelect   = 14
	legacyQueueNotify   = 16
	legacyStatus        = 18
	legacyISR           = 19
	legacyConfigVector  = 20 // with MSI-X enabled
	legacyQueueVector   = 22

	legacyPageShift = 12
)

// mapLegacy makes the I/O BAR of the legacy registers.
func (p *Proxy) mapLegacy(d *Device) error {
	size := uint64(legacySize)
	if p.vectors == 0 {
		size = legacyConfigVector
	}
	size += uint64(d.configSize())
	bar := uint64(4)
	for bar < size {
		bar *= 2
	}
	p.legacyBAR.InitIO(p.Env().Memory, &p.Object, (*legacyPorts)(p), "virtio-pci", bar)
	return p.RegisterBAR(barLegacy, pci.BARIO, &p.legacyBAR)
}

// legacyPorts is the proxy as seen through the legacy registers.
type legacyPorts Proxy

func (l *legacyPorts) proxy() *Proxy { return (*Proxy)(l) }

// configAt is where the configuration structure starts: after the vectors,
// which are there while MSI-X is enabled.
func (l *legacyPorts) configAt() uint64 {
	if l.proxy().MSIXEnabled() {
		return legacySize
	}
	return legacyConfigVector
}

// Read implements [memory.Ops].
func (l *legacyPorts) Read(addr uint64, size int) uint64 {
	p := l.proxy()
	d := p.Backend()
	if at := l.configAt(); addr >= at {
		return d.readConfig(addr-at, size)
	}
	q := d.Queue(int(d.selected))
	switch addr {
	case legacyHostFeatures:
		return d.offered & 0xffffffff
	case legacyGuestFeatures:
		return d.accepted & 0xffffffff
	case legacyPage:
		if q != nil {
			return q.desc >> legacyPageShift
		}
		return 0
	case legacyQueueSize:
		if q != nil {
			return uint64(q.size)
		}
		return 0
	case legacyQueueSelect:
		return uint64(d.selected)
	case legacyStatus:
		return uint64(d.status)
	case legacyISR:
		return p.readISR()
	case legacyConfigVector:
		return uint64(d.vector)
	case legacyQueueVector:
		if q != nil {
			return uint64(q.vector)
		}
		return NoVector
	}
	return ones(size)
}

// Write implements [memory.Ops].
func (l *legacyPorts) Write(addr uint64, size int, val uint64) {
	p := l.proxy()
	d := p.Backend()
	if at := l.configAt(); addr >= at {
		d.writeConfig(addr-at, size, val)
		return
	}
	q := d.Queue(int(d.selected))
	switch addr {
	case legacyGuestFeatures:
		if val>>featureBad&1 != 0 {
			val = 0 // a driver that takes everything knows nothing
		}
		d.acceptFeatures(val)
	case legacyPage:
		switch {
		case val == 0:
			p.writeStatus(0)
		case q != nil:
			q.setLegacy(val << legacyPageShift)
		}
	case legacyQueueSelect:
		p.selectQueue(val)
	case legacyQueueNotify:
		p.notifyQueue(val)
	case legacyStatus:
		p.writeStatus(uint8(val))
		// Old drivers forget the bus master bit; QEMU sets it for them when
		// they say that they found the device.
		if val == StatusAcknowledge|StatusDriver {
			p.ConfigWrite(4, 2, uint32(p.ConfigWord(4)|commandMaster))
		}
	case legacyConfigVector:
		d.vector = p.setVector(val)
	case legacyQueueVector:
		if q != nil {
			q.vector = p.setVector(val)
		}
	}
}
