package virtio

import (
	"fmt"

	"github.com/qomd/qomd/devices/vmstate"
)

// VMState saves or loads what the driver knows. An empty Device, made with
// [New], is to be loaded; its hardware is asked for nothing.
func (d *Device) VMState(f *vmstate.Fields) {
	f.Field("number", &d.number)
	if f.Loading() {
		newModel := models[d.number]
		if newModel == nil {
			f.Fail(fmt.Errorf("no driver for devices of number %d", d.number))
			return
		}
		d.model = newModel()
		if disk, ok := d.model.(*Disk); ok {
			disk.d = d
		}
	}
	f.Field("structures", &d.at)
	f.Field("notify-multiplier", &d.mult)
	f.Field("features", &d.bits)
	dead := d.err != nil
	f.Field("dead", &dead)
	if f.Loading() && dead {
		d.err = errLost
	}
	vmstate.Slice(f, "queues", &d.queues, func(q **Queue, f *vmstate.Fields) {
		if there(f, *q != nil) {
			if f.Loading() {
				*q = &Queue{d: d}
			}
			(*q).state(f)
		}
	})
	f.Group("model", d.model.state)
}

// New returns the driver of a function for [Device.VMState] to load.
func New(hw Hardware) *Device { return &Device{hw: hw} }

// there saves or loads whether an element is there.
func there(f *vmstate.Fields, is bool) bool {
	f.Field("there", &is)
	return is
}

func (q *Queue) state(f *vmstate.Fields) {
	f.Field("number", &q.n)
	f.Field("size", &q.size)
	f.Field("desc", &q.desc)
	f.Field("avail", &q.avail)
	f.Field("used", &q.used)
	f.Field("notify", &q.notify)
	f.Field("free", &q.free)
	f.Field("added", &q.added)
	f.Field("seen", &q.seen)
	vmstate.Slice(f, "chains", &q.chains, func(c **chain, f *vmstate.Fields) {
		if there(f, *c != nil) {
			if f.Loading() {
				*c = new(chain)
			}
			(*c).state(f)
		}
	})
}

func (c *chain) state(f *vmstate.Fields) {
	f.Field("descriptors", &c.descs)
	f.Field("slot", &c.slot)
	f.Field("kind", &c.kind)
	vmstate.Slice(f, "buffers", &c.bufs, func(b *buffer, f *vmstate.Fields) {
		f.Field("address", &b.addr)
		f.Field("length", &b.len)
		f.Field("written", &b.write)
	})
}

func (b *balloon) state(f *vmstate.Fields) {
	f.Field("memory", &b.memory)
	f.Field("pages", &b.pages)
	f.Field("moving", &b.moving)
}

func (c *console) state(f *vmstate.Fields) {
	f.Field("memory", &c.memory)
	f.Field("free", &c.free)
}

func (k *Disk) state(f *vmstate.Fields) {
	f.Field("memory", &k.memory)
	f.Field("free", &k.free)
	f.Field("waiting", &k.waiting)
	f.Field("turn", &k.turn)
}

// state has nothing to say: buffers are in the queues.
func (r *receiver) state(*vmstate.Fields) {}
