package qdev

import "fmt"

// Own lists the devices that buses made by themselves while the machine ran, as
// USB does with a hub when its ports run out.
func (env *Env) Own() []*Device {
	var list []*Device
	for _, o := range env.Unattached.Children() {
		if d := From(o); d != nil && d.hotplugged && d.Place() != "" {
			list = append(list, d)
		}
	}
	return list
}

// OwnAgain makes such a device as it was made elsewhere: at that path, on that
// bus, in that place.
func (env *Env) OwnAgain(driver, path, bus, place string) error {
	on, _ := env.Tree.Resolve(bus, "bus")
	n, ok := numberOf(path)
	if on == nil || !ok || place == "" {
		return fmt.Errorf("no bus '%s' with a place '%s'", bus, place)
	}
	class, err := env.driverClass(driver)
	if err != nil {
		return err
	}
	b := BusFrom(on)
	if typ := ClassOf(class).BusType; typ == "" || !b.Is(typ) {
		return fmt.Errorf("Device '%s' can't go on %s bus", driver, b.TypeName())
	}
	o := env.Tree.NewClass(class)
	defer o.Unref()
	d := From(o)
	if err := d.placeAt(place); err != nil {
		return err
	}
	env.unattached.n = n
	return d.Realize(b)
}
