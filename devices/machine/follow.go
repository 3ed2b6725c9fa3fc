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
			if d := qdev.From(o); d != nil && d.Realized() {
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
		p := migration.Plug{
			Path: d.Path(), Name: stateName(&d.Object), Driver: d.TypeName(), Hotplugged: d.Hotplugged(), Place: d.Place(),
		}
		if d.Parent() == m.env.Unattached {
			p.Bus = d.Bus().Path()
		}
		if r := m.env.Request(d); r != nil {
			p.Request = json.RawMessage(qjson.Append(nil, settled(d, r), false))
		}
		list = append(list, p)
	}
	return list
}

// chosen are properties that the machine chooses where a request leaves them out:
// by what was there at the time.
var chosen = []string{"mac", "addr"}

// settled is a request with what was chosen for it.
func settled(d *qdev.Device, request *qjson.Object) *qjson.Object {
	all := qjson.NewObject()
	for name, v := range request.All() {
		all.Set(name, v)
	}
	for _, name := range chosen {
		if d.Property(name) == nil || all.Has(name) {
			continue
		}
		if text, err := d.Get(name); err == nil && text != "" {
			all.Set(name, text)
		}
	}
	return all
}

// Follow implements [migration.Host]. What was plugged at the source while it
// ran is plugged here, what it let go goes, as does what sits in another place;
// what it was started with has to be here.
func (m mover) Follow(plan []migration.Plug) error {
	wanted := map[string]*migration.Plug{}
	for i := range plan {
		wanted[plan[i].Path] = &plan[i]
	}
	for _, d := range slices.Backward(m.users()) {
		p := wanted[d.Path()]
		switch {
		case d.Parent() == nil: // it went with its bus
		case p == nil || p.Hotplugged && p.Place != d.Place():
			if err := d.Withdraw(); err != nil {
				return fmt.Errorf("'%s' is here and not at the source: %w", d.Path(), err)
			}
		case p.Driver != d.TypeName():
			return fmt.Errorf(unknownSection, p.Name)
		}
	}
	m.env.Memory.Reclaimer.Run() // their names are free again
	here := map[string]bool{}
	for _, d := range m.users() {
		here[d.Path()] = true
	}
	for i := range plan {
		if here[plan[i].Path] {
			continue
		}
		if err := m.plug(&plan[i]); err != nil {
			return err
		}
	}
	return nil
}

// plug makes a device as it was made at the source.
func (m mover) plug(p *migration.Plug) error {
	if p.Bus != "" {
		if err := m.env.OwnAgain(p.Driver, p.Path, p.Bus, p.Place); err != nil {
			return fmt.Errorf("device '%s' came by itself at the source and cannot be here: %w", p.Path, err)
		}
		return nil
	}
	if !p.Hotplugged || len(p.Request) == 0 {
		return fmt.Errorf(unknownSection, p.Name)
	}
	v, err := qjson.Parse(p.Request)
	if err != nil {
		return fmt.Errorf("device '%s': %w", p.Path, err)
	}
	args, ok := v.(*qjson.Object)
	if !ok {
		return fmt.Errorf("device '%s': its request is no object", p.Path)
	}
	if err := m.env.Again(args, p.Path, p.Place); err != nil {
		return fmt.Errorf("device '%s' was plugged at the source and cannot be here: %w", p.Path, err)
	}
	return nil
}
