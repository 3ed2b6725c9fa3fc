package qdev

import "fmt"

// A Placer is a device that chooses its place on the bus when it is realized and
// has no property that tells which, as USB devices do with their port.
type Placer interface {
	// Place names the place the device has, empty for none.
	Place() string
	// PlaceAt fixes the place that the device will take when it is realized next,
	// unless a property does.
	PlaceAt(place string)
}

// Place returns the place that a [Placer] chose, empty for other devices.
func (d *Device) Place() string {
	if p, ok := d.Self().(Placer); ok {
		return p.Place()
	}
	return ""
}

func (d *Device) placeAt(place string) error {
	if place == "" {
		return nil
	}
	p, ok := d.Self().(Placer)
	if !ok {
		return fmt.Errorf("a device of type '%s' has no place '%s'", d.TypeName(), place)
	}
	p.PlaceAt(place)
	return nil
}
