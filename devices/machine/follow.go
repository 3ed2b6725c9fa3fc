package machine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// users lists the devices that users made, and those that buses made by
// themselves to have room for them, in the order they were realized.
func (m mover) users() []*qdev.Device {
	list := m.env.Own()
	for _, c := range []*qom.Object{m.env.Peripheral, m.env.PeripheralAnon} {
		for _, o := range c.Children() {
			if d := qdev.From(o); d != nil && d.Realized() && !d.Away() {
				list = append(list, d)
			}
		}
	}
	slices.SortFunc(list, func(a, b *qdev.Device) int { return cmp.Compare(a.Turn(), b.Turn()) })
	return list
}

// Plugs implements [migration.Host].
func (m mover) Plugs() []migration.Plug {
	list := []migration.Plug{}
	for _, d := range m.users() {
		p := m.seat(d)
		p.Path, p.Hotplugged, p.Own = d.Path(), d.Hotplugged(), d.Parent() == m.env.Unattached
		if r := m.env.Request(d); r != nil {
			p.Request = json.RawMessage(qjson.Append(nil, settled(d, r), false))
		}
		list = append(list, p)
	}
	return list
}

// spots are the properties that say where on its bus a device sits, of all buses.
// Where a request leaves one out the machine chooses, by what was there at the
// time.
var spots = []string{"addr", "nr", "channel", "scsi-id", "lun", "unit", "slot"}

// seat tells what a device is and where it sits.
func (m mover) seat(d *qdev.Device) migration.Plug {
	p := migration.Plug{Name: stateName(&d.Object), Driver: d.TypeName(), Place: d.Place()}
	if b := d.Bus(); b != nil {
		p.Bus = b.Path()
	}
	for _, name := range spots {
		if v, ok := valueOf(d, name); ok {
			p.Spot = append(p.Spot, fmt.Sprintf("%s=%v", name, v))
		}
	}
	return p
}

func valueOf(d *qdev.Device, property string) (any, bool) {
	if d.Property(property) == nil {
		return nil, false
	}
	v, err := d.Get(property)
	return v, err == nil && v != ""
}

// settled is a request with what was chosen for it.
func settled(d *qdev.Device, request *qjson.Object) *qjson.Object {
	all := qjson.NewObject()
	for name, v := range request.All() {
		all.Set(name, v)
	}
	for _, name := range append(spots, "mac") {
		if v, ok := valueOf(d, name); ok && !all.Has(name) {
			all.Set(name, v)
		}
	}
	return all
}

// Follow implements [migration.Host]. What was plugged at the source while it
// ran is plugged here, unless it is here already in the same place, and what it
// let go goes; what it was started with has to be here.
func (m mover) Follow(plan []migration.Plug) error {
	wanted := map[string]*migration.Plug{}
	for i := range plan {
		wanted[plan[i].Path] = &plan[i]
	}
	for _, d := range slices.Backward(m.users()) {
		if d.Parent() == nil { // it went with its bus
			continue
		}
		p, here := wanted[d.Path()], m.seat(d)
		switch {
		case p != nil && p.Same(&here):
			continue
		case p == nil || p.Hotplugged:
			if err := d.Withdraw(); err != nil {
				return fmt.Errorf("'%s' is here and not at the source: %w", d.Path(), err)
			}
		case p.Name == here.Name:
			return fmt.Errorf("'%s' is at %s %s, and here at %s %s", d.Path(), p.Bus, p.Spot, here.Bus, here.Spot)
		default:
			return fmt.Errorf(unknownSection, p.Name)
		}
	}
	m.env.Memory.Reclaimer.Run() // their names are free again
	here := map[string]*qdev.Device{}
	for _, d := range m.users() {
		here[d.Path()] = d
	}
	for i := range plan {
		if err := m.plug(&plan[i], here[plan[i].Path]); err != nil {
			return err
		}
	}
	return nil
}

// plug makes a device as it was made at the source, unless it is here.
func (m mover) plug(p *migration.Plug, here *qdev.Device) error {
	switch {
	case p.Own && here == nil:
		if err := m.env.OwnAgain(p.Driver, p.Path, p.Bus, p.Place); err != nil {
			return fmt.Errorf("device '%s' came by itself at the source and cannot be here: %w", p.Path, err)
		}
		return nil
	case here == nil && (!p.Hotplugged || len(p.Request) == 0):
		return fmt.Errorf(unknownSection, p.Name)
	case len(p.Request) == 0:
		return nil
	}
	v, err := qjson.Parse(p.Request)
	if err != nil {
		return fmt.Errorf("device '%s': %w", p.Path, err)
	}
	args, ok := v.(*qjson.Object)
	if !ok {
		return fmt.Errorf("device '%s': its request is no object", p.Path)
	}
	if here != nil {
		m.env.Adopt(here, args)
		return nil
	}
	if err := m.env.Again(args, p.Path, p.Bus, p.Place); err != nil {
		return fmt.Errorf("device '%s' was plugged at the source and cannot be here: %w", p.Path, err)
	}
	return nil
}
