package xhci

import (
	"fmt"
	"maps"
	"slices"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/vmstate"
)

// VMState implements [vmstate.Stater]. A transfer that is being worked on is
// taken off its ring again at the destination.
func (c *Core) VMState(f *vmstate.Fields) {
	c.Device.VMState(f)
	f.Group("operational", c.oper.VMState)
	f.Group("runtime", c.runtime.VMState)
	f.List("ports", len(c.ports), func(i int, f *vmstate.Fields) { c.ports[i].regs.VMState(f) })
	f.List("interrupters", len(c.intrs), func(i int, f *vmstate.Fields) {
		v := &c.intrs[i]
		f.Field("start", &v.start)
		f.Field("size", &v.size)
		f.Field("enqueue", &v.enqueue)
		f.Field("cycle", &v.cycle)
	})
	f.Group("commands", c.commands.state)
	f.Field("started", &c.started)
	var list []*slot
	for i := range c.slots {
		if c.slots[i] != nil && !f.Loading() {
			list = append(list, c.slots[i])
		}
	}
	f.Grow("slots", len(list), func(i int, f *vmstate.Fields) {
		if f.Loading() {
			list = append(list[:i], new(slot))
		}
		c.slotState(list[i], f)
	})
}

func (r *ring) state(f *vmstate.Fields) {
	f.Field("dequeue", &r.dequeue)
	f.Field("cycle", &r.cycle)
}

func (c *Core) slotState(s *slot, f *vmstate.Fields) {
	f.Field("number", &s.num)
	f.Field("context", &s.ctx)
	port := ""
	if s.plug != nil {
		port = s.plug.Path()
	}
	f.Field("port", &port)
	if f.Loading() {
		if s.num < 1 || s.num > maxSlots || c.slots[s.num] != nil {
			f.Fail(fmt.Errorf("slot %d", s.num))
			return
		}
		c.slots[s.num] = s
		s.plug = c.plugAt(port)
	}
	var list []*endpoint
	for _, e := range s.eps {
		if e != nil {
			list = append(list, e)
		}
	}
	f.Grow("endpoints", len(list), func(i int, f *vmstate.Fields) {
		if f.Loading() {
			list = append(list[:i], &endpoint{slot: s})
		}
		c.endpointState(list[i], f)
	})
}

// plugAt finds a port by its path, nil for none.
func (c *Core) plugAt(path string) *usb.Port {
	for _, p := range slices.Concat(c.bus.UsedPorts(), c.bus.FreePorts()) {
		if p.Path() == path {
			return p
		}
	}
	return nil
}

func (c *Core) endpointState(e *endpoint, f *vmstate.Fields) {
	f.Field("id", &e.id)
	f.Field("type", &e.typ)
	f.Field("state", &e.state)
	f.Field("context", &e.ctx)
	f.Field("stream-array", &e.array)
	f.Field("stream-count", &e.count)
	s := e.slot
	if f.Loading() {
		if e.id < 1 || e.id >= len(s.eps) || s.eps[e.id] != nil {
			f.Fail(fmt.Errorf("endpoint %d", e.id))
			return
		}
		s.eps[e.id] = e
	}
	active, stream := e.xfer.active, e.xfer.stream
	f.Field("active", &active)
	f.Field("active-stream", &stream)
	single := c.where(e, &e.ring)
	f.Group("ring", single.state)
	e.streamsState(c, f)
	if f.Loading() {
		e.ring = single
	}
	if active {
		f.Started(func() { c.kick(s, e.id, stream) })
	}
}

// where is where a ring stands; before the transfer that is being worked on.
func (c *Core) where(e *endpoint, r *ring) ring {
	if e.xfer.active && e.xfer.ring == r {
		return e.xfer.start
	}
	return *r
}

// streamsState is where the streams in use stand.
func (e *endpoint) streamsState(c *Core, f *vmstate.Fields) {
	if f.Loading() && e.count > 0 {
		e.streams = map[int]*ring{}
	}
	numbers := slices.Sorted(maps.Keys(e.streams))
	f.Grow("streams", len(numbers), func(i int, f *vmstate.Fields) {
		number, r := 0, ring{}
		if !f.Loading() {
			number, r = numbers[i], c.where(e, e.streams[numbers[i]])
		}
		f.Field("number", &number)
		r.state(f)
		if f.Loading() && e.streams != nil {
			e.streams[number] = &r
		}
	})
}
