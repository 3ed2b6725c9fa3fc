package cxl

import (
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// slotPort is cxl-rp, a root port, or cxl-downstream, a switch's port: a port of
// PCI Express with the registers of a CXL component.
type slotPort struct {
	pci.Slot
	component component
}

// upstreamPort is cxl-upstream, a switch's port towards the root.
type upstreamPort struct {
	pci.Port
	component component
}

func registerPorts(t *qom.Types) {
	express := []string{"pci-express-device"}
	t.Add(qom.TypeInfo{Name: "CXL", Parent: "PCIE"})
	for name, parent := range map[string]string{"cxl-rp": "pcie-root-port-base", "cxl-downstream": "pcie-slot"} {
		t.Add(qom.TypeInfo{Name: name, Parent: parent, Interfaces: express, ClassInit: pci.PortClass(name),
			New: func() qom.Instance { p := new(slotPort); p.SetDefaults(); return p }})
	}
	t.Add(qom.TypeInfo{Name: "cxl-upstream", Parent: "pcie-port", Interfaces: express, ClassInit: pci.PortClass("cxl-upstream"),
		New: func() qom.Instance { return new(upstreamPort) }})
}

// portKind is what the ports differ in.
type portKind struct {
	hdm  uint32 // capability of its decoders
	at   int    // of the first capability of CXL
	list []dvsec
}

// extensions are those of ports, CXL 3.1 section 8.1.5: what the switch's own
// port, whose power is stable at once, says in its status.
func extensions(status uint32) dvsec {
	return dvsec{id: 3, body: []uint32{status<<16 | 3, 0, 0, 0, 0, 0, 0, 0},
		write: map[int]uint32{1: 0xffff400f, 2: 0xfff0fff0, 3: 0xfff0fff0, 4: 0xffffffff, 5: 0xffffffff}}
}

// link is the link's capability and what of its control a guest can write.
func link(caps, status, write uint32) dvsec {
	d := dvsec{id: 7, revision: 2, body: []uint32{caps<<16 | 7, status, 0xef, 0, 0, 0}}
	if write != 0 {
		d.write = map[int]uint32{1: write}
	}
	return d
}

// flush is global persistent flush: phases of 1 microsecond at most, and what
// comes of that times 15.
var flush = dvsec{id: 4, body: []uint32{4, 0x00010001}, write: map[int]uint32{1: 0x0f0f0f0f}}

// located says that the component's registers are in BAR 0.
var located = dvsec{id: 8, body: []uint32{8, 1<<8 | componentBAR, 0, 0, 0, 0, 0}}

// kindOf returns what a port has, as QEMU's have it.
func kindOf(typ string) portKind {
	switch typ {
	case "cxl-rp":
		return portKind{hdmFour | hdmOneTarget, 0x150, []dvsec{extensions(0), flush, link(0x26, 0x00060002, 0xbd), located}}
	case "cxl-downstream":
		return portKind{0, 0x148, []dvsec{extensions(0), link(0x27, 0x00060002, 0xfd), flush, located}}
	}
	return portKind{hdmFour | hdmEightTarget, 0x154, []dvsec{extensions(1), link(0x27, 0x00260027, 0), located}}
}

// addComponent gives a port the registers.
func addComponent(d *pci.Device, c *component) error {
	kind := kindOf(d.TypeName())
	c.hdm, c.routes = kind.hdm, true
	c.init(d.Env().Memory, &d.Object)
	addVendorCapabilities(d, kind.at, kind.list)
	return d.RegisterBAR(componentBAR, pci.BARMem|pci.BARMem64, &c.block)
}

// RealizePCI implements [pci.Function].
func (p *slotPort) RealizePCI() error {
	err := p.Slot.RealizePCI()
	if err != nil {
		return err
	}
	if err = addComponent(p.PCI(), &p.component); err != nil {
		p.ExitPCI()
	}
	return err
}

// ResetPCI implements [pci.FunctionResetter].
func (p *slotPort) ResetPCI() {
	p.Slot.ResetPCI()
	p.component.reset()
}

// VMState implements [vmstate.Stater].
func (p *slotPort) VMState(f *vmstate.Fields) {
	p.Slot.VMState(f)
	f.Field("component", &p.component.regs)
}

// RealizePCI implements [pci.Function].
func (p *upstreamPort) RealizePCI() error {
	err := p.Port.RealizePCI()
	if err != nil {
		return err
	}
	if err = addComponent(p.PCI(), &p.component); err != nil {
		p.ExitPCI()
	}
	return err
}

// ResetPCI implements [pci.FunctionResetter].
func (p *upstreamPort) ResetPCI() {
	p.Port.ResetPCI()
	p.component.reset()
}

// VMState implements [vmstate.Stater].
func (p *upstreamPort) VMState(f *vmstate.Fields) {
	p.Port.VMState(f)
	f.Field("component", &p.component.regs)
}
