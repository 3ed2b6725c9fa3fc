package virtio

import "github.com/qomd/qomd/devices/regs"

// Registers of the common configuration, VIRTIO 1.2 section 4.1.4.3, in the
// order of commonTable.
const (
	regDeviceFeatureSelect regs.Reg = iota
	regDeviceFeature
	regDriverFeatureSelect
	regDriverFeature
)

// commonTable is the layout of the common configuration. Most registers stand
// for the state of the device or of the selected queue and keep nothing
// themselves.
var commonTable = regs.NewTable(partSize, []regs.Row[*Proxy]{
	{Name: "device_feature_select", Off: 0, Write: 0xffffffff},
	{Name: "device_feature", Off: 4, OnRead: func(p *Proxy, _ int, _ uint64) uint64 {
		return half(p.Backend().offered&^legacyOnly, p.block.Get(regDeviceFeatureSelect))
	}},
	{Name: "driver_feature_select", Off: 8, Write: 0xffffffff},
	{Name: "driver_feature", Off: 12,
		OnRead: func(p *Proxy, _ int, _ uint64) uint64 {
			if sel := p.block.Get(regDriverFeatureSelect); sel < 2 {
				return uint64(p.driverBits[sel])
			}
			return 0
		},
		OnWrite: func(p *Proxy, _ int, _, _, raw uint64) {
			if sel := p.block.Get(regDriverFeatureSelect); sel < 2 {
				p.driverBits[sel] = uint32(raw)
				p.Backend().acceptFeatures(uint64(p.driverBits[1])<<32 | uint64(p.driverBits[0]))
			}
		}},
	{Name: "config_msix_vector", Off: 16, Size: 2,
		OnRead:  func(p *Proxy, _ int, _ uint64) uint64 { return uint64(p.Backend().vector) },
		OnWrite: func(p *Proxy, _ int, _, _, raw uint64) { p.Backend().vector = p.setVector(raw) }},
	{Name: "num_queues", Off: 18, Size: 2, OnRead: func(p *Proxy, _ int, _ uint64) uint64 {
		n := p.Backend().Queues()
		for n > 0 && p.Backend().Queue(n-1) == nil {
			n--
		}
		return uint64(n)
	}},
	{Name: "device_status", Off: 20, Size: 1,
		OnRead:  func(p *Proxy, _ int, _ uint64) uint64 { return uint64(p.Backend().status) },
		OnWrite: func(p *Proxy, _ int, _, _, raw uint64) { p.writeStatus(uint8(raw)) }},
	{Name: "config_generation", Off: 21, Size: 1,
		OnRead: func(p *Proxy, _ int, _ uint64) uint64 { return uint64(p.Backend().config.count) }},
	{Name: "queue_select", Off: 22, Size: 2,
		OnRead:  func(p *Proxy, _ int, _ uint64) uint64 { return uint64(p.Backend().selected) },
		OnWrite: func(p *Proxy, _ int, _, _, raw uint64) { p.selectQueue(raw) }},
	{Name: "queue_size", Off: 24, Size: 2,
		OnRead: ofQueue(func(q *Queue) uint64 { return uint64(q.size) }),
		OnWrite: onQueue(func(_ *Proxy, q *Queue, raw uint64) {
			if !q.enabled {
				q.setSize(uint16(raw))
			}
		})},
	{Name: "queue_msix_vector", Off: 26, Size: 2,
		OnRead:  ofQueue(func(q *Queue) uint64 { return uint64(q.vector) }),
		OnWrite: onQueue(func(p *Proxy, q *Queue, raw uint64) { q.vector = p.setVector(raw) })},
	{Name: "queue_enable", Off: 28, Size: 2,
		OnRead: ofQueue(func(q *Queue) uint64 { return flag(q.enabled) }),
		OnWrite: onQueue(func(p *Proxy, q *Queue, raw uint64) {
			if raw != 1 {
				p.Backend().Break("wrong value for queue_enable %x", raw)
				return
			}
			q.enabled = true
		})},
	{Name: "queue_notify_off", Off: 30, Size: 2, OnRead: ofQueue(func(q *Queue) uint64 { return uint64(q.index) })},
	address("queue_desc_lo", 32, 0, func(q *Queue) *uint64 { return &q.desc }),
	address("queue_desc_hi", 36, 32, func(q *Queue) *uint64 { return &q.desc }),
	address("queue_driver_lo", 40, 0, func(q *Queue) *uint64 { return &q.avail }),
	address("queue_driver_hi", 44, 32, func(q *Queue) *uint64 { return &q.avail }),
	address("queue_device_lo", 48, 0, func(q *Queue) *uint64 { return &q.used }),
	address("queue_device_hi", 52, 32, func(q *Queue) *uint64 { return &q.used }),
	{Name: "queue_notify_data", Off: 56, Size: 2, OnRead: ofQueue(func(q *Queue) uint64 { return uint64(q.index) })},
	{Name: "queue_reset", Off: 58, Size: 2, OnWrite: onQueue(func(p *Proxy, q *Queue, raw uint64) {
		if raw == 1 && p.Backend().Accepted(FeatureRingReset) {
			q.reset()
		}
	})},
})

// legacyOnly are features of the legacy interface that virtio 1.x has not.
const legacyOnly = 1<<FeatureNotifyOnEmpty | 1<<FeatureAnyLayout

// half is the lower or upper half of 64 features; there are no others.
func half(bits, sel uint64) uint64 {
	if sel > 1 {
		return 0
	}
	return bits >> (32 * sel) & 0xffffffff
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// ofQueue reads a register of the selected queue, 0 when there is none.
func ofQueue(f func(q *Queue) uint64) func(*Proxy, int, uint64) uint64 {
	return func(p *Proxy, _ int, _ uint64) uint64 {
		if q := p.Backend().Queue(int(p.Backend().selected)); q != nil {
			return f(q)
		}
		return 0
	}
}

// onQueue writes one.
func onQueue(f func(p *Proxy, q *Queue, raw uint64)) func(*Proxy, int, uint64, uint64, uint64) {
	return func(p *Proxy, _ int, _, _, raw uint64) {
		if q := p.Backend().Queue(int(p.Backend().selected)); q != nil {
			f(p, q, raw)
		}
	}
}

// address is half of a 64-bit address of the selected queue; it cannot change
// while the queue is enabled.
func address(name string, off uint64, shift uint, field func(q *Queue) *uint64) regs.Row[*Proxy] {
	return regs.Row[*Proxy]{Name: name, Off: off,
		OnRead: ofQueue(func(q *Queue) uint64 { return *field(q) >> shift & 0xffffffff }),
		OnWrite: onQueue(func(_ *Proxy, q *Queue, raw uint64) {
			if !q.enabled {
				*field(q) = *field(q)&^(0xffffffff<<shift) | raw<<shift
			}
		})}
}

// selectQueue chooses the queue that the registers are about.
func (p *Proxy) selectQueue(n uint64) {
	if n < maxQueue {
		p.Backend().selected = uint16(n)
	}
}

// writeStatus is the driver's write to the device status; a reset takes the
// driver's features along.
func (p *Proxy) writeStatus(val uint8) {
	d := p.Backend()
	d.SetStatus(val)
	if d.status == 0 {
		p.driverBits = [2]uint32{}
		p.SetIRQ(false)
	}
}
