package cxl

import (
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// HostBridge is pxb-cxl-host, the host bridge of an expander pxb-cxl: its
// registers are in the machine's memory, see [Windows].
type HostBridge struct {
	pci.Host
	component component
}

func registerHost(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "pxb-cxl-host", Parent: "sys-bus-device", New: func() qom.Instance { return new(HostBridge) }})
}

// Realize implements [qdev.Realizer].
func (h *HostBridge) Realize() error {
	h.component.host, h.component.routes = true, true
	h.component.init(h.Env().Memory, &h.Object)
	return nil
}

// Unrealize implements [qdev.Unrealizer]: the registers do not show any more.
func (h *HostBridge) Unrealize() {
	if c := h.component.block.Container(); c != nil {
		c.DelSubregion(&h.component.block)
	}
}

// Reset implements [qdev.Resetter]. With one port there is nothing to decode,
// unless the expander is to do so all the same.
func (h *HostBridge) Reset() {
	c := &h.component
	c.hdm = hdmFour | hdmEightTarget
	through := !h.Expander().StoredBool("hdm_for_passthrough") && len(ports(h.PCIBus())) == 1
	if through {
		c.hdm = hdmFour | hdmOneTarget
	}
	c.reset()
	if through {
		c.set(decodersAt, c.reg(decodersAt)&^0xffff)
	}
}

// decodersAt is the place of the decoders' entry in a host bridge's capabilities.
const decodersAt = 3 * 4

// passesThrough reports whether all addresses go to the only port.
func (h *HostBridge) passesThrough() bool { return h.component.reg(decodersAt)&0xffff == 0 }

// VMState implements [vmstate.Stater].
func (h *HostBridge) VMState(f *vmstate.Fields) {
	h.Host.VMState(f)
	f.Field("component", &h.component.regs)
}

// ports lists the ports on a bus that lead away from the root.
func ports(b *pci.Bus) []*pci.Device {
	var list []*pci.Device
	for _, d := range b.Functions() {
		if br := pci.BridgeFrom(d); br != nil && br.Downstream() {
			list = append(list, d)
		}
	}
	return list
}

// behind returns the function that an address leads to through a port of b, nil
// when none does.
func (c *component) behind(b *pci.Bus, addr uint64) *pci.Device {
	number, ok := c.target(addr)
	if !ok {
		return nil
	}
	for _, p := range ports(b) {
		if p.StoredUint("port") == uint64(number) {
			return pci.BridgeFrom(p).Secondary().At(0)
		}
	}
	return nil
}

// expander returns the device that an address leads to, through one switch at
// most, nil when none does.
func (h *HostBridge) expander(addr uint64) *Type3 {
	var d *pci.Device
	if h.passesThrough() {
		if list := ports(h.PCIBus()); len(list) > 0 {
			d = pci.BridgeFrom(list[0]).Secondary().At(0)
		}
	} else {
		d = h.component.behind(h.PCIBus(), addr)
	}
	if d == nil {
		return nil
	}
	if up, ok := d.Self().(*upstreamPort); ok {
		if d = up.component.behind(up.Secondary(), addr); d == nil {
			return nil
		}
	}
	return From(&d.Object)
}
