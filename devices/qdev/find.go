package qdev

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// FindBus returns the bus that a path names, as "bus=" of device_add takes it:
// the name of a bus, then alternately devices (by id or type) and buses. A path
// that ends in a device means its only bus.
func FindBus(env *Env, path string) (*Bus, error) {
	name, rest := element(path)
	var bus *Bus
	if strings.HasPrefix(path, "/") {
		bus, rest = env.SystemBus, path[1:]
	} else {
		if name != "" { // which findByName takes for any
			bus, _ = findByName(env.SystemBus, name, "")
		}
		if bus == nil {
			return nil, fmt.Errorf("Bus '%s' not found", name)
		}
	}
	for {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			break
		}
		name, rest = element(rest)
		dev := bus.deviceNamed(name)
		if dev == nil {
			return nil, &qom.NotFoundError{Path: name}
		}
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			switch len(dev.buses) {
			case 0:
				return nil, fmt.Errorf("Device '%s' has no child bus", name)
			case 1:
				bus = dev.buses[0]
			default:
				return nil, fmt.Errorf("Device '%s' has multiple child buses", name)
			}
			break
		}
		name, rest = element(rest)
		if bus = dev.busNamed(name); bus == nil {
			return nil, fmt.Errorf("Bus '%s' not found", name)
		}
	}
	if bus.full() {
		return nil, fmt.Errorf("Bus '%s' is full", path)
	}
	return bus, nil
}

// maxElement is how many bytes of a name in a path count.
const maxElement = 127

// element cuts the first name off a path; what is too much of a long name is the
// next one.
func element(path string) (name, rest string) {
	name, rest, _ = strings.Cut(path, "/")
	if len(name) > maxElement {
		return path[:maxElement], path[maxElement:]
	}
	return name, rest
}

func (d *Device) busNamed(name string) *Bus {
	for _, b := range d.buses {
		if b.name == name {
			return b
		}
	}
	return nil
}

// deviceNamed finds a device on the bus: by id, or else by type.
func (b *Bus) deviceNamed(name string) *Device {
	for _, d := range b.children {
		if d.id != "" && d.id == name {
			return d
		}
	}
	for _, d := range b.children {
		if d.TypeName() == name {
			return d
		}
	}
	return nil
}

// busBelow finds a bus for a driver: one of the device's own, with room where
// there is one, or else of a part of it, as the SCSI bus of virtio-scsi-pci is
// that of the device on its virtio bus.
func (d *Device) busBelow(typ, driver string) (*Bus, error) {
	var full *Bus
	for level := []*Device{d}; len(level) > 0 && full == nil; {
		var next []*Device
		for _, d := range level {
			for _, b := range d.buses {
				switch next = append(next, b.children...); {
				case !b.Is(typ):
				case !b.full():
					return b, nil
				case full == nil:
					full = b
				}
			}
		}
		level = next
	}
	if full != nil {
		return nil, fmt.Errorf("Bus '%s' is full", full.name)
	}
	return nil, fmt.Errorf("No '%s' bus found for device '%s'", typ, driver)
}

// findByName searches bus and the buses below it, depth first, newest device
// and bus first, for one with the given name and type; empty means any. A full bus is
// taken only when no other fits.
func findByName(bus *Bus, name, typ string) (found *Bus, full bool) {
	var firstFull *Bus
	if (name == "" || bus.name == name) && (typ == "" || bus.Is(typ)) {
		if !bus.full() {
			return bus, false
		}
		firstFull = bus
	}
	for _, d := range bus.children {
		for i := len(d.buses) - 1; i >= 0; i-- {
			switch hit, isFull := findByName(d.buses[i], name, typ); {
			case hit == nil:
			case !isFull:
				return hit, false
			case firstFull == nil:
				firstFull = hit
			}
		}
	}
	return firstFull, firstFull != nil
}
