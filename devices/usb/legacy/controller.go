package legacy

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

// kind is what tells one type of controller from another.
type kind struct {
	name  string // of the register block
	bar   int
	pci   pci.BARKind
	size  uint64 // of the BAR in bytes
	ports int    // 0: the property num-ports tells
	mask  usb.SpeedMask
}

const maxPorts = 15

var (
	uhci = kind{name: "uhci", bar: 4, pci: pci.BARIO, size: 0x20, ports: 2, mask: usb.USB1Mask}
	ehci = kind{name: "ehci", bar: 0, pci: pci.BARMem, size: 0x1000, ports: 6, mask: usb.Mask(usb.HighSpeed)}
	ohci = kind{name: "ohci", bar: 0, pci: pci.BARMem, size: 0x100, mask: usb.USB1Mask}
)

// Controller is the PCI function of a controller.
type Controller struct {
	pci.Device
	kind  *kind
	bar   memory.Region
	ports []usb.Port
	bus   usb.Bus // not of a companion
	taken []bool  // ports that have a companion
	undo  func()

	caps, oper, status memory.Region // of an EHCI
}

// Register adds the types of controllers.
func Register(t *qom.Types) {
	add := func(k *kind, parent string, names ...string) {
		for _, name := range names {
			t.Add(qom.TypeInfo{Name: name, Parent: parent, New: func() qom.Instance { return &Controller{kind: k} }})
		}
	}
	add(&uhci, "pci-uhci-usb", "piix3-usb-uhci", "piix4-usb-uhci",
		"ich9-usb-uhci1", "ich9-usb-uhci2", "ich9-usb-uhci3", "ich9-usb-uhci4", "ich9-usb-uhci5", "ich9-usb-uhci6")
	add(&ehci, "pci-ehci-usb", "usb-ehci", "ich9-usb-ehci1", "ich9-usb-ehci2")
	add(&ohci, "pci-device", "pci-ohci")
}

// RealizePCI implements [pci.Function].
func (c *Controller) RealizePCI() error {
	n := c.kind.ports
	if n == 0 {
		n = int(c.StoredUint("num-ports"))
		if n > maxPorts {
			return fmt.Errorf("OHCI num-ports=%d is too big (limit is %d ports)", n, maxPorts)
		}
	}
	if master := c.StoredString("masterbus"); master != "" {
		if err := c.join(master, n); err != nil {
			return err
		}
	} else {
		c.bus.InitBus(&c.Device.Device, nil, "")
		c.bus.Location = fmt.Sprintf("0000:%02x:%02x.%x", c.PCIBus().Number(), c.Slot(), c.Func())
		c.ports = make([]usb.Port, n)
		for i := range c.ports {
			c.bus.AddPort(&c.ports[i], c, i, c.kind.mask)
		}
		c.taken = make([]bool, n)
	}
	c.initRegions()
	return c.RegisterBAR(c.kind.bar, c.kind.pci, &c.bar)
}

// join makes the controller the companion of an EHCI, for n ports.
func (c *Controller) join(name string, n int) error {
	var master *Controller
	found := false
	for _, b := range usb.Buses(c.Env()) {
		if b.BusName() == name {
			found = true
			if m, ok := b.Device().Self().(*Controller); ok && m.kind == &ehci {
				master = m
			}
			break
		}
	}
	switch {
	case !found:
		return fmt.Errorf("USB bus '%s' not found", name)
	case master == nil:
		return fmt.Errorf("Can't use USB bus '%s' as masterbus, it doesn't support companion controllers", name)
	}
	first, most := int(c.StoredUint("firstport")), len(master.taken)-n
	if first < 0 || first > most {
		return fmt.Errorf("firstport must be between 0 and %d", most)
	}
	for i := first; i < first+n; i++ {
		if master.taken[i] {
			return fmt.Errorf("firstport %d asks for ports %d-%d, but port %d has a companion assigned already",
				first, first, first+n-1, i)
		}
	}
	for i := first; i < first+n; i++ {
		master.taken[i] = true
		p := &master.ports[i]
		p.SetMask(p.Mask() | c.kind.mask)
	}
	c.undo = func() {
		for i := first; i < first+n; i++ {
			master.taken[i] = false
			p := &master.ports[i]
			p.SetMask(p.Mask() &^ c.kind.mask)
		}
	}
	return nil
}

// ExitPCI implements [pci.Exiter].
func (c *Controller) ExitPCI() {
	if c.undo != nil {
		c.undo()
		c.undo = nil
	}
}

// Attach implements [usb.PortOps].
func (c *Controller) Attach(*usb.Port) {}

// Detach implements [usb.PortOps]; no packet is ever in flight.
func (c *Controller) Detach(*usb.Port) {}

// ChildDetach implements [usb.PortOps].
func (c *Controller) ChildDetach(*usb.Port, *usb.Device) {}

// Wakeup implements [usb.PortOps].
func (c *Controller) Wakeup(*usb.Port) {}

// Complete implements [usb.PortOps].
func (c *Controller) Complete(*usb.Port, *usb.Packet) {}
