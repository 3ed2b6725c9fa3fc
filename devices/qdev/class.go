package qdev

import "github.com/qomd/qomd/qom"

// Class is what qdev wants to know of a device type; it corresponds to
// DeviceClass in QEMU.
type Class struct {
	BusType       string   // QOM type of the buses it can sit on; empty: none
	UserCreatable bool     // device_add may make one
	Hotpluggable  bool     // may come and go while the machine runs
	Demands       []Demand // see [Device.CheckDemand]
	Check         Check
}

type classKey struct{}

// SetClass records the facts of a device type; for ClassInit.
func SetClass(c *qom.Class, info Class) { c.SetValue(classKey{}, info) }

// UpdateClass changes some facts of a device type and keeps the others as they
// are for its ancestors; for ClassInit.
func UpdateClass(c *qom.Class, change func(*Class)) {
	info := ClassOf(c)
	change(&info)
	SetClass(c, info)
}

// ClassOf returns the facts of a device type, those of its nearest ancestor
// where it has none.
func ClassOf(c *qom.Class) Class {
	info, _ := c.Value(classKey{}).(Class)
	return info
}

// A Realizer starts the device. An error leaves it as if never started.
type Realizer interface{ Realize() error }

// An Unrealizer undoes Realize.
type Unrealizer interface{ Unrealize() }

// A Resetter returns the device to its power-on state.
type Resetter interface{ Reset() }
