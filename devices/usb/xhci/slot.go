package xhci

import (
	"encoding/binary"
	"strconv"

	"github.com/qomd/qomd/devices/usb"
)

// Sizes of contexts, xHCI 6.2: this controller has the short ones.
const (
	contextSize  = 32
	contextWords = contextSize / 4
)

// context is a slot, endpoint or input control context as its words.
type context [contextWords]uint32

// Slot states, xHCI 4.5.3.
const (
	slotEnabled    = 0
	slotDefault    = 1
	slotAddressed  = 2
	slotConfigured = 3
)

// slot is what the controller knows of a device, xHCI 4.5.
type slot struct {
	num  int
	ctx  uint64 // device context; 0 before the device was addressed
	plug *usb.Port
	eps  [32]*endpoint // by device context index, from 1 on
}

// device returns the device of the slot, nil when it is gone.
func (s *slot) device() *usb.Device {
	if s.plug == nil {
		return nil
	}
	if d := s.plug.Device(); d != nil && d.Attached() {
		return d
	}
	return nil
}

func (c *Core) readContext(addr uint64) (ctx context, ok bool) {
	var b [contextSize]byte
	ok = c.read(addr, b[:])
	for i := range ctx {
		ctx[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return ctx, ok
}

func (c *Core) writeContext(addr uint64, ctx context) bool {
	var b [contextSize]byte
	for i, w := range ctx {
		binary.LittleEndian.PutUint32(b[4*i:], w)
	}
	return c.write(addr, b[:])
}

// slotState returns the state in a slot context.
func (ctx context) slotState() int { return int(ctx[3] >> 27) }

func (ctx *context) setSlotState(state int) { ctx[3] = ctx[3]&^(0x1f<<27) | uint32(state)<<27 }

// deviceContext returns where the guest keeps the context of a slot.
func (c *Core) deviceContext(n int) (uint64, bool) {
	base := c.oper.Get(opDCBAAPLow) | c.oper.Get(opDCBAAPHigh)<<32
	var b [8]byte
	if !c.read(base+8*uint64(n), b[:]) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b[:]) &^ 0x3f, true
}

// findPlug returns the port that a slot context names: a root port and a route
// of 4 bits per hub, xHCI 6.2.2.
func (c *Core) findPlug(ctx context) *usb.Port {
	root := int(ctx[1] >> 16 & 0xff)
	if root < 1 || root > len(c.ports) {
		return nil
	}
	path := c.ports[root-1].plug.Path()
	for route := ctx[0] & 0xfffff; route&0xf != 0; route >>= 4 {
		path += "." + strconv.Itoa(int(route&0xf))
	}
	for _, p := range c.bus.UsedPorts() {
		if p.Path() == path {
			return p
		}
	}
	return nil
}

// enableSlot answers the number of a new slot, 0 when all are taken.
func (c *Core) enableSlot() int {
	for i := 1; i <= maxSlots; i++ {
		if c.slots[i] == nil {
			c.slots[i] = &slot{num: i}
			return i
		}
	}
	return 0
}

// disableSlot forgets a slot; nothing happens when it was not enabled.
func (c *Core) disableSlot(n int) {
	s := c.slots[n]
	if s == nil {
		return
	}
	for id := range s.eps {
		c.disableEndpoint(s, id)
	}
	c.slots[n] = nil
}

// detachSlot ends all transfers with the device at a port, which leaves.
func (c *Core) detachSlot(plug *usb.Port) {
	for _, s := range c.slots {
		if s == nil || s.plug != plug || plug == nil {
			continue
		}
		for _, e := range s.eps {
			if e != nil {
				c.cancel(e, ccInvalid)
			}
		}
		s.plug = nil
	}
}

// slotOf returns the slot whose device is d.
func (c *Core) slotOf(d *usb.Device) *slot {
	for _, s := range c.slots {
		if s != nil && s.plug != nil && s.plug.Device() == d {
			return s
		}
	}
	return nil
}
