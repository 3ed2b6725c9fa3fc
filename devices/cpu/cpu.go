package cpu

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// TypeName is the ancestor of all x86 processors.
const TypeName = "x86_64-cpu"

// unassigned is an APIC id that was not set.
const unassigned = ^uint32(0)

// CPU is a processor.
type CPU struct {
	qdev.Device
	written map[string][]byte // registers that a debugger wrote, by name; nil: none
	checks  uint64            // global status of machine checks
}

// From returns the processor that d is, nil when it is none.
func From(d *qdev.Device) *CPU {
	c, _ := d.Self().(*CPU)
	return c
}

// Register adds the types of the processors of a catalog to t.
func Register(t *qom.Types, cat *catalog.Catalog) {
	f := newFacts(cat)
	t.Add(qom.TypeInfo{
		Name: TypeName, Parent: "cpu", Abstract: true,
		New:       func() qom.Instance { return new(CPU) },
		ClassInit: f.replaceCommon,
	})
	for name := range cat.Types() {
		if strings.HasSuffix(name, typeSuffix) && name != TypeName {
			t.Add(qom.TypeInfo{Name: name, Parent: TypeName, ClassInit: func(c *qom.Class) { f.replaceModel(c, name) }})
		}
	}
}

// Place returns what was said of where the processor sits.
func (c *CPU) Place() Place {
	return Place{
		Socket: c.number("socket-id"), Die: c.number("die-id"), Module: c.number("module-id"),
		Core: c.number("core-id"), Thread: c.number("thread-id"),
	}
}

// APICID returns the APIC id; false when it was not set.
func (c *CPU) APICID() (uint32, bool) {
	id := uint32(c.number("apic-id"))
	return id, id != unassigned
}

// Node returns the NUMA node, -1 when it was not set.
func (c *CPU) Node() int64 { return c.number("node-id") }

// Settle gives the processor its final place and id.
func (c *CPU) Settle(p Place, id uint32) {
	for name, v := range map[string]int64{
		"socket-id": p.Socket, "die-id": p.Die, "module-id": p.Module, "core-id": p.Core, "thread-id": p.Thread,
	} {
		if c.Property(name) != nil { // QEMU grew levels over time
			c.Store(name, v)
		}
	}
	c.Store("apic-id", uint64(id))
}

// SetSiblings says how many threads a socket has room for; more than one shows
// in the features.
func (c *CPU) SetSiblings(n int64) {
	if n < 2 {
		return
	}
	c.set("ht", true)
	if vendor, _ := c.Get("vendor"); vendor == "AuthenticAMD" {
		c.set("cmp-legacy", true)
	}
}

// SetNode gives the processor its NUMA node.
func (c *CPU) SetNode(n int64) { c.Store("node-id", n) }

// number reads an integer property, -1 when there is no such.
func (c *CPU) number(name string) int64 {
	v, err := c.Get(name)
	if err != nil {
		return -1
	}
	switch n := v.(type) {
	case int64:
		return n
	case uint64:
		return int64(n)
	}
	return -1
}

// ShowMemory makes the property memory lead to what the processor sees.
func (c *CPU) ShowMemory(system *memory.Region) error {
	return c.AddProperty(qdev.FixedLink(qom.WeakLink("memory", memory.TypeName, func() *qom.Object { return &system.Object })))
}

// Realize implements [qdev.Realizer]: what the model leaves open is decided
// now, as QEMU's emulated processors do.
func (c *CPU) Realize() error {
	id := c.number("apic-id")
	if id == int64(unassigned) {
		return errors.New("apic-id property was not initialized properly")
	}
	if bits := c.number("phys-bits"); bits == 0 {
		c.set("phys-bits", uint64(40))
	} else if bits < 32 || bits > 52 {
		return fmt.Errorf("phys-bits should be between 32 and 52  (but is %d)", bits)
	}
	if c.number("guest-phys-bits") == int64(unassigned) {
		c.set("guest-phys-bits", uint64(0))
	}
	if v, _ := c.Get("hv-vendor-id"); v == "" {
		c.set("hv-vendor-id", "Microsoft Hv")
	}
	if id > lastXAPIC {
		if x2apic, _ := c.Get("x2apic"); x2apic != true {
			return wideIDError(id)
		}
	}
	if c.number("ucode-rev") == 0 {
		rev := uint64(1) << 32
		if vendor, _ := c.Get("vendor"); vendor == "AuthenticAMD" {
			rev = 0x01000065
		}
		c.set("ucode-rev", rev)
	}
	return nil
}

// lastXAPIC is the highest number of a local APIC without x2APIC: 255 is all of
// them.
const lastXAPIC = 254

// wideIDError refuses a processor whose local APIC cannot have its number. On a
// terminal QEMU tells what to do.
type wideIDError int64

func (e wideIDError) Error() string {
	return fmt.Sprintf("APIC ID %d requires x2APIC feature in CPU", int64(e))
}

// Hint is the second line of the message, which QMP does not carry.
func (wideIDError) Hint() string { return "Try x2apic=on in -cpu." }

func (c *CPU) set(name string, v any) {
	if c.Property(name) != nil {
		c.Store(name, v)
	}
}

// Unrealize implements [qdev.Unrealizer]: the local APIC goes with its
// processor, and before it.
func (c *CPU) Unrealize() {
	if apic := c.Child("lapic"); apic != nil {
		apic.Unparent()
	}
}
