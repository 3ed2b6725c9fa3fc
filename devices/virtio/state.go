package virtio

import (
	"fmt"

	"github.com/qomd/qomd/devices/vmstate"
)

// VMState implements [vmstate.Stater].
func (p *Proxy) VMState(f *vmstate.Fields) {
	p.Device.VMState(f)
	f.Field("driver-features", &p.driverBits)
	if p.modern {
		f.Group("common", p.block.VMState)
	}
}

// VMState implements [vmstate.Stater]: what the driver has agreed on with the
// device. Elements that are in flight are taken again at the destination.
func (d *Device) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	offered := d.offered
	f.Field("offered", &offered)
	if offered != d.offered {
		f.Fail(fmt.Errorf("Features 0x%x unsupported. Allowed features: 0x%x", offered, d.offered))
	}
	f.Field("accepted", &d.accepted)
	f.Field("status", &d.status)
	f.Field("isr", &d.isr)
	f.Field("generation", &d.config.count)
	f.Field("generation-read", &d.config.read)
	f.Field("config-vector", &d.vector)
	f.Field("queue-selected", &d.selected)
	f.Field("out-of-reach", &d.disabled)
	f.Field("broken", &d.broken)
	f.Field("requests", &d.requests)
	f.List("queues", len(d.queues), func(i int, f *vmstate.Fields) { d.queues[i].state(f) })
	f.Started(func() {
		for _, q := range d.queues {
			q.notify()
		}
	})
}

func (q *Queue) state(f *vmstate.Fields) {
	if f.Loading() {
		q.rings.release()
	}
	f.Field("maximum", &q.maximum)
	f.Field("size", &q.size)
	f.Field("vector", &q.vector)
	f.Field("enabled", &q.enabled)
	f.Field("desc", &q.desc)
	f.Field("avail", &q.avail)
	f.Field("used", &q.used)
	f.Field("last-avail", &q.lastAvail)
	f.Field("seen-avail", &q.seenAvail)
	f.Field("used-index", &q.usedIndex)
	f.Field("signalled", &q.signalled)
	f.Field("ever-signalled", &q.everSignal)
	f.Field("notify-driver", &q.notifyDrv)
	f.Field("taken", &q.taken)
	f.Field("done", &q.done)
	again := q.again
	for _, e := range q.out {
		again = append(again, e.head)
	}
	f.Field("in-flight", &again)
	if f.Loading() {
		q.again = again
		q.taken -= uint64(len(again)) // they are counted when they are taken
	}
}

// VMState implements [vmstate.Stater].
func (b *Balloon) VMState(f *vmstate.Fields) {
	b.Device.VMState(f)
	f.Field("target", &b.target)
	f.Field("actual", &b.actual)
}

// VMState implements [vmstate.Stater].
func (b *Blk) VMState(f *vmstate.Fields) {
	b.Device.VMState(f)
	f.Field("write-cache", &b.wce)
}

// VMState implements [vmstate.Stater].
func (i *Input) VMState(f *vmstate.Fields) {
	i.Device.VMState(f)
	f.Field("section", &i.section)
	f.Field("which", &i.which)
	f.Loaded(func() { i.StatusChanged(0, i.status) })
}

// VMState implements [vmstate.Stater].
func (n *Net) VMState(f *vmstate.Fields) {
	n.Device.VMState(f)
	f.Field("sent", &n.sent)
	f.Field("mac", &n.mac)
	f.Field("link-down", &n.linkDown)
	f.Field("standby-shown", &n.standby.shown)
	f.Loaded(func() {
		if n.standby.shown {
			f.Loaded(n.joinPrimary) // behind everybody else: it is plugged
		}
	})
}

// VMState implements [vmstate.Stater].
func (p *Port) VMState(f *vmstate.Fields) {
	p.Device.VMState(f)
	f.Field("guest-open", &p.guest)
}

// VMState implements [vmstate.Stater].
func (r *RNG) VMState(f *vmstate.Fields) {
	r.Device.VMState(f)
	seed, err := r.source.MarshalBinary()
	f.Field("source", &seed)
	if f.Loading() {
		err = r.source.UnmarshalBinary(seed)
	}
	if err != nil {
		f.Fail(err)
	}
}

// VMState implements [vmstate.Stater].
func (m *Mem) VMState(f *vmstate.Fields) {
	m.memdev.VMState(f)
	f.Field("requested", &m.requested)
	f.Field("usable", &m.usable)
	f.Field("blocks", &m.plugged)
	f.Field("count", &m.count)
}
