package nic

import (
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Card is a PCI network card as far as the tree goes: it shows itself to
// drivers, has an address, and takes a network. Its registers answer nothing.
type Card struct {
	pci.Device
	mac qdev.MAC
}

// MAC returns the address of the card.
func (c *Card) MAC() qdev.MAC { return c.mac }

// RealizePCI implements [pci.Function].
func (c *Card) RealizePCI() error {
	c.RealizeFromFacts()
	c.mac = Address(c.Qdev())
	return nil
}

// cards are the types of PCI network cards; e1000-base stands for three.
var cards = [...]string{
	"e1000-base", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "tulip", "vmxnet3",
	"i82550", "i82551", "i82557a", "i82557b", "i82557c", "i82558a", "i82558b", "i82559a",
	"i82559b", "i82559c", "i82559er", "i82562", "i82801",
}

// Register adds PCI network cards to t, those that its catalog has.
func Register(t *qom.Types) {
	for _, typ := range cards {
		if t.HasFacts(typ) {
			t.Add(qom.TypeInfo{
				Name: typ, Parent: "pci-device", Abstract: typ == "e1000-base",
				New: func() qom.Instance { return new(Card) },
			})
		}
	}
	if t.HasFacts("rocker") {
		t.Add(qom.TypeInfo{Name: "rocker", Parent: "pci-device", New: func() qom.Instance { return new(Rocker) }})
	}
}
