package chipset

import (
	"errors"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// isaPort is a serial or parallel port. Nothing comes out of it, and what is
// sent to it is kept back, since there is no guest to read it.
type isaPort struct {
	qdev.Device
	model  *portModel
	region memory.Region
	uart   qdev.Device // of a serial port: the device inside
}

// portModel is what the two differ in.
type portModel struct {
	region   string
	places   []uint64 // where ports are, by index
	irqs     []uint64 // nil: the property's default
	tooMany  string
	required string // error for a port that leads nowhere, empty: it may
	inner    string // type of the device inside, which has the settings, empty: none
	settings []string
}

var (
	serialModel = portModel{
		region: "serial", places: []uint64{0x3f8, 0x2f8, 0x3e8, 0x2e8}, irqs: []uint64{4, 3, 4, 3},
		tooMany: "Max. supported number of ISA serial ports is 4.",
		inner:   "serial", settings: []string{"baudbase", "chardev", "wakeup"},
	}
	parallelModel = portModel{
		region: "parallel", places: []uint64{0x378, 0x278, 0x3bc},
		tooMany:  "Max. supported number of parallel ports is 3.",
		required: "Can't create parallel device, empty char device",
	}
)

const (
	portSize = 8
	unset    = 0xffffffff // of index, iobase and irq
)

// Realize implements [qdev.Realizer].
func (p *isaPort) Realize() error {
	m := p.model
	if m.required != "" && qdev.BackendOf(&p.Object, "chardev") == nil {
		return errors.New(m.required)
	}
	index := p.StoredUint("index")
	if index == unset {
		index = p.nextIndex()
	}
	if index >= uint64(len(m.places)) {
		return errors.New(m.tooMany)
	}
	p.Store("index", index)
	if p.StoredUint("iobase") == unset {
		p.Store("iobase", m.places[index])
	}
	if p.StoredUint("irq") == unset {
		p.Store("irq", m.irqs[index])
	}
	if m.inner != "" {
		if err := p.uart.Realize(nil); err != nil {
			return err
		}
	}
	p.region.InitIO(p.Env().Memory, &p.Object, memory.Funcs{}, m.region, portSize)
	if m.region == "parallel" {
		p.region.InPortList()
	}
	p.Env().SystemIO.AddSubregion(p.StoredUint("iobase"), &p.region)
	return nil
}

// nextIndex counts the ports of the kind that are there.
func (p *isaPort) nextIndex() (n uint64) {
	for _, d := range p.Bus().Devices() {
		if o, ok := d.Self().(*isaPort); ok && o.model == p.model && d.Realized() {
			n++
		}
	}
	return n
}

// Unrealize implements [qdev.Unrealizer].
func (p *isaPort) Unrealize() {
	if c := p.region.Container(); c != nil {
		c.DelSubregion(&p.region)
	}
	p.uart.Unrealize()
}

func registerPorts(t *qom.Types) {
	for typ, m := range map[string]*portModel{"isa-serial": &serialModel, "isa-parallel": &parallelModel} {
		t.Add(qom.TypeInfo{
			Name: typ, Parent: "isa-device",
			New: func() qom.Instance { return &isaPort{model: m} },
			Init: func(o *qom.Object) {
				if m.inner == "" {
					return
				}
				p := o.Self().(*isaPort)
				if _, err := o.Tree().EmbedChild(o, o, m.inner, &p.uart, m.inner); err != nil {
					panic(err) // the first child of a new object
				}
				for _, name := range m.settings {
					if err := o.AddAlias(name, &p.uart.Object, name); err != nil {
						panic(err) // such a property has facts only, which code replaces
					}
				}
			},
		})
	}
}
