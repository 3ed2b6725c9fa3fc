package machine

import (
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/display"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// BoardDevice is a device that QEMU adds to a board unless told not to, or that
// an option other than -device asks for.
type BoardDevice struct {
	Slot   chipset.Slot
	Driver string
	Bus    string        // name of the bus it sits on
	Props  *qjson.Object // text values, in order; may be nil
}

// fill makes the devices of a slot, under the lock; with a name, as that child of
// parent.
func (m *Machine) fill(slot chipset.Slot, parent *qom.Object, name string) error {
	for _, d := range m.extra {
		if d.Slot != slot {
			continue
		}
		if err := m.addToBoard(d, parent, name); err != nil {
			return err
		}
	}
	return nil
}

// makeConsoles makes the consoles of a complete machine. QEMU numbers those of
// adapters before those of character devices, whatever was made first.
func (m *Machine) makeConsoles() error {
	texts := 0
	for _, c := range m.Chardevs().Children() {
		if c.TypeName() == "chardev-vc" {
			texts++
		}
	}
	return display.MakeConsoles(m.env.SystemBus, texts)
}

func (m *Machine) addToBoard(b BoardDevice, parent *qom.Object, name string) error {
	bus, err := qdev.FindBus(m.env, b.Bus)
	if err != nil {
		return err
	}
	o, err := m.env.Tree.New(b.Driver)
	if err != nil {
		return err
	}
	defer o.Unref()
	if name != "" {
		if err := parent.AddChild(name, o); err != nil {
			return err
		}
	}
	if b.Props != nil {
		for name, v := range b.Props.All() {
			in := qom.Value(v)
			if text, ok := v.(string); ok {
				in = qom.Text(text)
			}
			if err := o.Set(name, in); err != nil {
				return err
			}
		}
	}
	return qdev.From(o).Realize(bus)
}
