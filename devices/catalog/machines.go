package catalog

import (
	"slices"
	"sort"

	"github.com/qomd/qomd/devices/catalog/format"
)

// Machine is one machine type as query-machines reports it.
type Machine struct {
	Name  string
	Alias string // "pc" for the newest pc-i440fx machine; "" when there is none

	IsDefault        bool
	HotpluggableCPUs bool
	NUMAMemSupported bool
	Deprecated       bool

	// ACPI tells whether the machine has ACPI. QEMU 7.2 does not report it:
	// ACPITold is false there.
	ACPI, ACPITold bool

	CPUMax         int64
	DefaultCPUType string // "" when the machine has none
	DefaultRAMID   string // "" when the machine has none
}

// CompatProp is one compatibility property of a machine: the value a property
// of a type gets in place of its default when the machine is an old one.
type CompatProp struct {
	Type, Property, Value string
}

// Machines lists the machine types in the catalog's order (by name).
func (c *Catalog) Machines() []Machine {
	c.machinesOnce.Do(func() {
		out := make([]Machine, c.machines.Len())
		for i := range out {
			out[i] = c.machineAt(i)
		}
		c.machineList = out
	})
	return c.machineList
}

func (c *Catalog) machineAt(i int) Machine {
	cur := c.machines.At(i)
	m := Machine{Name: c.str(&cur)}
	m.Alias = c.str(&cur)
	m.DefaultCPUType = c.str(&cur)
	m.DefaultRAMID = c.str(&cur)
	m.CPUMax = cur.Int()
	flags := cur.Uint()
	m.IsDefault = flags&format.MachineDefault != 0
	m.HotpluggableCPUs = flags&format.MachineHotpluggableCPUs != 0
	m.NUMAMemSupported = flags&format.MachineNUMA != 0
	m.ACPI = flags&format.MachineACPI != 0
	m.ACPITold = flags&format.MachineACPITold != 0
	m.Deprecated = flags&format.MachineDeprecated != 0
	return m
}

// Machine finds a machine type by name or alias.
func (c *Catalog) Machine(name string) (Machine, bool) {
	if i := c.findMachine(name); i >= 0 {
		return c.Machines()[i], true
	}
	return Machine{}, false
}

// findMachine returns the index of a machine, -1 when there is none.
func (c *Catalog) findMachine(name string) int {
	all := c.Machines()
	i := sort.Search(len(all), func(i int) bool { return all[i].Name >= name })
	if i < len(all) && all[i].Name == name {
		return i
	}
	return slices.IndexFunc(all, func(m Machine) bool { return name != "" && m.Alias == name })
}

// DefaultMachine is the machine QEMU takes when none is named.
func (c *Catalog) DefaultMachine() (Machine, bool) {
	for _, m := range c.Machines() {
		if m.IsDefault {
			return m, true
		}
	}
	return Machine{}, false
}

// CompatProps returns the compatibility properties of a machine in QEMU's
// order, in which later ones override earlier ones. It is false when there is
// no such machine, or when its QEMU does not report them (7.2 does not).
func (c *Catalog) CompatProps(machine string) ([]CompatProp, bool) {
	i := c.findMachine(machine)
	if i < 0 {
		return nil, false
	}
	cur := c.machines.At(i)
	for range 4 {
		c.str(&cur)
	}
	cur.Int()
	if cur.Uint()&format.MachineCompatTold == 0 {
		return nil, false
	}
	out := make([]CompatProp, cur.Count())
	for i := range out {
		out[i] = CompatProp{Type: c.str(&cur), Property: c.str(&cur), Value: c.str(&cur)}
	}
	return out, true
}
