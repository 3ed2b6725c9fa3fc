package chipset

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// isaCard is an ISA device that is known by its tree alone: its ports answer
// nothing. One that is part of a board has from there what it shows.
type isaCard struct {
	qdev.Device
	wiring
	model *cardModel
	ports []memory.Region
	bus   qdev.Bus
}

// cardModel is what they differ in.
type cardModel struct {
	ports []cardPorts
	bus   string // type of the bus it offers, empty for none
	max   int    // devices on the bus
}

// cardPorts is a range of ports, from where a property says.
type cardPorts struct {
	name, base   string
	offset, size uint64
	list         bool // one of a list of ports
}

var cardModels = map[string]*cardModel{
	"isa-fdc":  {ports: []cardPorts{{"fdc", "iobase", 1, 5, true}, {"fdc", "iobase", 7, 1, true}}, bus: "floppy-bus", max: 2},
	"isa-ide":  {ports: []cardPorts{{"ide", "iobase", 0, 8, true}, {"ide", "iobase2", 0, 1, true}}, bus: "IDE", max: 2},
	"ne2k_isa": {ports: []cardPorts{{"ne2000", "iobase", 0, 32, false}}},
}

// Realize implements [qdev.Realizer].
func (c *isaCard) Realize() error {
	if c.board != nil {
		return nil
	}
	c.ports = make([]memory.Region, len(c.model.ports))
	for i, p := range c.model.ports {
		c.ports[i].InitIO(c.Env().Memory, &c.Object, memory.Funcs{}, p.name, p.size)
		if p.list {
			c.ports[i].InPortList()
		}
		c.Env().SystemIO.AddSubregion(c.StoredUint(p.base)+p.offset, &c.ports[i])
	}
	if c.model.bus != "" {
		qdev.InitBus(&c.bus, c.model.bus, c.Qdev(), nil, "").MaxDevices = c.model.max
	}
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (c *isaCard) Unrealize() {
	for i := range c.ports {
		if in := c.ports[i].Container(); in != nil {
			in.DelSubregion(&c.ports[i])
		}
	}
}

func registerCards(t *qom.Types) {
	for typ, m := range cardModels {
		t.Add(qom.TypeInfo{Name: typ, Parent: "isa-device", New: func() qom.Instance { return &isaCard{model: m} }})
	}
}
