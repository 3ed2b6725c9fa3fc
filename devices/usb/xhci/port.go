package xhci

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/regs"
	"github.com/qomd/qomd/devices/usb"
)

// Port registers, xHCI 5.4.8 to 5.4.10.
const (
	portPORTSC regs.Reg = iota
	portPORTPMSC
	portPORTLI
)

// Bits of PORTSC.
const (
	scConnected  = 1 << 0
	scEnabled    = 1 << 1 // writing 1 disables
	scReset      = 1 << 4
	scLinkShift  = 5 // 4 bits
	scPower      = 1 << 9
	scSpeedShift = 10 // 4 bits
	scLinkWrite  = 1 << 16
	scConnectChg = 1 << 17
	scWarmChg    = 1 << 19
	scResetChg   = 1 << 21
	scLinkChg    = 1 << 22
	scWarmReset  = 1 << 31
	scWritable   = 3<<14 | 7<<25 // indicator, wake-up events
	scChanges    = 0x7f<<17 | scEnabled
)

// Link states.
const (
	linkU0     = 0
	linkU3     = 3
	linkDetect = 5 // nothing connected
	linkPoll   = 7
	linkResume = 15
)

// port is a root port of one protocol. A device sits at one of the two ports
// that share a connector, whichever has its speed.
type port struct {
	core *Core
	num  int // as the guest counts, from 1 on
	name string
	mask usb.SpeedMask
	plug *usb.Port
	mem  memory.Region
	regs regs.Block[*port]
}

// initPorts makes the connectors and their ports, USB 3.0 ports first.
func (c *Core) initPorts() {
	c.ports = make([]port, c.n2+c.n3)
	c.plugs = make([]usb.Port, max(c.n2, c.n3))
	for i := range c.plugs {
		var mask usb.SpeedMask
		if i < c.n2 {
			c.initPort(c.n3+i, i, fmt.Sprintf("usb2 port #%d", i+1), usb.USB2Mask)
			mask |= usb.USB2Mask
		}
		if i < c.n3 {
			c.initPort(i, i, fmt.Sprintf("usb3 port #%d", i+1), usb.USB3Mask)
			mask |= usb.USB3Mask
		}
		c.bus.AddPort(&c.plugs[i], c, i, mask)
	}
}

func (c *Core) initPort(at, plug int, name string, mask usb.SpeedMask) {
	p := &c.ports[at]
	p.core, p.num, p.name, p.mask, p.plug = c, at+1, name, mask, &c.plugs[plug]
	p.regs = c.tables.port.New(p)
	p.regs.Set(portPORTSC, scPower|linkDetect<<scLinkShift)
}

// portOf returns the port of a connector that has the device's speed.
func (c *Core) portOf(plug *usb.Port) *port {
	d := plug.Device()
	for i := range c.ports {
		if p := &c.ports[i]; d != nil && p.plug == plug && p.mask.Has(d.Speed()) {
			return p
		}
	}
	return nil
}

// device returns the attached device that the port sees, nil for none.
func (p *port) device() *usb.Device {
	if d := p.plug.Device(); d != nil && d.Attached() && p.mask.Has(d.Speed()) {
		return d
	}
	return nil
}

// reset is what a controller reset does to a port: a device that is there is
// connected anew.
func (p *port) reset() {
	p.regs.Reset(true)
	p.update(p.device())
}

// update shows whether a device is connected, and tells the guest of the
// change.
func (p *port) update(d *usb.Device) {
	v := uint64(scPower | linkDetect<<scLinkShift)
	if d != nil {
		v = scPower | scConnected | protocolSpeed(d.Speed())<<scSpeedShift
		if d.Speed() == usb.SuperSpeed { // trains its link by itself, xHCI 4.3.1
			v |= scEnabled | linkU0<<scLinkShift
		} else {
			v |= linkPoll << scLinkShift
		}
	}
	old := p.regs.Get(portPORTSC)
	p.regs.Set(portPORTSC, v|old&(scChanges&^scEnabled|scWritable))
	// As QEMU: a reset announces a change at empty ports as well.
	p.notify(scConnectChg)
}

// protocolSpeed is the speed id of xHCI 7.2.2.1.1.
func protocolSpeed(s usb.Speed) uint64 {
	return [...]uint64{usb.LowSpeed: 2, usb.FullSpeed: 1, usb.HighSpeed: 3, usb.SuperSpeed: 4}[s]
}

// notify sets change bits and tells the guest, if any is new, xHCI 4.19.2.
func (p *port) notify(bits uint64) {
	if p.regs.Get(portPORTSC)&bits == bits {
		return
	}
	p.regs.SetBits(portPORTSC, 0, bits)
	c := p.core
	c.oper.SetBits(opUSBSTS, 0, stsPort)
	if c.running() {
		c.tell(0, event{kind: evPortChange, code: ccSuccess, pointer: uint64(p.num) << 24})
	}
}

func (p *port) setLink(state uint64) {
	p.regs.Set(portPORTSC, p.regs.Get(portPORTSC)&^(0xf<<scLinkShift)|state<<scLinkShift)
}

func (p *port) link() uint64 { return p.regs.Get(portPORTSC) >> scLinkShift & 0xf }

// written acts on the bits of PORTSC that are requests.
func (p *port) written(_ int, _, _, raw uint64) {
	switch {
	case raw&scWarmReset != 0 && p.mask.Has(usb.SuperSpeed):
		p.resetDevice(scResetChg | scWarmChg)
	case raw&scReset != 0:
		p.resetDevice(scResetChg)
	case raw&scLinkWrite != 0:
		switch want := raw >> scLinkShift & 0xf; {
		case want == linkU0 && p.link() != linkU0:
			p.setLink(linkU0)
			p.notify(scLinkChg)
		case want == linkU3 && p.link() < linkU3:
			p.setLink(linkU3)
		}
	}
}

// resetDevice resets what is connected; afterwards the port is enabled.
func (p *port) resetDevice(changes uint64) {
	d := p.device()
	if d == nil {
		return
	}
	d.ResetPort()
	p.setLink(linkU0)
	p.regs.SetBits(portPORTSC, 0, scEnabled)
	p.notify(changes)
}

// Attach implements [usb.PortOps].
func (c *Core) Attach(plug *usb.Port) {
	if p := c.portOf(plug); p != nil {
		p.update(plug.Device())
	}
}

// Detach implements [usb.PortOps].
func (c *Core) Detach(plug *usb.Port) {
	c.detachSlot(plug)
	if p := c.portOf(plug); p != nil {
		p.update(nil)
	}
}

// ChildDetach implements [usb.PortOps].
func (c *Core) ChildDetach(_ *usb.Port, d *usb.Device) { c.detachSlot(d.Port()) }

// Wakeup implements [usb.PortOps]: a suspended port resumes.
func (c *Core) Wakeup(plug *usb.Port) {
	if p := c.portOf(plug); p != nil && p.link() == linkU3 {
		p.setLink(linkResume)
		p.notify(scLinkChg)
	}
}
